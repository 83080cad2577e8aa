//! The rules of the house, held against the files of the repository: length, first lines, direction, names, and that
//! what the documents say is true. A rule that is in the way is talked about; it is not worked around here.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use bizauth::dev::faults::{Endpoint, Row};
use bizauth_core::fault::{KapiFault, KauthFault};

use crate::world::sources::{File, code_below, files, root, rust, without_comments};

/// Fails with every place where one of `words` stands.
#[track_caller]
fn nowhere(files: &[File], words: &[&str], why: &str) {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(file.text.lines()) {
            found.extend(
                words.iter().filter(|word| line.contains(**word)).map(|word| format!("{}:{number}: {word}", file.path)),
            );
        }
    }
    assert!(found.is_empty(), "{why}\n{}", found.join("\n"));
}

/// The texts of the black-box tests, but for those that look at the catalogue or at files as a whole.
pub(crate) fn black_box() -> String {
    let of_tests = |file: &File| file.path.starts_with("crates/bizauth/tests/it/");
    let generic = ["crates/bizauth/tests/it/tidy.rs", "crates/bizauth/tests/it/openapi.rs"];
    let texts = rust().into_iter().filter(|file| of_tests(file) && !generic.contains(&file.path.as_str()));
    texts.map(|file| without_comments(&file.text)).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<_> =
        rust().iter().map(|file| (file.path.clone(), file.text.lines().count())).filter(|(_, n)| *n > 500).collect();
    assert!(long.is_empty(), "a file of more than 500 lines holds more than one thing: {long:?}");
}

#[test]
fn every_file_begins_by_saying_what_lives_in_it() {
    let silent: Vec<_> =
        rust().into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.path).collect();
    assert!(silent.is_empty(), "these do not open with //!: {silent:?}");
}

#[test]
fn core_touches_nothing_outside_itself() {
    let outside = [
        "tokio",
        "serde",
        "async ",
        ".await",
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::io",
        "std::env",
        "std::process",
        "std::thread",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "getrandom",
        "println!",
    ];
    nowhere(
        &code_below("crates/bizauth-core/src/"),
        &outside,
        "core is handed values: no IO, no clock, no chance, no wire",
    );
}

#[test]
fn the_store_reports_and_never_answers() {
    let store = code_below("crates/bizauth-store/src/");
    nowhere(
        &store,
        &["axum", "hyper", "http::", "StatusCode", "serde", "KapiFault"],
        "the store knows nothing of HTTP",
    );
    let others: Vec<File> = store.into_iter().filter(|file| !file.path.ends_with("/codes.rs")).collect();
    nowhere(&others, &["KauthFault"], "only the judge handed to `redeem_code` names a fault in the store");
    nowhere(&others, &["SystemTime", "getrandom"], "time and chance come from the doors");
}

#[test]
fn the_follower_knows_nothing_of_the_server() {
    let follower = code_below("crates/bizauth-ips/src/");
    nowhere(&follower, &["bizauth_store", "axum", "hyper", "use bizauth::"], "the follower runs where no server is");
    let below = ["bizauth-core", "bizauth-client", "bizauth-store"].map(|it| code_below(&format!("crates/{it}/src/")));
    nowhere(&below.into_iter().flatten().collect::<Vec<_>>(), &["bizauth_ips"], "nothing below the doors follows");
}

#[test]
fn only_the_seam_knows_the_engines() {
    let seam = "crates/bizauth-store/src/db/";
    let above: Vec<File> = code_below("crates/").into_iter().filter(|file| !file.path.starts_with(seam)).collect();
    let above: Vec<File> = above.into_iter().filter(|file| file.path.contains("/src/")).collect();
    nowhere(&above, &["rusqlite", "tokio_postgres", "deadpool_postgres"], "engines are named below db/ only");
}

