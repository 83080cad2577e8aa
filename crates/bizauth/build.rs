//! Tells the linker which functions of the program stand together: those that run at every start and on the hot paths,
//! as `bench order` found them (`link-order.ld`).
//!
//! Linux maps sixteen pages around each one that is touched. Scattered over the whole program, two and a half megabytes of
//! code that run at a start make twelve resident. Nothing else depends on it: a pattern that finds nothing is passed
//! over, and the list is left alone where another linker is at work, or where `BIZAUTH_LINK_ORDER=0` says so. The names are
//! those of `.cargo/config.toml`'s mangling; with the compiler's own only C's are found.

use std::path::{Path, PathBuf};
use std::process::Command;

const ORDER: &str = "link-order.ld";
const SWITCH: &str = "BIZAUTH_LINK_ORDER";

fn main() {
    println!("cargo::rerun-if-changed={ORDER}");
    println!("cargo::rerun-if-env-changed={SWITCH}");
    let order = Path::new(&var("CARGO_MANIFEST_DIR")).join(ORDER);
    let wanted = var("PROFILE") == "release" && var(SWITCH) != "0";
    if wanted && var("TARGET") == "x86_64-unknown-linux-gnu" && is_understood(&order) {
        println!("cargo::rustc-link-arg-bins=-T{}", order.display());
    }
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether the linker of this build, with its flags, takes the list and is the one that this was tried with: lld, which
/// comes with Rust and is what that target takes unless somebody says otherwise. A small program is linked to see.
fn is_understood(order: &Path) -> bool {
    let folder = PathBuf::from(var("OUT_DIR"));
    let (source, program) = (folder.join("tried.rs"), folder.join("tried"));
    if std::fs::write(&source, "fn main() {}").is_err() {
        return false;
    }
    let mut rustc = Command::new(var("RUSTC"));
    rustc.arg(&source).arg("-o").arg(&program).args(["--target", &var("TARGET")]);
    rustc.args(var("CARGO_ENCODED_RUSTFLAGS").split('\u{1f}').filter(|flag| !flag.is_empty()));
    let linker = var("RUSTC_LINKER");
    if !linker.is_empty() {
        rustc.arg(format!("-Clinker={linker}"));
    }
    rustc.arg(format!("-Clink-arg=-T{}", order.display()));
    let linked = rustc.output().is_ok_and(|output| output.status.success());
    linked && std::fs::read(&program).is_ok_and(|bytes| bytes.windows(11).any(|it| it == b"Linker: LLD"))
}
