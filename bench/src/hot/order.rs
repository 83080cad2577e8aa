//! Which functions of the program run at its start and on its hot paths, for the linker to set side by side: valgrind
//! counts what the real server calls, and the list goes where `bizauth`'s build finds it.
//!
//! The list is a linker script that names sections by patterns. What a compiler or a new version of a crate changes of a
//! name (hashes, mostly) is left open in them; then functions that share the rest of their name come along.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;

use super::callgrind::{self, Function};
use super::child::{self, Running};
use super::load::{self, Drive, Script};
use super::place::{self, Amount};
use super::script::{self, Redeem, Revoke, Same, Tokeninfo};
use crate::Engine;

/// What a start does in the background is done by then, slowed down as it is.
const SETTLED: Duration = Duration::from_secs(5);

/// What `bench order` is told.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the list goes
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/bizauth/link-order.ld"))]
    to: PathBuf,
    /// Keep what the list has: another way to build inlines other functions, and one list is for all
    #[arg(long)]
    add: bool,
}

/// Starts the server under valgrind, asks for each hot path, and writes the list.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(!cfg!(debug_assertions), "the program that counts is the released one: cargo run --release");
    // A start that makes its database, and one that finds it.
    let fresh = tempfile::tempdir()?;
    let file = fresh.path().join("calls");
    let first = child::counted(fresh.path(), &file)?;
    std::thread::sleep(SETTLED);
    let mut at_start = called(&first, &file, 1)?;
    drop(first);
    let amount = Amount { tokens: 5000, codes: 5000 };
    let place = tokio::runtime::Runtime::new()?.block_on(place::filled(Engine::Sqlite, amount))?;
    let file = place.folder().join("calls");
    let server = child::counted(place.folder(), &file)?;
    std::thread::sleep(SETTLED);
    at_start.append(&mut called(&server, &file, 1)?);
    each_path(server.address, amount)?;
    let on_hot_paths = called(&server, &file, 2)?;
    drop(server);
    println!("{} functions on the hot paths, {} at the start", on_hot_paths.len(), at_start.len());
    let known = if options.add { std::fs::read_to_string(&options.to)? } else { String::new() };
    let mut patterns = listed(&known);
    patterns.hot.extend(on_hot_paths.iter().map(|name| pattern(name)));
    patterns.start.extend(at_start.iter().map(|name| pattern(name)));
    Ok(std::fs::write(&options.to, linker_script(&patterns))?)
}

const ON_HOT_PATHS: &str = "    /* On the hot paths */\n";
const ON_BOTH: &str = "    /* There and at the start */\n";
const AT_START: &str = "    /* Only at the start */\n";

/// What is set side by side.
#[derive(Debug, Default, PartialEq, Eq)]
struct Patterns {
    hot: BTreeSet<String>,
    start: BTreeSet<String>,
}

/// The patterns of [`linker_script`].
fn listed(script: &str) -> Patterns {
    let patterns = |part: &str| -> BTreeSet<String> {
        let pattern = |line: &str| Some(line.strip_prefix("    *(.text.")?.strip_suffix(')')?.to_owned());
        part.lines().map_while(pattern).collect()
    };
    let after = |heading| script.split_once(heading).map_or_else(BTreeSet::new, |(_, part)| patterns(part));
    let both = after(ON_BOTH);
    let with_both = |heading| after(heading).union(&both).cloned().collect();
    Patterns { hot: with_both(ON_HOT_PATHS), start: with_both(AT_START) }
}

/// The linker script that sets these functions before all others. What both need stands between what only the hot paths
/// need and what only a start does: each has its own in one piece.
fn linker_script(Patterns { hot, start }: &Patterns) -> String {
    fn lines<'p>(patterns: impl Iterator<Item = &'p String>) -> String {
        patterns.map(|it| format!("    *(.text.{it})\n")).collect()
    }
    // The section stays the one that debuggers and profilers know.
    format!(
        "/* Made by `cargo run --release -p bench -- order`, read by build.rs. */\n\
         SECTIONS {{\n  .text : {{\n{ON_HOT_PATHS}{}{ON_BOTH}{}{AT_START}{}\
         \x20   /* What the compiler calls seldom used, of all functions: it is little. Then all others. */\n\
         \x20   *(.text.unlikely.*)\n    *(.text .text.*)\n  }}\n}}\nINSERT BEFORE .init;\n",
        lines(hot.difference(start)),
        lines(hot.intersection(start)),
        lines(start.difference(hot))
    )
}

