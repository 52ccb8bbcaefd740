//! `include/zvonok.h` is the documentation of `src/ffi/mod.rs` as C reads it. The header is
//! generated here and compared; `ZVONOK_BLESS=1 cargo test --test header` writes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(at(path)).expect(path)
}

#[test]
fn the_header_says_what_the_source_says() {
    let generated = generated();
    if std::env::var_os("ZVONOK_BLESS").is_some() {
        fs::write(at("include/zvonok.h"), &generated).expect("the header is written");
    }
    assert_eq!(read("include/zvonok.h"), generated, "run with ZVONOK_BLESS=1 to write the header");
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(at("cbindgen.toml")).expect("cbindgen.toml");
    let builder = cbindgen::Builder::new().with_config(config);
    let bindings = builder.with_src(at("src/ffi/mod.rs")).generate().expect("a header");
    let mut out = Vec::new();
    bindings.write(&mut out);
    let header = String::from_utf8(out).expect("UTF-8");
    let header = wrapped(&called(&commented(&numbers(&header))));
    format!("/*\n{} */\n\n{}", manual(), spaced(&header).replace('`', ""))
}

/// The conventions, from the head of the source file.
fn manual() -> String {
    let source = read("src/ffi/mod.rs");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| format!(" *{}\n", line.replace('`', ""))).collect()
}

/// Negative numbers in brackets, so that `1 -ZVONOK_X` means what it says.
fn numbers(header: &str) -> String {
    let line = |line: &str| match line.rsplit_once(' ') {
        Some((define, number)) if define.starts_with("#define") && number.starts_with('-') => {
            format!("{define} ({number})\n")
        }
        _ => format!("{line}\n"),
    };
    header.lines().map(line).collect()
}

/// The calling convention, which cbindgen has no place for.
fn called(header: &str) -> String {
    let mut header = header.replace("(*zvonok_", "(ZVONOK_CALL *zvonok_");
    for name in read("include/zvonok.exports").lines() {
        for before in [" ", " *"] {
            header = header.replace(
                &format!("{before}{name}("),
                &format!("{} ZVONOK_CALL {name}(", before.trim_end()),
            );
        }
    }
    header
}

/// Comments with a star before each line, on one line where there is but one; none of C++.
fn commented(header: &str) -> String {
    let mut out = String::new();
    let mut lines = header.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() != "/*" {
            let code = line.split_once("//").map_or(line, |parts| parts.0);
            out.push_str(&format!("{}\n", code.trim_end()));
            continue;
        }
        let text: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "*/").collect();
        let text: Vec<&str> = text.iter().map(|line| line.trim()).collect();
        let margin = " ".repeat(indent);
        match text.as_slice() {
            [only] => out.push_str(&format!("{margin}/* {only} */\n")),
            many => {
                let many: String = many.iter().map(|line| format!("{margin} * {line}\n")).collect();
                out.push_str(&format!("{margin}/*\n{many}{margin} */\n"));
            }
        }
    }
    out
}

/// Declarations on as few lines as they need.
fn wrapped(header: &str) -> String {
    let mut out = String::new();
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        let opens = line == "ZVONOK_API" || line.starts_with("ZVONOK_API ");
        if !opens && !line.contains("(ZVONOK_CALL *") {
            out.push_str(&format!("{line}\n"));
            continue;
        }
        let mut words: Vec<&str> = line.split_whitespace().collect();
        while !words.last().is_some_and(|word| word.ends_with(';')) {
            words.extend(lines.next().expect("a whole declaration").split_whitespace());
        }
        out.push_str(&wrap(&words));
    }
    out
}

fn wrap(words: &[&str]) -> String {
    let whole = words.join(" ").replace("* ZVONOK_CALL", "*ZVONOK_CALL");
    let mut line = String::new();
    let mut out = String::new();
    for part in whole.split_inclusive(", ") {
        if line.len() + part.trim_end().len() > 96 {
            out.push_str(&format!("{}\n", line.trim_end()));
            line = "    ".to_owned();
        }
        line.push_str(part);
    }
    out + &line + "\n"
}

/// One empty line at most, none at the ends of lines.
fn spaced(header: &str) -> String {
    let mut out = String::new();
    for line in header.lines() {
        if !(line.is_empty() && out.ends_with("\n\n")) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// Compiles a text that includes the header, in a language, with warnings as errors.
fn compiles(language: &[&str], name: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    fs::write(&file, text).expect("a source file");
    let mut compiler = Command::new("cc");
    compiler.args(language).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]);
    let done = compiler.arg("-I").arg(at("include")).arg(&file).output().expect("cc");
    let errors = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{language:?}: {errors}");
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_c() {
    let once = "#include \"zvonok.h\"\nint main(void) { return ZVONOK_OK; }\n";
    let twice = format!("#include \"zvonok.h\"\n{once}");
    for text in [once, &twice] {
        compiles(&["-std=c89"], "a.c", text);
        compiles(&["-std=c99"], "a.c", text);
        compiles(&["-std=c11"], "a.c", text);
        compiles(&["-x", "c++", "-std=c++98"], "a.cc", text);
        compiles(&["-x", "c++", "-std=c++17"], "a.cc", text);
    }
}

#[test]
fn the_struct_has_no_gaps_on_any_machine() {
    // Two words of 32 bits, then pointers: 4- and 8-byte pointers both leave no gap.
    let layout = "#include \"zvonok.h\"
        #define EVEN(name, at) typedef char name[offsetof(zvonok_host, name) == (at) ? 1 : -1]
        EVEN(struct_size, 0); EVEN(abi_version, 4); EVEN(user_data, 8);
        EVEN(log, 8 + sizeof(void *)); EVEN(progress, 8 + 2 * sizeof(void *));
        typedef char whole[sizeof(zvonok_host) == 8 + 3 * sizeof(void *) ? 1 : -1];
        int main(void) { return 0; }\n";
    compiles(&["-std=c99"], "a.c", layout);
}

#[test]
fn only_plain_types_cross_the_border() {
    let header = read("include/zvonok.h");
    let code: String = without_comments(&header);
    for word in ["bool", "enum", "int64_t", "double", "float", "long", "wchar_t", "..."] {
        assert!(!code.contains(word), "{word}");
    }
}

fn without_comments(header: &str) -> String {
    let mut parts = header.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once("*/").map_or("", |part| part.1))
}

#[test]
fn the_header_names_every_code_of_the_library() {
    let header = read("include/zvonok.h");
    for code in zvonok::error::Code::ALL {
        let number = code as i32;
        let number = if number < 0 { format!("({number})") } else { number.to_string() };
        let line = format!("#define ZVONOK_{} {number}\n", code.name());
        assert!(header.contains(&line), "{line}");
    }
}

#[test]
fn most_of_the_header_is_manual() {
    let header = read("include/zvonok.h");
    let all = header.lines().filter(|line| !line.is_empty()).count();
    let code = without_comments(&header).lines().filter(|line| !line.trim().is_empty()).count();
    assert!(code * 5 < all * 2, "{code} of {all} lines are code");
    assert!(header.is_ascii() && header.lines().all(|line| line.len() <= 100));
}

#[test]
fn every_export_is_declared_and_no_other() {
    let code = without_comments(&read("include/zvonok.h"));
    let mut declared: Vec<&str> = code
        .split("ZVONOK_CALL ")
        .filter_map(|part| part.split_once('('))
        .map(|part| part.0)
        .filter(|name| name.starts_with("zvonok_"))
        .collect();
    declared.sort_unstable();
    let exports = read("include/zvonok.exports");
    assert_eq!(declared, exports.lines().collect::<Vec<_>>());
}
