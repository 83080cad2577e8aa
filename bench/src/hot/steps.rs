//! What each step of a signed-in person's way costs, in instructions, which are steady on noisy machines: valgrind counts
//! what the real server runs, and each function's own are put down to the room that it belongs to.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::callgrind;
use super::child;
use super::flow::{Flow, STEPS};
use super::load::{self, Drive, Script};
use super::place::{self, Amount};
use crate::Engine;

/// How many people take each step.
const PEOPLE: usize = 100;
/// Rooms by what the names of their functions have in them; the first that fits counts.
const ROOMS: [(&str, &[&str]); 6] = [
    ("SQLite", &["sqlite3", "rusqlite", "pcache1", "wal", "btree", "vdbe", "unixRead", "yy_reduce"]),
    ("hashes and seals", &["sha2", "hmac", "sha256", "chacha", "argon", "blake", "subtle"]),
    ("memory (libc)", &["mem", "malloc", "free", "realloc", "_int_", "calloc"]),
    ("HTTP and the runtime", &["hyper", "tokio", "axum", "tower", "http", "mio", "httparse", "matchit", "futures"]),
    ("pages", &["maud", "askama", "view", "minijinja"]),
    ("bizauth", &["bizauth"]),
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
    let counts: Vec<_> = dumped.iter().map(|text| by_name(text)).collect();
    let each = |sum: u64| sum / PEOPLE as u64 / 1000;
    println!("Thousands of instructions a request\n");
    println!("| step | all | {} |", names().collect::<Vec<_>>().join(" | "));
    println!("|---|---|{}", "---|".repeat(names().count()));
    for (step, count) in STEPS.iter().zip(&counts) {
        let of = |wanted: &str| each(count.iter().filter(|(name, _)| room(name) == wanted).map(|(_, own)| own).sum());
        let rooms: Vec<String> = names().map(|room| of(room).to_string()).collect();
        println!("| {step} | {} | {} |", each(count.values().sum()), rooms.join(" | "));
    }
    for (step, count) in STEPS.iter().zip(&counts) {
        let mut dearest: Vec<_> = count.iter().collect();
        dearest.sort_by_key(|(_, own)| std::cmp::Reverse(**own));
        println!("\n{step}, the dearest functions themselves");
        dearest.iter().take(12).for_each(|(name, own)| println!("  {:>4}  {name}", each(**own)));
    }
    Ok(())
}

fn names() -> impl Iterator<Item = &'static str> {
    ROOMS.iter().map(|(name, _)| *name).chain(["other"])
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

/// The instructions that the functions of each name ran themselves, whatever they belong to.
fn by_name(counts: &str) -> HashMap<&str, u64> {
    let mut sums = HashMap::new();
    for (function, own) in callgrind::own(counts) {
        *sums.entry(function.name).or_insert(0) += own;
    }
    sums
}

/// The room of a function.
fn room(name: &str) -> &'static str {
    let fits = |(_, signs): &&(&str, &[&str])| signs.iter().any(|sign| name.contains(sign));
    ROOMS.iter().find(fits).map_or("other", |(room, _)| room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_its_room() {
        let counts = "ob=(1) /usr/bin/bizauth\nfn=(1) _ZN7bizauth4mainE\n10 5\n+2 7\ncfn=(2) sqlite3_step\n\
                      calls=3 0\n* 100\n-1 1\n\nfn=(2)\n20 100\nob=(2) /lib/libc.so.6\nfn=(3) brk\n1 2\n";
        let sums = by_name(counts);
        assert_eq!((sums["_ZN7bizauth4mainE"], sums["sqlite3_step"], sums["brk"]), (13, 100, 2));
        assert_eq!(["_ZN7bizauth4mainE", "sqlite3_step", "brk"].map(room), ["bizauth", "SQLite", "other"]);
    }
}
