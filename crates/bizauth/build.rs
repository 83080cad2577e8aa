//! Tells the linker which functions of the program stand together: those that run at every start and on the hot paths,
//! as `bench order` found them (`link-order.ld`).
//!
//! Linux maps sixteen pages around each one that is touched. Scattered over the whole program, two and a half megabytes of
//! code that run at a start make twelve resident. Nothing else depends on it: a pattern that finds nothing is passed
//! over, and where another linker may be at work the list is left alone.

use std::path::Path;
use std::process::Command;

const ORDER: &str = "link-order.ld";

fn main() {
    println!("cargo::rerun-if-changed={ORDER}");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let target = var("TARGET");
    if var("PROFILE") == "release" && target == "x86_64-unknown-linux-gnu" && links_with_lld(&target, &var) {
        let order = Path::new(&var("CARGO_MANIFEST_DIR")).join(ORDER);
        println!("cargo::rustc-link-arg-bins=-T{}", order.display());
    }
}

/// Whether the linker is the one that comes with Rust itself: it is what that target takes unless somebody says
/// otherwise, and the only one that this was tried with.
fn links_with_lld(target: &str, var: &impl Fn(&str) -> String) -> bool {
    let chosen = var("CARGO_ENCODED_RUSTFLAGS").split('\u{1f}').any(|flag| flag.contains("link"));
    if chosen || !var("RUSTC_LINKER").is_empty() {
        return false;
    }
    let asked = Command::new(var("RUSTC")).args(["--print", "target-libdir", "--target", target]).output();
    let Ok(answer) = asked else { return false };
    let folder = String::from_utf8_lossy(&answer.stdout).into_owned();
    Path::new(folder.trim()).join("../bin/gcc-ld/ld.lld").is_file()
}