#[test]
fn the_two_doors_do_not_know_each_other() {
    nowhere(&code_below("crates/bizauth/src/http/kauth/"), &["kapi", "Kapi"], "kauth uses nothing of kapi");
    nowhere(&code_below("crates/bizauth/src/http/kapi/"), &["kauth", "Kauth"], "kapi uses nothing of kauth");
}

#[test]
fn time_and_chance_have_one_source_each() {
    for (word, home) in
        [("SystemTime::now", "crates/bizauth/src/clock.rs"), ("getrandom::", "crates/bizauth/src/entropy.rs")]
    {
        let others: Vec<File> =
            code_below("crates/bizauth").into_iter().filter(|file| file.path.contains("/src/")).collect();
        assert!(others.iter().any(|file| file.path == home && file.text.contains(word)), "{home} has no {word}");
        let others: Vec<File> =
            others.into_iter().filter(|file| file.path != home && !file.path.contains("-client/")).collect();
        nowhere(&others, &[word], &format!("only {home} may do this"));
    }
}

/// Names that say nothing, as a word of a type's name or of a file's. `service` counts at the end of a longer name
/// only: alone it is the platform's word for an entry of the IP list.
const EMPTY_NAMES: [&str; 14] = [
    "manager", "helper", "helpers", "util", "utils", "impl", "info", "data", "base", "common", "misc", "types",
    "models", "service",
];

/// The words of a name in CamelCase, in lower case.
fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    words
}

fn says_nothing(words: &[String]) -> bool {
    let empty = |(at, word): (usize, &String)| match word.as_str() {
        "service" => at > 0 && at + 1 == words.len(),
        word => EMPTY_NAMES.contains(&word),
    };
    words.iter().enumerate().any(empty)
}

#[test]
fn every_name_says_something() {
    let mut empty = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with("crates/")) {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or_default();
            let words: Vec<String> = stem.split(['_', '-']).map(str::to_lowercase).collect();
            empty.extend(says_nothing(&words).then(|| file.path.clone()));
        }
    }
    for file in rust() {
        // An associated type, which stands indented, bears the name that its trait gave it.
        let text = without_comments(&file.text);
        for line in text.lines().filter(|line| !line.starts_with("    type ")) {
            let words: Vec<&str> =
                line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
            for pair in words.windows(2) {
                let declares = ["struct", "enum", "trait", "type", "union"].contains(&pair[0]);
                let is_type = pair[1].starts_with(char::is_uppercase);
                if declares && is_type && says_nothing(&camel_words(pair[1])) {
                    empty.push(format!("{}: {}", file.path, pair[1]));
                }
            }
        }
    }
    assert!(empty.is_empty(), "names that say nothing:\n{}", empty.join("\n"));
}

#[test]
fn nothing_is_left_half_done() {
    // Put together, so that this file does not find itself.
    let words = [
        concat!("todo", "!"),
        concat!("unimplemented", "!"),
        concat!("dbg", "!"),
        concat!("#[", "allow("),
        concat!("#![", "allow("),
        concat!("#[", "ignore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    nowhere(&rust(), &words, "finish it, or write it into an issue; exceptions are #[expect(…, reason = \"…\")]");
}

#[test]
fn no_file_names_a_package_registry() {
    let hosts = [concat!("crates", ".io"), concat!("npmjs", ".org"), concat!("npmjs", ".com"), concat!("pypi", ".org")];
    let locks = ["Cargo.lock", "package-lock.json"];
    let others: Vec<File> =
        files().into_iter().filter(|file| !locks.iter().any(|lock| file.path.ends_with(lock))).collect();
    nowhere(&others, &hosts, "where packages come from is the business of cargo and npm");
}

/// What names a place on somebody's own machine: there is no such place on the next one. Places of every system, such as
/// /var/lib, /etc and /tmp, are none of these.
const OWN_PLACES: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/var/", "tmp"),
];

/// Whether a line names such a place; the end of a longer path, or of a URL's, is none.
fn names_own_place(line: &str) -> bool {
    let begins = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~}>)*".contains(c));
    OWN_PLACES.iter().any(|place| line.match_indices(place).any(|(at, _)| begins(at)))
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let own = OWN_PLACES.map(|place| format!("cd {place}main"));
    assert!(own.iter().all(|line| names_own_place(line)) && names_own_place(concat!("=\"/ho", "me/kim\"")));
    for other in [concat!("https://a.example/wo", "rk/1"), concat!("src/ho", "me/mod.rs"), "/var/lib/bizauth", "/tmp/x"]
    {
        assert!(!names_own_place(other), "{other}");
    }
    let mut found = Vec::new();
    for file in files() {
        let lines = (1..).zip(file.text.lines()).filter(|(_, line)| names_own_place(line));
        found.extend(lines.map(|(number, _)| format!("{}:{number}", file.path)));
    }
    assert!(found.is_empty(), "these name a place that only one machine has:\n{}", found.join("\n"));
}

