//! Each binding declares what `include/zvonok.h` declares: functions with their arguments, codes,
//! the struct with its members in order. Every declaration is written here as its language writes it
//! and looked for in one piece, so that nothing is missing, nothing is left over, nothing differs.

#[path = "binding_headers/c.rs"]
mod c;

use std::fs;
use std::path::Path;

use c::{Constant, Function, Header};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// Words with one space between them, so that line ends do not matter.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Looks for pieces in a file of the bindings.
fn declares(file: &str, pieces: &[String]) {
    let text = squeezed(&read(&format!("bindings/{file}")));
    for piece in pieces {
        let piece = squeezed(piece);
        assert!(text.contains(&piece), "{file} does not declare as the header does:\n{piece}");
    }
}

/// One piece of many declarations.
fn joined<T>(all: &[T], one: impl FnMut(&T) -> String) -> String {
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// `name: type` or the like for every parameter.
fn parameters(function: &Function, mut one: impl FnMut(&str, &str) -> String) -> Vec<String> {
    function.parameters.iter().map(|(kind, name)| one(kind, name)).collect()
}

/// What a language calls a type of the header.
fn known(types: &[(&str, &'static str)], kind: &str) -> &'static str {
    let found = types.iter().find(|(c, _)| *c == kind);
    found.unwrap_or_else(|| panic!("no word for {kind}")).1
}

/// `BAD_HANDLE` as `BadHandle`.
fn camel(name: &str) -> String {
    let word = |word: &str| format!("{}{}", &word[..1], word[1..].to_lowercase());
    name.split('_').map(word).collect()
}

/// The codes, levels and phases, each as one piece.
fn constants(header: &Header, one: impl Fn(&Constant) -> String) -> Vec<String> {
    [&header.codes, &header.levels, &header.phases].map(|all| joined(all, &one)).to_vec()
}

#[test]
fn the_python_binding_declares_what_the_header_does() {
    const TYPES: &[(&str, &str)] = &[
        ("void", "None"),
        ("void *", "c_void_p"),
        ("int32_t", "c_int32"),
        ("uint32_t", "c_uint32"),
        ("size_t", "c_size_t"),
        ("size_t *", "size_p"),
        ("const char *", "c_char_p"),
        ("const struct zvonok_host *", "host_p"),
        ("struct zvonok_session *", "session_p"),
        ("struct zvonok_session **", "session_pp"),
        ("zvonok_log_fn", "log_fn"),
        ("zvonok_progress_fn", "progress_fn"),
    ];
    let header = Header::read();
    let word = |kind: &str| known(TYPES, kind);
    let types = |f: &Function| parameters(f, |kind, _| word(kind).to_owned()).join(", ");
    let functions = joined(&header.functions, |f| {
        format!("\"{}\": ({}, [{}]),", f.name, word(&f.returns), types(f))
    });
    let callbacks = joined(&header.callbacks, |f| {
        format!("{} = ctypes.CFUNCTYPE({}, {})", word(&f.name), word(&f.returns), types(f))
    });
    let fields = joined(&header.fields, |(kind, name)| format!("(\"{name}\", {}),", word(kind)));
    let generation = format!("ABI_VERSION = {}", header.abi_version);
    let struct_ = format!("_fields_ = [ {fields} ]");
    let functions = format!("FUNCTIONS = {{ {functions} }}");
    declares("python/zvonok/_c.py", &[generation, callbacks, struct_, functions]);
    let all = constants(&header, |c| format!("{} = {}", c.name, c.value));
    declares("python/zvonok/__init__.py", &all);
}

#[test]
fn the_java_binding_declares_what_the_header_does() {
    const TYPES: &[(&str, &str)] = &[
        ("void", "void"),
        ("void *", "Pointer"),
        ("int32_t", "int"),
        ("uint32_t", "int"),
        ("size_t", "Size"),
        ("size_t *", "SizeByReference"),
        ("const char *", "Pointer"),
        ("const struct zvonok_host *", "Host"),
        ("struct zvonok_session *", "Pointer"),
        ("struct zvonok_session **", "PointerByReference"),
        ("zvonok_log_fn", "LogFn"),
        ("zvonok_progress_fn", "ProgressFn"),
    ];
    let header = Header::read();
    let word = |kind: &str| known(TYPES, kind);
    // Texts go in as bytes.
    let taken = |kind: &str| if kind == "const char *" { "byte[]" } else { word(kind) };
    let functions = joined(&header.functions, |f| {
        let taken = parameters(f, |kind, name| format!("{} {name}", taken(kind)));
        format!("{} {}({});", word(&f.returns), f.name, taken.join(", "))
    });
    let callbacks = header.callbacks.iter().map(|f| {
        let told = parameters(f, |kind, name| format!("{} {name}", word(kind))).join(", ");
        let (name, returns) = (word(&f.name), word(&f.returns));
        format!("interface {name} extends Callback {{ {returns} invoke({told}); }}")
    });
    let names: Vec<String> = header.fields.iter().map(|(_, name)| format!("\"{name}\"")).collect();
    let fields = joined(&header.fields, |(kind, name)| format!("public {} {name};", word(kind)));
    let mut pieces: Vec<String> = callbacks.collect();
    pieces.push(format!(
        "@Structure.FieldOrder({{{}}}) class Host extends Structure {{ {fields} public Host()",
        names.join(", ")
    ));
    pieces.push(format!(
        "int ABI_VERSION = {}; {functions} /** zvonok_log_fn. */",
        header.abi_version
    ));
    declares("java/src/zvonok/C.java", &pieces);
    let all = constants(&header, |c| format!("public static final int {} = {};", c.name, c.value));
    for (class, all) in ["Code", "Level", "Phase"].iter().zip(all) {
        let whole = format!("public final class {class} {{ {all} private {class}() {{}} }}");
        declares(&format!("java/src/zvonok/{class}.java"), &[whole]);
    }
}

#[test]
fn the_csharp_binding_declares_what_the_header_does() {
    const TYPES: &[(&str, &str)] = &[
        ("void", "void"),
        ("void *", "IntPtr"),
        ("int32_t", "int"),
        ("uint32_t", "uint"),
        ("size_t", "UIntPtr"),
        ("size_t *", "out UIntPtr"),
        ("const char *", "IntPtr"),
        ("const struct zvonok_host *", "ref Host"),
        ("struct zvonok_session *", "SessionHandle"),
        ("struct zvonok_session **", "out SessionHandle"),
        ("zvonok_log_fn", "LogFn"),
        ("zvonok_progress_fn", "ProgressFn"),
    ];
    let header = Header::read();
    let word = |kind: &str| known(TYPES, kind);
    let taken = |f: &Function, kind: &str| match (kind, &*f.name) {
        ("const char *", _) => "byte[]",
        // The handle itself ends its session.
        ("struct zvonok_session *", "zvonok_close") => "IntPtr",
        _ => word(kind),
    };
    let functions = joined(&header.functions, |f| {
        let taken = parameters(f, |kind, name| {
            format!("{} {}", taken(f, kind), if name == "out" { "session" } else { name })
        });
        let (returns, name) = (word(&f.returns), &f.name);
        let attribute = "[DllImport(Dll, CallingConvention = Cdecl)] internal static extern";
        format!("{attribute} {returns} {name}({});", taken.join(", "))
    });
    let callbacks = joined(&header.callbacks, |f| {
        let told = parameters(f, |kind, name| format!("{} {name}", word(kind))).join(", ");
        let (name, returns) = (word(&f.name), word(&f.returns));
        let attribute = "[UnmanagedFunctionPointer(Cdecl)] internal delegate";
        format!("{attribute} {returns} {name}({told});")
    });
    let fields = joined(&header.fields, |(kind, name)| format!("internal {} {name};", word(kind)));
    let struct_ = format!("internal struct Host {{ {fields} }}");
    let generation = format!("AbiVersion = {};", header.abi_version);
    let functions = format!("{functions} }} /// <summary>");
    declares("csharp/Native.cs", &[generation, callbacks, struct_, functions]);
    let codes =
        joined(&header.codes, |c| format!("public const int {} = {};", camel(&c.name), c.value));
    let members = |all: &[Constant]| joined(all, |c| format!("{} = {},", camel(&c.name), c.value));
    let pieces = [
        format!("public static class Code {{ {codes} }}"),
        format!("public enum LogLevel {{ {} }}", members(&header.levels)),
        format!("public enum Phase {{ {} }}", members(&header.phases)),
    ];
    declares("csharp/Constants.cs", &pieces);
}

#[test]
fn the_pascal_binding_declares_what_the_header_does() {
    const TYPES: &[(&str, &str)] = &[
        ("void *", "Pointer"),
        ("int32_t", "LongInt"),
        ("uint32_t", "LongWord"),
        ("size_t", "TZvonokSize"),
        ("size_t *", "PZvonokSize"),
        ("const char *", "PAnsiChar"),
        ("const struct zvonok_host *", "PZvonokHost"),
        ("struct zvonok_session *", "PZvonokSession"),
        ("struct zvonok_session **", "PPZvonokSession"),
        ("zvonok_log_fn", "TZvonokLogFn"),
        ("zvonok_progress_fn", "TZvonokProgressFn"),
    ];
    let header = Header::read();
    let word = |kind: &str| known(TYPES, kind);
    // `out` is a word of the language.
    let name = |name: &str| if name == "out" { "session".to_owned() } else { name.to_owned() };
    let signature = |f: &Function| {
        let taken =
            parameters(f, |kind, called| format!("{}: {}", name(called), word(kind))).join("; ");
        let taken = if taken.is_empty() { taken } else { format!("({taken})") };
        match &*f.returns {
            "void" => format!("procedure{taken}; cdecl;"),
            returns => format!("function{taken}: {}; cdecl;", word(returns)),
        }
    };
    let functions = joined(&header.functions, |f| format!("{}: {}", f.name, signature(f)));
    let callbacks = joined(&header.callbacks, |f| format!("{} = {}", word(&f.name), signature(f)));
    let fields = joined(&header.fields, |(kind, name)| format!("{name}: {};", word(kind)));
    let mut pieces =
        constants(&header, |c| format!("ZVONOK_{}{} = {};", c.prefix, c.name, c.value));
    pieces.push(format!("ZVONOK_ABI_VERSION = {};", header.abi_version));
    pieces.push(callbacks);
    pieces.push(format!("TZvonokHost = record {fields} end;"));
    pieces.push(format!("TZvonokFunctions = record {functions} end;"));
    declares("pascal/Zvonok.pas", &pieces);
    let loaded =
        joined(&header.functions, |f| format!("@ZvonokC.{0} := Symbol(Handle, '{0}');", f.name));
    let generation = "if ZvonokC.zvonok_abi_version() <> ZVONOK_ABI_VERSION then raise \
        Exception.Create('the library speaks another generation of the interface'); ";
    let unit = squeezed(&read("bindings/pascal/Zvonok.pas")).replace(generation, "");
    assert!(unit.contains(&loaded), "not every function is looked up: {loaded}");
}

#[test]
fn the_php_binding_declares_what_the_header_does() {
    let header = Header::read();
    let taken = |f: &Function| match parameters(f, c::declared).join(", ") {
        none if none.is_empty() => "void".to_owned(),
        taken => taken,
    };
    let callbacks = joined(&header.callbacks, |f| {
        format!("typedef {};", c::declared(&f.returns, &format!("(*{})({})", f.name, taken(f))))
    });
    let functions = joined(&header.functions, |f| {
        format!("{};", c::declared(&f.returns, &format!("{}({})", f.name, taken(f))))
    });
    let fields = joined(&header.fields, |(kind, name)| format!("{};", c::declared(kind, name)));
    let whole = format!(
        "typedef struct zvonok_session zvonok_session; {callbacks} \
         typedef struct zvonok_host {{ {fields} }} zvonok_host; {functions}"
    );
    assert_eq!(squeezed(&read("bindings/php/src/zvonok.ffi.h")), squeezed(&whole));
    let all = constants(&header, |c| format!("public const {} = {};", c.name, c.value));
    for (class, all) in ["Code", "LogLevel", "Phase"].iter().zip(all) {
        let whole = format!("final class {class} {{ {all} }}");
        declares(&format!("php/src/{class}.php"), &[whole]);
    }
    let generation = format!("public const ABI_VERSION = {};", header.abi_version);
    declares("php/src/Library.php", &[generation]);
}

/// It includes the header; that leaves the names of codes, and whether it uses every function.
#[test]
fn the_cpp_binding_declares_what_the_header_does() {
    let header = Header::read();
    let all = constants(&header, |c| {
        format!("{} = ZVONOK_{}{},", c.name.to_lowercase(), c.prefix, c.name)
    });
    declares("cpp/zvonok/zvonok.hpp", &all);
    let text = read("bindings/cpp/zvonok/zvonok.hpp");
    for function in &header.functions {
        let used = [format!("{}(", function.name), format!("({}, ", function.name)];
        assert!(used.iter().any(|used| text.contains(used)), "{} is not used", function.name);
    }
}

#[test]
fn packages_have_the_version_of_the_library() {
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    declares("python/pyproject.toml", &[version]);
}
