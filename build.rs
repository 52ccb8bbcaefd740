//! What the linker is told about the library that hosts load.

#![allow(clippy::disallowed_methods, reason = "cargo speaks to a build script by its environment")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The generation of the C interface; `zvonok_abi_version` and the tests compare it.
const ABI: u32 = 1;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=ZVONOK_TARGET={}", env::var("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=ZVONOK_ABI={ABI}");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    match target("OS").as_str() {
        "linux" => {
            // A cdylib has no soname of its own, and a Rust library must stay where it was loaded:
            // destructors of thread-locals may still run after the last use.
            link(&format!("-Wl,-soname,libzvonok.so.{ABI}"));
            link("-Wl,-z,nodelete");
        }
        "macos" => link(&format!("-Wl,-install_name,@rpath/libzvonok.{ABI}.dylib")),
        _ => {}
    }
    if target("ENV") == "gnu" {
        prefer_static_cpp_runtime();
        if target("OS") == "windows" {
            describe_to_windows();
        }
    }
}

fn link(argument: &str) {
    println!("cargo:rustc-cdylib-link-arg={argument}");
}

/// Luau is C++. The linker looks through folders one by one, and in each for a shared library before
/// an archive; a folder in front that has the archive alone makes `-lstdc++` mean the archive. A
/// host's machine then needs no C++ runtime, and the host's own one does not matter.
fn prefer_static_cpp_runtime() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let copy = out.join("libstdc++.a");
    match archive() {
        Some(archive) if std::fs::copy(&archive, &copy).is_ok() => {
            println!("cargo:rustc-link-search=native={}", out.display());
        }
        // A compiler such as zig's has its runtime elsewhere and links it statically by itself.
        _ => println!("cargo:warning=no libstdc++.a found, the shared C++ runtime may be linked"),
    }
}

/// The archive as the C++ compiler of the target names it.
fn archive() -> Option<PathBuf> {
    let compiler = cc::Build::new().cpp(true).try_get_compiler().ok()?;
    let asked = compiler.to_command().arg("-print-file-name=libstdc++.a").output().ok()?;
    let path = String::from_utf8(asked.stdout).ok()?;
    // A compiler that has none answers with the bare name.
    Some(Path::new(path.trim()).to_owned()).filter(|path| path.is_absolute())
}

/// What «Properties» of the file show, and what installers compare before they replace it.
fn describe_to_windows() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let (script, object) = (out.join("version.rc"), out.join("version.o"));
    let made = std::fs::write(&script, version_resource())
        .and_then(|()| Command::new(windres()).arg(&script).arg(&object).status());
    match made {
        Ok(status) if status.success() => link(&object.display().to_string()),
        _ => println!("cargo:warning=no windres: the library will have no version resource"),
    }
}

/// The resource compiler beside the target's C compiler.
fn windres() -> String {
    let compiler = cc::Build::new().try_get_compiler().ok();
    let name = compiler.map(|tool| tool.path().display().to_string()).unwrap_or_default();
    let prefix = name.rfind("gcc").map_or("", |at| &name[..at]);
    format!("{prefix}windres")
}

fn version_resource() -> String {
    let of = |name: &str| env::var(format!("CARGO_PKG_{name}")).unwrap_or_default();
    let numbers = ["VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH"].map(of).join(",");
    let bits = env::var("CARGO_CFG_TARGET_POINTER_WIDTH").unwrap_or_default();
    let texts = [
        ("CompanyName", "The zvonok authors".to_owned()),
        ("FileDescription", format!("zvonok, {bits}-bit, C interface {ABI}")),
        ("FileVersion", of("VERSION")),
        ("InternalName", "zvonok".to_owned()),
        ("LegalCopyright", of("LICENSE")),
        ("OriginalFilename", "zvonok.dll".to_owned()),
        ("ProductName", "zvonok".to_owned()),
        ("ProductVersion", of("VERSION")),
    ];
    let texts = texts.map(|(name, text)| format!("VALUE \"{name}\", \"{text}\"\n")).concat();
    // 0x40004 is Windows NT, 2 a DLL, 0x409 and 1200 English in Unicode.
    format!(
        "1 VERSIONINFO\nFILEVERSION {numbers},0\nPRODUCTVERSION {numbers},0\n\
         FILEOS 0x40004\nFILETYPE 2\nBEGIN\nBLOCK \"StringFileInfo\"\nBEGIN\n\
         BLOCK \"040904B0\"\nBEGIN\n{texts}END\nEND\nBLOCK \"VarFileInfo\"\nBEGIN\n\
         VALUE \"Translation\", 0x409, 1200\nEND\nEND\n"
    )
}
