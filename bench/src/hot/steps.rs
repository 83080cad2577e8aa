//! What each step of a signed-in person's way costs, in instructions, which are steady on noisy machines: valgrind counts
//! what the real server runs, and each function's own are put down to the room that it belongs to.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::callgrind::{self, Function};
use super::child;
use super::flow::{Flow, STEPS};
use super::load::{self, Drive, Script};
use super::place::{self, Amount};
use crate::Engine;

/// How many people take each step.
const PEOPLE: usize = 100;
/// The rooms of the table.
const ROOMS: [&str; 7] = ["SQLite", "hashes and seals", "memory", "HTTP and the runtime", "pages", "bizauth", "other"];
/// The crates of four of them; those that are called after bizauth are its own room, and C has rooms below.
const CRATES: [(&str, &[&str]); 4] = [
    ("SQLite", &["rusqlite"]),
    ("hashes and seals", &["argon2", "blake2", "chacha20", "cipher", "digest", "hmac", "poly1305", "sha2", "subtle"]),
    ("HTTP and the runtime", &["axum", "futures", "http", "hyper", "matchit", "mio", "tokio", "tower"]),
    ("pages", &["askama", "fluent"]),
];

/// Prints what each step costs.
pub(crate) fn run() -> anyhow::Result<()> {
    ensure!(!cfg!(debug_assertions), "the program that counts is the released one: cargo run --release");
    let runtime = tokio::runtime::Runtime::new()?;
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount::default()))?;
    let people = runtime.block_on(place::signed_in(&place, i64::try_from(PEOPLE)?))?;
    let file = place.folder().join("calls");
    let server = child::counted(place.folder(), &file)?;
    let flow = Flow::new(people);
    // Once before it counts: statements are prepared, and what is remembered is.
    let (mut dumps, mut dumped) = (0, Vec::new());
    for counted in [false, true] {
        let mut answers = vec![Vec::new(); PEOPLE];
        for step in 0..STEPS.len() {
            child::dump(&server)?;
            answers = taken(&server, &flow, step, answers)?;
            child::dump(&server)?;
            dumps += 2;
            if counted {
                let dump = file.with_extension(dumps.to_string());
                dumped.push(std::fs::read_to_string(&dump).with_context(|| dump.display().to_string())?);
            }
        }
    }
    let counts: Vec<_> = dumped.iter().map(|text| callgrind::own(text)).collect();
    let each = |sum: u64| sum / PEOPLE as u64 / 1000;
    println!("Thousands of instructions a request\n");
    println!("| step | all | {} |", ROOMS.join(" | "));
    println!("|---|---|{}", "---|".repeat(ROOMS.len()));
    for (step, count) in STEPS.iter().zip(&counts) {
        let of = |wanted: &str| each(count.iter().filter(|(of, _)| room(of) == wanted).map(|(_, own)| own).sum());
        let rooms: Vec<String> = ROOMS.iter().map(|room| of(room).to_string()).collect();
        println!("| {step} | {} | {} |", each(count.values().sum()), rooms.join(" | "));
    }
    for (step, count) in STEPS.iter().zip(&counts) {
        let mut dearest: Vec<_> = count.iter().collect();
        dearest.sort_by_key(|(_, own)| std::cmp::Reverse(**own));
        println!("\n{step}, the dearest functions themselves");
        for (function, own) in dearest.iter().take(12) {
            let name = rustc_demangle::demangle(function.name.split('\'').next().unwrap_or_default());
            println!("  {:>4}  {name:#}  ({})", each(**own), room(function));
        }
    }
    Ok(())
}