#[test]
fn the_map_leads_to_files_that_exist() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    assert!(map.lines().count() <= 200, "the map has {} lines; 200 are enough", map.lines().count());
    let (mut lost, mut named, mut fenced, mut base) = (Vec::new(), 0, false, PathBuf::new());
    for line in map.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        let names: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        // Below a heading that names a crate, names are those of its sources.
        if line.starts_with('#') {
            base = names
                .first()
                .filter(|name| name.starts_with("crates/"))
                .map_or_else(PathBuf::new, |name| root().join(name).join("src"));
        }
        for name in names.into_iter().filter(|name| !fenced && is_path(name)) {
            named += 1;
            let there = root().join(name).exists() || (base.is_absolute() && base.join(name).exists());
            if !there {
                lost.push(name.to_owned());
            }
        }
    }
    assert!(lost.is_empty(), "ARCHITECTURE.md names what is not there: {lost:?}");
    assert!(named > 50, "ARCHITECTURE.md names only {named} files");
}

/// Whether a piece of code in a document is a path of the repository: not a URL's, a command or an expression.
fn is_path(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    let endings = [".rs", ".md", ".toml", ".json", ".sql", ".ftl", ".html", ".css", ".js", ".mjs", ".yaml", ".service"];
    plain
        && !name.starts_with('/')
        && (endings.iter().any(|ending| name.ends_with(ending)) || name.ends_with('/') || name.starts_with("crates/"))
}

#[test]
fn the_page_of_errors_is_current() {
    is_current("docs/errors.md", &bizauth::errors_page::errors_page());
}

/// A page that is made from the sources is as they make it.
fn is_current(page: &str, wanted: &str) {
    let path = root().join(page);
    if std::env::var("BIZAUTH_BLESS").is_ok_and(|bless| bless == "1") {
        fs::create_dir_all(root().join("docs")).and_then(|()| fs::write(&path, wanted)).expect("docs/ can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    assert!(found == wanted, "{page} is out of date (line {differs:?}); run the tests with BIZAUTH_BLESS=1");
}

/// Naming a fault is not enough: an answer must have been held against its row.
#[test]
fn the_page_of_fidelity_is_current() {
    let tests = test_functions();
    let proof = |endpoint: Endpoint, row: Row| {
        let fault = match row {
            Row::Kauth(_) => format!("KauthFault::{}", row.name()),
            Row::Kapi(_) => format!("KapiFault::{}", row.name()),
        };
        let ends = |rest: &str| rest.starts_with([',', ')', ' ', '\n', ';']);
        let names = |body: &str| body.match_indices(&fault).any(|(at, _)| ends(&body[at + fault.len()..]));
        // Of several the endpoint's own, or else one that asks it.
        let own = |name: &str| name.split("::").next().is_some_and(|module| module.ends_with(endpoint.word()));
        let word = match endpoint {
            Endpoint::Token => "redeems",
            _ => endpoint.word(),
        };
        let of_kapi = [Endpoint::Tokeninfo, Endpoint::Userinfo, Endpoint::Revoke].contains(&endpoint);
        let calls = [format!("/{word}\""), format!("/{word}?"), format!(".{word}(")];
        let asks = |body: &str| calls.iter().any(|it| body.contains(it)) || of_kapi && body.contains("in BUSINESS");
        let all: Vec<_> = tests.iter().filter(|(_, body)| names(body)).collect();
        let best = all.iter().find(|(name, _)| own(name)).or_else(|| all.iter().find(|(_, body)| asks(body)));
        best.or(all.first()).map(|(name, _)| name.clone())
    };
    is_current("docs/fidelity.md", &bizauth::fidelity_page::fidelity_page(proof));
}

/// Every test of this suite by its file and name, with its body.
fn test_functions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(root().join("crates/bizauth/tests/it")).expect("the tests").flatten().collect();
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        let text = fs::read_to_string(&file).expect("a test file");
        let module = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        for part in text.split("test]\n").skip(1) {
            let name = part.split_once("fn ").and_then(|(_, rest)| rest.split('(').next()).unwrap_or_default();
            found.push((format!("{module}::{name}"), part.to_owned()));
        }
    }
    found
}