/// A function's name with all left open that is no name: the hash at its end, the ids of crates, and what the optimiser
/// appends to what it moves.
fn pattern(name: &str) -> String {
    let name = name.split(".llvm.").next().unwrap_or(name);
    let hashed = name.len().checked_sub("17h0123456789abcdefE".len()).and_then(|at| name.split_at_checked(at));
    if let Some((plain, hash)) = hashed
        && name.starts_with("_ZN")
        && hash.starts_with("17h")
    {
        return format!("{plain}17h*");
    }
    if !name.starts_with("_R") {
        return format!("{name}*");
    }
    // Rust's newer names: `Cs`, an id in base 62, `_`, and the crate's name with its length before it.
    let mut open = String::new();
    for (at, part) in name.split("Cs").enumerate() {
        let id = part.find('_').filter(|id| part[..*id].bytes().all(|b| b.is_ascii_alphanumeric()));
        match id {
            Some(id) if at > 0 && part[id + 1..].starts_with(|c: char| c.is_ascii_digit()) => {
                open.push_str("Cs*");
                open.push_str(&part[id..]);
            }
            _ if at > 0 => {
                open.push_str("Cs");
                open.push_str(part);
            }
            _ => open.push_str(part),
        }
    }
    open + "*"
}

/// Asks for each hot path, as many at a time as the measurements do.
fn each_path(address: SocketAddr, amount: Amount) -> anyhow::Result<()> {
    let whole = load::ask(address, &script::ips(None))?;
    let tag = load::field(&whole, "etag").context("no tag")?.to_owned();
    drive(address, 200, &mut Same(script::ips(None)))?;
    drive(address, 304, &mut Same(script::ips(Some(&tag))))?;
    drive(address, 200, &mut Tokeninfo::new(amount.tokens))?;
    drive(address, 200, &mut Redeem { next: 0, count: amount.codes })?;
    drive(address, 200, &mut Revoke { next: 0, count: amount.tokens })
}

fn drive(address: SocketAddr, status: u16, script: &mut impl Script) -> anyhow::Result<()> {
    let drive = Drive { connections: 64, span: Duration::from_secs(4), status, pace: None, alone: false };
    let outcome = load::run(address, drive, script)?;
    ensure!(outcome.answers > 0 && outcome.refused == 0, "{} of {} were refused", outcome.refused, outcome.answers);
    Ok(())
}

/// The functions of the program that ran since the last time.
fn called(server: &Running, file: &Path, number: u32) -> anyhow::Result<BTreeSet<String>> {
    child::dump(server)?;
    let dump = file.with_extension(number.to_string());
    let counts = std::fs::read_to_string(&dump).with_context(|| dump.display().to_string())?;
    let called = functions(&counts, "bizauth");
    let program = called.first().map(|it| it.object).context("no function of the program ran")?;
    let symbols = Command::new("nm").args(["--defined-only", program]).output().context("nm, of binutils")?;
    ensure!(symbols.status.success(), "nm: {}", String::from_utf8_lossy(&symbols.stderr));
    let symbols = String::from_utf8(symbols.stdout)?;
    let aliases = Aliases::of(&symbols);
    Ok(called.iter().flat_map(|it| aliases.all(it.name)).filter(|name| is_name(name)).map(str::to_owned).collect())
}

/// The functions of `program` in what callgrind wrote.
fn functions<'t>(counts: &'t str, program: &str) -> Vec<Function<'t>> {
    let its = callgrind::own(counts).into_keys().filter(|it| it.object.rsplit('/').next() == Some(program));
    its.filter(|it| is_name(it.name)).collect()
}

