//! Tells the library for which target it is built.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=ZVONOK_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