#[test]
fn every_fault_is_provoked_by_some_test() {
    let tests: String = black_box().split_whitespace().collect();
    let proved = |fault: &str| {
        let forms = ["refuses(", "declines(", "shows(", "redirects("].map(|verb| format!("{verb}{fault}"));
        let ends = |at: usize, form: &String| tests[at + form.len()..].starts_with([',', ')']);
        forms.iter().any(|form| tests.match_indices(form).any(|(at, _)| ends(at, form)))
    };
    let kauth = KauthFault::ALL.iter().map(|fault| format!("KauthFault::{}", fault.row().name));
    let kapi = KapiFault::ALL.iter().map(|fault| format!("KapiFault::{}", fault.row().name));
    let missing: BTreeSet<_> = kauth.chain(kapi).filter(|fault| !proved(fault)).collect();
    assert!(missing.is_empty(), "no answer in tests/it is held against these faults: {missing:?}");
}

/// What went wrong elsewhere is a test here: the page and the tests name each other.
#[test]
fn every_advisory_has_its_test() {
    let page = fs::read_to_string(root().join("docs/advisories.md")).expect("docs/advisories.md is there");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() > 30, "docs/advisories.md has {} rows", rows.len());
    let names = |row: &'static str| row.split('`').skip(1).step_by(2);
    let rows: Vec<&'static str> = rows.into_iter().map(|row| &*row.to_owned().leak()).collect();
    let tests = black_box();
    let lost: Vec<&str> =
        rows.iter().flat_map(|row| names(row)).filter(|name| !tests.contains(&format!("fn {name}()"))).collect();
    assert!(lost.is_empty(), "docs/advisories.md names tests that are not there: {lost:?}");
    let named: BTreeSet<&str> = rows.iter().flat_map(|row| names(row)).collect();
    let ours = tests.split("fn ").filter_map(|rest| rest.split_once("()")).map(|(name, _)| name);
    let marks = ["cve_", "ghsa_", "rfc_", "keycloak_", "hydra_", "rauthy_"];
    let silent: Vec<&str> =
        ours.filter(|name| marks.iter().any(|mark| name.starts_with(mark)) && !named.contains(name)).collect();
    assert!(silent.is_empty(), "docs/advisories.md lacks these tests: {silent:?}");
}

#[test]
fn every_route_is_asked_for_by_some_test() {
    let (tests, routes) =
        (black_box(), [include_str!("../../src/http/mod.rs"), include_str!("../../src/http/operator/mod.rs")].concat());
    let paths: Vec<&str> =
        routes.lines().filter_map(|line| line.split_once(".route(\"")?.1.split('"').next()).collect();
    assert!(paths.len() > 10, "the routes of http/mod.rs were not found: {paths:?}");
    let asked = |path: &str| {
        let fixed = path.split('{').next().unwrap_or_default();
        ["\"", "?", "}", "/"].iter().any(|end| tests.contains(&format!("{fixed}{end}")))
            || (fixed.ends_with('/') && fixed != "/" && tests.contains(fixed))
    };
    let silent: Vec<_> = paths.into_iter().filter(|path| !asked(path)).collect();
    assert!(silent.is_empty(), "no test in tests/it asks for these routes: {silent:?}");
}

/// The first command of the README names no binary.
#[test]
fn cargo_run_means_the_server() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    assert!(readme.contains("\ncargo run --release -- dev"), "the README begins with another command");
    let mut cargo = std::process::Command::new(std::env::var("CARGO").expect("cargo runs the tests"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(root());
    let said = cargo.output().expect("cargo can be run").stdout;
    let said: serde_json::Value = serde_json::from_slice(&said).expect("metadata are JSON");
    let of = |list: &serde_json::Value| list.as_array().cloned().unwrap_or_default();
    let meant = of(&said["workspace_default_members"]);
    let packages = of(&said["packages"]).into_iter().filter(|package| meant.contains(&package["id"]));
    let targets = packages.flat_map(|package| of(&package["targets"]));
    let binaries = targets.filter(|target| target["kind"] == serde_json::json!(["bin"]));
    assert_eq!(binaries.map(|target| target["name"].clone()).collect::<Vec<_>>(), ["bizauth"]);
}

/// The image is built from what `.dockerignore` lets through, and cargo begins with every member of the workspace.
#[test]
fn the_image_is_built_from_the_whole_workspace() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (manifest, ignored) = (read("Cargo.toml"), read("deploy/Dockerfile.dockerignore"));
    let members = manifest.lines().find(|line| line.starts_with("members = ")).expect("a workspace has members");
    let kept: BTreeSet<_> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let folders: Vec<_> = members.split('"').skip(1).step_by(2).filter_map(|member| member.split('/').next()).collect();
    assert!(folders.len() > 2, "{members}");
    let lost: Vec<_> = folders.into_iter().filter(|folder| !kept.contains(folder)).collect();
    assert!(lost.is_empty(), "deploy/Dockerfile.dockerignore leaves out {lost:?}");
}

/// What only a release build does, in small: the list of functions is no reason for any linker error, and the program
/// that comes of it runs, with nothing in it that can be both written and executed.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
fn the_linker_takes_the_order_of_functions() {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, program) = (folder.path().join("small.rs"), folder.path().join("small"));
    fs::write(&source, "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>().len()) }").expect("a file");
    let order = root().join("crates/bizauth/link-order.ld");
    let mut rustc = std::process::Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()));
    rustc.arg(&source).arg("-o").arg(&program).arg(format!("-Clink-arg=-T{}", order.display()));
    let said = rustc.output().expect("rustc can be run");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let ran = std::process::Command::new(&program).output().expect("it runs");
    assert_eq!(ran.stdout, b"1\n");
    // The program headers of a 64-bit ELF file: their place at 32, their number at 56, 56 bytes each with the flags at 4.
    let bytes = fs::read(&program).expect("the program");
    let number =
        |at: usize, size: usize| bytes[at..at + size].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let headers = (0..number(56, 2)).map(|at| number(32, 8) + at * 56).map(|at| (number(at, 4), number(at + 4, 4)));
    let (load, relro): (Vec<_>, Vec<_>) =
        headers.filter(|(kind, _)| [1, 0x6474_e552].contains(kind)).partition(|(kind, _)| *kind == 1);
    assert!(load.iter().any(|(_, flags)| flags & 1 != 0), "{load:?}");
    assert!(load.iter().all(|(_, flags)| flags & 3 != 3), "a segment can be written and executed: {load:?}");
    assert_eq!(relro.len(), 1, "what is relocated is to be read-only");
}
