//! The JSON Schemas under `include/schemas`: written by the library itself, and true. What the
//! library takes they let pass, what it refuses for its shape they refuse, and what it hands out has
//! every field that they name and no other. `ZVONOK_BLESS=1 cargo test --test schemas` writes them.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use zvonok::schema::{Document, documents};

#[path = "schemas/inputs.rs"]
mod inputs;
#[path = "support/office.rs"]
mod office;
#[path = "schemas/outputs.rs"]
mod outputs;
#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The schema of a document as the library describes it.
fn schema(name: &str) -> Value {
    let mut all = documents().into_iter();
    all.find(|document| document.name == name).unwrap_or_else(|| panic!("no {name}")).schema
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(schema).unwrap_or_else(|error| panic!("{error}: {schema:#}"))
}

#[track_caller]
fn assert_valid(validator: &Validator, document: &Value, what: &str) {
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| format!("{}: {fault}", fault.instance_path))
        .collect();
    assert!(faults.is_empty(), "{what}:\n{}\n{document:#}", faults.join("\n"));
}

#[test]
fn the_committed_schemas_are_those_of_the_library() {
    let folder = at("include/schemas");
    let text = |document: &Document| format!("{:#}\n", document.schema);
    let made: BTreeMap<String, String> =
        documents().iter().map(|one| (one.file(), text(one))).collect();
    if std::env::var_os("ZVONOK_BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &made {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let entries = std::fs::read_dir(folder).expect("include/schemas").map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    });
    let committed: BTreeMap<String, String> = entries.collect();
    let names = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&committed));
    for (name, text) in made {
        assert!(
            text == committed[&name],
            "{name} is not what the library says: ZVONOK_BLESS=1 cargo test --test schemas"
        );
    }
}

#[test]
fn every_schema_is_a_schema_of_the_draft_that_it_names() {
    for document in documents() {
        let found = jsonschema::meta::validate(&document.schema);
        assert!(found.is_ok(), "{}: {:?}", document.name, found.err());
        assert_eq!(document.schema["$id"], document.file().as_str());
        validator(&document.schema);
    }
}

/// Whoever adds a key learns here what else to add.
#[test]
fn every_key_that_a_reader_knows_says_what_it_means_and_what_it_holds() {
    let mut lacking = Vec::new();
    for name in ["config", "options", "request"] {
        let schema = schema(name);
        look_at_keys(&schema, name, &mut lacking);
        for (method, params) in schema["$defs"].as_object().into_iter().flatten() {
            if params["description"].is_null() {
                lacking.push(format!("the method {method}: no line in src/schema/words.rs"));
            }
            look_at_keys(params, method, &mut lacking);
        }
    }
    assert!(lacking.is_empty(), "\n{}", lacking.join("\n"));
}

fn look_at_keys(schema: &Value, at: &str, lacking: &mut Vec<String>) {
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{at}.{key}");
        if value["description"].is_null() {
            lacking.push(format!(
                "{place}: no line in src/schema/words.rs (a parameter's is \"params.{key}\")"
            ));
        }
        if value["type"].is_null() && value["enum"].is_null() {
            lacking.push(format!(
                "{place}: its reader gives words alone; give it a Form of src/document/form.rs"
            ));
        }
        look_at_keys(value, &place, lacking);
    }
}

#[test]
fn the_command_line_prints_the_schemas() {
    let zvonok = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_zvonok"))
            .args(["--lang", "en", "schema"])
            .args(arguments)
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, printed) = zvonok(&["report"]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema("report"));
    let (code, list) = zvonok(&[]);
    assert_eq!(code, Some(0));
    for document in documents() {
        assert!(list.contains(&document.file()), "{list}");
    }
    assert_eq!(zvonok(&["raport"]).0, Some(64));
    let folder = tempfile::tempdir().unwrap();
    let (code, _) = zvonok(&["--all", folder.path().to_str().unwrap()]);
    assert_eq!(code, Some(0));
    for document in documents() {
        let written = std::fs::read_to_string(folder.path().join(document.file())).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), document.schema);
    }
}
