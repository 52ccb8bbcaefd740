//! `include/zvonok.h` as data.

use std::fs;
use std::path::Path;

/// A function or the type of a callback; types and names of its parameters in order.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) returns: String,
    pub(crate) parameters: Vec<(String, String)>,
}

/// `ZVONOK_<prefix><name>`.
pub(crate) struct Constant {
    pub(crate) prefix: &'static str,
    pub(crate) name: String,
    pub(crate) value: i64,
}

/// All that the header declares.
pub(crate) struct Header {
    pub(crate) abi_version: i64,
    pub(crate) codes: Vec<Constant>,
    pub(crate) levels: Vec<Constant>,
    pub(crate) phases: Vec<Constant>,
    pub(crate) callbacks: Vec<Function>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) functions: Vec<Function>,
}

impl Header {
    pub(crate) fn read() -> Header {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/zvonok.h");
        let code = without_comments(&fs::read_to_string(path).expect("the header"));
        let mut all = constants(&code);
        let mut take = |prefix: &'static str| {
            let (taken, left) = all.drain(..).partition(|c: &Constant| c.name.starts_with(prefix));
            all = left;
            let strip = |c: Constant| Constant { prefix, name: c.name[prefix.len()..].into(), ..c };
            let taken: Vec<Constant> = taken;
            taken.into_iter().map(strip).collect::<Vec<Constant>>()
        };
        let (versions, levels, phases, codes) =
            (take("ABI_VERSION"), take("LOG_"), take("PHASE_"), take(""));
        let (callbacks, functions) = functions(&code);
        let header = Header {
            abi_version: versions[0].value,
            codes,
            levels,
            phases,
            callbacks,
            fields: fields(&code),
            functions,
        };
        let counts = [&header.codes, &header.levels, &header.phases].map(Vec::len);
        assert_eq!((counts, header.fields.len()), ([17, 4, 3], 5), "all of the header is read");
        assert_eq!((header.callbacks.len(), header.functions.len()), (2, 12));
        header
    }
}

/// A type and a name as C writes them: `const char *text`.
pub(crate) fn declared(kind: &str, name: &str) -> String {
    if kind.ends_with('*') { format!("{kind}{name}") } else { format!("{kind} {name}") }
}

fn without_comments(header: &str) -> String {
    let mut parts = header.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once("*/").map_or("", |part| part.1))
}

fn constants(code: &str) -> Vec<Constant> {
    let lines = code.lines().filter_map(|line| line.strip_prefix("#define ZVONOK_"));
    let constant = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        let value = value.trim_matches(['(', ')']).parse().ok()?;
        Some(Constant { prefix: "", name: name.to_owned(), value })
    };
    lines.filter_map(constant).collect()
}

fn fields(code: &str) -> Vec<(String, String)> {
    let inside = code.split_once("typedef struct zvonok_host {").expect("the struct").1;
    let inside = inside.split_once('}').expect("its end").0;
    let fields = inside.split(';').map(str::trim).filter(|field| !field.is_empty());
    fields.map(parameter).collect()
}

/// Callbacks, then functions.
fn functions(code: &str) -> (Vec<Function>, Vec<Function>) {
    let mut callbacks = Vec::new();
    let mut functions = Vec::new();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with('#'));
    for statement in lines.collect::<Vec<_>>().join(" ").split(';') {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((_, typedef)) = statement.rsplit_once("typedef ")
            && typedef.contains("(ZVONOK_CALL *")
        {
            let (returns, rest) = typedef.split_once(" (ZVONOK_CALL *").expect("a type");
            callbacks.push(function(returns, &rest.replacen(")(", "(", 1)));
        } else if let Some((_, declaration)) = statement.rsplit_once("ZVONOK_API ") {
            let Some((returns, rest)) = declaration.split_once("ZVONOK_CALL ") else { continue };
            functions.push(function(returns.trim(), rest));
        }
    }
    (callbacks, functions)
}

/// From what it returns and `name(type name, …)`.
fn function(returns: &str, text: &str) -> Function {
    let (name, rest) = text.split_once('(').expect("parameters");
    let inside = rest.strip_suffix(')').expect("their end");
    let all = inside.split(", ").filter(|one| *one != "void");
    Function {
        name: name.to_owned(),
        returns: returns.to_owned(),
        parameters: all.map(parameter).collect(),
    }
}

/// `const char *text` as `const char *` and `text`.
fn parameter(text: &str) -> (String, String) {
    let start = text.rfind([' ', '*']).expect("a type and a name") + 1;
    (text[..start].trim().to_owned(), text[start..].to_owned())
}