fn is_name(name: &str) -> bool {
    // What has no name is called by its address, which is another one after each build.
    !name.starts_with("0x") && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.$".contains(&b))
}

/// The names of functions that are the same to the letter, of which the compiler keeps one, in a section that may be called
/// by any of them.
struct Aliases<'t> {
    places: HashMap<&'t str, Vec<&'t str>>,
    names: HashMap<&'t str, Vec<&'t str>>,
}

impl<'t> Aliases<'t> {
    /// From what `nm` writes: an address, a letter and a name in each line.
    fn of(symbols: &'t str) -> Self {
        let mut all = Aliases { places: HashMap::new(), names: HashMap::new() };
        for line in symbols.lines() {
            if let [place, "t" | "T" | "w" | "W", name] = line.split(' ').collect::<Vec<_>>()[..] {
                all.places.entry(name).or_default().push(place);
                all.names.entry(place).or_default().push(name);
            }
        }
        all
    }

    /// All names of what `name` names, and itself.
    fn all(&self, name: &'t str) -> impl Iterator<Item = &'t str> {
        let places = self.places.get(name).into_iter().flatten();
        places.filter_map(|place| self.names.get(place)).flatten().copied().chain([name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_its_number_after_it_was_named() {
        let counts = "ob=(1) /lib/libc.so.6\nfn=(1) memcpy\n0x10 1\ncob=(2) /usr/bin/bizauth\ncfn=(2) _ZN7bizauth4mainE\n\
                      calls=1 0x20\n0x11 5\n\nob=(2)\nfn=(2)\n0x20 1\nfn=(3) 0x000abc (below main)\n0x30 1\n\
                      fn=(4) sqlite3_step\n0x40 1\nfn=(5) 0x0000000000c70a00\n0x50 1\n";
        let found: BTreeSet<_> = functions(counts, "bizauth").into_iter().map(|it| it.name).collect();
        assert_eq!(found, BTreeSet::from(["_ZN7bizauth4mainE", "sqlite3_step"]));
    }

    #[test]
    fn one_function_has_all_its_names() {
        let symbols = "0010 t _RNvone\n0010 t _RNvtwo\n0020 T _RNvthree\n0030 r _RNvtwo\n     U free\n0040 t _RNvone\n\
                       0040 t _RNvfour\n";
        let aliases = Aliases::of(symbols);
        let all = |name| aliases.all(name).collect::<BTreeSet<_>>();
        assert_eq!(all("_RNvtwo"), BTreeSet::from(["_RNvone", "_RNvtwo"]));
        assert_eq!(all("_RNvone"), BTreeSet::from(["_RNvone", "_RNvtwo", "_RNvfour"]));
        assert_eq!(all("unheard_of"), BTreeSet::from(["unheard_of"]));
    }

    #[test]
    fn what_changes_with_the_compiler_is_left_open() {
        assert_eq!(pattern("_ZN7bizauth5serve5serve17h0123456789abcdefE.llvm.42"), "_ZN7bizauth5serve5serve17h*");
        assert_eq!(pattern("sqlite3_step"), "sqlite3_step*");
        let name = "_RNvMs5_NtNtCsjrHSEGnQ3l9_3std2io5errorNtB5_5Error4kind.llvm.14684069573829494242";
        assert_eq!(pattern(name), "_RNvMs5_NtNtCs*_3std2io5errorNtB5_5Error4kind*");
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let set = |names: &[&str]| names.iter().map(|name| pattern(name)).collect::<BTreeSet<_>>();
        let hot = set(&["sqlite3_step", "memchr"]);
        let start = set(&["main", "_ZN7bizauth5serve5serve17h0123456789abcdefE", "memchr"]);
        let patterns = Patterns { hot, start };
        let script = linker_script(&patterns);
        let at = |name| script.find(name).expect("it is there");
        assert!(at("sqlite3_step") < at("memchr") && at("memchr") < at("(.text.main"), "{script}");
        assert_eq!(listed(&script), patterns);
        assert_eq!(listed(""), Patterns::default());
    }
}