/// Everybody takes this step, one after another over one connection, with the answers of the step before.
fn taken(server: &child::Running, flow: &Flow, step: usize, before: Vec<Vec<u8>>) -> anyhow::Result<Vec<Vec<u8>>> {
    struct Step<'f>(&'f Flow, usize, Vec<Vec<u8>>, Vec<Vec<u8>>);
    impl Script for Step<'_> {
        fn next(&mut self, _: usize, last: &[u8], out: &mut Vec<u8>) -> bool {
            let Step(flow, step, before, answers) = self;
            if !last.is_empty() {
                answers.push(last.to_vec());
            }
            let person = answers.len();
            let request = before.get(person).and_then(|last| flow.request(person, *step, last));
            request.is_some_and(|request| {
                out.extend_from_slice(&request);
                true
            })
        }
    }
    let mut script = Step(flow, step, before, Vec::new());
    let drive = Drive { connections: 1, span: Duration::from_secs(600), status: 0, pace: None, alone: true };
    load::run(server.address, drive, &mut script)?;
    ensure!(script.3.len() == PEOPLE, "{}: {} of {PEOPLE}", STEPS[step], script.3.len());
    Ok(script.3)
}

/// The room of a function: that of the first crate in its name that is not of Rust itself, as what is generic there works
/// for it. What is written in C is libc's, or a library's that the program has in it.
fn room(function: &Function) -> &'static str {
    // What is called by itself comes with the depth behind its name.
    let name = function.name.split('\'').next().unwrap_or_default();
    let in_libc = function.object.rsplit('/').next().is_some_and(|object| object.starts_with("libc"));
    let Ok(path) = rustc_demangle::try_demangle(name) else {
        let starts = |starts: &[&str]| starts.iter().any(|it| name.trim_start_matches('_').starts_with(it));
        return match in_libc {
            true if starts(&["mem", "malloc", "calloc", "realloc", "free", "int_", "unlink_chunk"]) => "memory",
            false if starts(&["aws_lc"]) => "hashes and seals",
            false if function.object.ends_with("/bizauth") && !starts(&["0x", "start", "init", "fini"]) => "SQLite",
            _ => "other",
        };
    };
    let path = format!("{path:#}");
    let crates = path.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').filter_map(|path| {
        let (first, _) = path.split_once("::")?;
        first.starts_with(|c: char| c.is_ascii_lowercase()).then_some(first)
    });
    let mut ours = crates.filter(|name| !["__rustc", "alloc", "core", "std"].contains(name));
    let Some(name) = ours.next() else { return if allocates(&path) { "memory" } else { "other" } };
    if name.starts_with("bizauth") {
        return "bizauth";
    }
    CRATES.iter().find(|(_, crates)| crates.iter().any(|it| name.starts_with(it))).map_or("other", |(room, _)| room)
}

/// Whether a function of Rust itself is there to get memory or to give it back.
fn allocates(path: &str) -> bool {
    ["__rust_", "__rdl_", "alloc::alloc::", "alloc::raw_vec::"].iter().any(|it| path.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_its_room() {
        let of = |object, name| room(&Function { object, name });
        for (name, wanted) in [
            ("_RNvNtCs1234_13bizauth_store6memory6tokens", "bizauth"),
            ("_RNvCs1234_7bizauth4http", "bizauth"),
            ("_ZN13bizauth_store6memory6tokens17h0123456789abcdefE", "bizauth"),
            ("_ZN4core3ptr42drop_in_place$LT$hyper..body..Incoming$GT$17h0123456789abcdefE", "HTTP and the runtime"),
            ("_RNvCs1234_10hyper_util4http", "HTTP and the runtime"),
            ("_RNvCs1234_4sha28compress", "hashes and seals"),
            ("_RNvCs1234_8rusqlite3row", "SQLite"),
            ("_RNvNtCs1234_4core3fmt5write", "other"),
            ("_RNvCs1234_7bizauth4http'2", "bizauth"),
            ("_RNvNtCs1234_5alloc7raw_vec4grow", "memory"),
            ("_RNvCs1234_7___rustc12___rust_alloc", "memory"),
            ("_RNvNtCs1234_5alloc3fmt6format", "other"),
            ("balance_nonroot", "SQLite"),
            ("sqlite3VdbeExec", "SQLite"),
            ("0x0000000000c70a00", "other"),
        ] {
            assert_eq!(of("/usr/bin/bizauth", name), wanted, "{name}");
        }
        for (name, wanted) in [("__memcpy_avx_unaligned_erms", "memory"), ("_int_malloc", "memory"), ("brk", "other")] {
            assert_eq!(of("/lib/x86_64-linux-gnu/libc.so.6", name), wanted, "{name}");
        }
    }
}
