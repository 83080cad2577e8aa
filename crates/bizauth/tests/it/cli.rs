//! The command line, as a process: what it prints where, how it ends, and that it keeps secrets. What can be written
//! down as a session with fixed words stands in `tests/cmd/*.md`; here is what needs an id from one command in the next.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const BIZAUTH: &str = env!("CARGO_BIN_EXE_bizauth");

/// A command line over a database of its own.
struct Shell {
    folder: TempDir,
    database: Option<String>,
}

/// How a command ended.
struct Ended {
    status: i32,
    out: String,
    notes: String,
}

impl Shell {
    /// With a database that is set up.
    fn new() -> Self {
        let shell = Shell::on_nothing();
        assert_eq!(shell.run(["migrate"]).status, 0);
        shell
    }

    /// With an empty database, or none.
    fn on_nothing() -> Self {
        Shell { folder: TempDir::new().unwrap(), database: crate::world::database_url() }
    }

    /// With the embedded engine whatever the others use.
    fn embedded() -> Self {
        Shell { folder: TempDir::new().unwrap(), database: None }
    }

    /// The settings that lead to the database.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let data = ("BIZAUTH_DATA", self.data().to_str().unwrap().to_owned());
        std::iter::once(data).chain(self.database.clone().map(|url| ("BIZAUTH_DATABASE", url))).collect()
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn run<const N: usize>(&self, args: [&str; N]) -> Ended {
        self.run_with(args, "")
    }

    fn run_with<const N: usize>(&self, args: [&str; N], input: &str) -> Ended {
        let mut command = Command::new(BIZAUTH);
        command.args(args).envs(self.environment());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let ended = child.wait_with_output().unwrap();
        Ended {
            status: ended.status.code().unwrap(),
            out: String::from_utf8(ended.stdout).unwrap(),
            notes: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    /// The document that a command prints.
    fn json<const N: usize>(&self, args: [&str; N]) -> Value {
        let ended = self.run(args);
        assert_eq!(ended.status, 0, "{args:?}: {}", ended.notes);
        serde_json::from_str(&ended.out).unwrap()
    }

    fn app(&self, kind: &str) -> String {
        let app = self.json(["app", "create", "Ad Reports", "--company", "Report Works", "--kind", kind, "--json"]);
        text(&app["id"])
    }

    fn user(&self, email: &str) {
        let ended = self.run_with(["user", "create", email, "--password-stdin"], "correct horse battery\n");
        assert_eq!(ended.status, 0, "{}", ended.notes);
    }

    /// Everything that is kept, and everything that any command shows of it.
    fn everything(&self, app: &str) -> String {
        let mut all = String::new();
        for file in fs::read_dir(self.data()).into_iter().flatten() {
            all += &String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap());
        }
        for args in [["app", "show", app], ["key", "list", app]] {
            for form in [None, Some("--json")] {
                let output = Command::new(BIZAUTH).args(args).args(form).envs(self.environment()).output().unwrap();
                all += &String::from_utf8(output.stdout).unwrap();
                all += &String::from_utf8(output.stderr).unwrap();
            }
        }
        all
    }
}

impl Ended {
    /// `error:` and `hint:` on stderr, nothing on stdout.
    fn refused(&self, status: i32, error: &str, hint: &str) {
        assert_eq!((self.status, self.out.as_str()), (status, ""), "{}", self.notes);
        assert_eq!(self.notes, format!("error: {error}\n\nhint: {hint}\n"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Plays a session of `tests/cmd`.
fn session(name: &str) {
    let shell = Shell::new();
    let cases = trycmd::TestCases::new();
    for (name, value) in shell.environment() {
        cases.env(name, value);
    }
    cases.register_bin("bizauth", Path::new(BIZAUTH)).case(format!("tests/cmd/{name}.md")).run();
}

macro_rules! sessions {
    ($($test:ident: $name:literal;)*) => {$(
        #[test]
        fn $test() {
            session($name);
        }
    )*};
}

sessions! {
    mistakes_are_told_with_the_next_step: "usage";
    accounts_are_made_and_changed: "user";
    the_catalogue_grows: "item";
    assets_are_added_held_and_lost: "asset";
    operator_keys_are_made_listed_and_revoked: "operator_key";
    the_ip_list_is_published_and_shown: "ip_list";
    an_ip_list_is_followed: "ips";
    maintenance_is_switched: "maintenance";
    settings_are_documented_and_shown: "config";
}

#[test]
fn a_first_command_makes_the_database_for_its_owner_alone() {
    let shell = Shell::embedded();
    let data = shell.data();
    let missing = format!("there is no database in the folder {}", data.display());
    let hint = "make one with `bizauth migrate`, or say where it is with --data or --database";
    shell.run(["app", "list"]).refused(1, &missing, hint);
    assert!(!data.exists(), "looking makes nothing");

    let made = shell.run(["app", "create", "Ad Reports", "--company", "Report Works", "--kind", "biz"]);
    assert!(made.notes.starts_with(&format!("made a database in {}\n", data.display())), "{}", made.notes);
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(shell.json(["app", "list", "--json"])["apps"].as_array().unwrap().len(), 1);
}

#[test]
fn an_empty_server_wants_to_be_migrated_first() {
    let shell = Shell::on_nothing();
    if shell.database.is_none() {
        fs::create_dir(shell.data()).unwrap();
        fs::write(shell.data().join("bizauth.db"), "").unwrap();
    }
    let empty = "the database is empty: it has no schema yet";
    let hint = "run `bizauth migrate` with the same settings, or start the server once";
    shell.run(["app", "list"]).refused(1, empty, hint);
    let applied = shell.json(["migrate", "--json"]);
    assert_eq!(applied["applied"][0], 1);
    assert_eq!(shell.json(["migrate", "--json"])["applied"].as_array().unwrap().len(), 0);
    let again = shell.run(["migrate"]);
    assert_eq!((again.out.as_str(), again.notes.as_str()), ("", "the schema is up to date\n"));
    assert_eq!(shell.run(["app", "list"]).status, 0);
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let shell = Shell::embedded();
    let ended = shell.run(["app", "list", "--database", "postgres://kim:secret@127.0.0.1:1/x"]);
    assert_eq!((ended.status, ended.out.as_str()), (1, ""));
    assert!(ended.notes.starts_with("error: ") && ended.notes.contains("\n\nhint: see that PostgreSQL is up"));
    assert!(!ended.notes.contains("secret"), "{}", ended.notes);
}

#[test]
fn a_broken_pipe_is_success_and_a_full_disk_is_not() {
    let shell = Shell::new();
    let run = |out: Stdio| Command::new(BIZAUTH).args(["item", "list"]).envs(shell.environment()).stdout(out).output();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = run(writer.into()).unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert_eq!(run(full.into()).unwrap().status.code(), Some(1));
}

#[test]
fn an_app_is_made_changed_and_deleted() {
    let shell = Shell::new();
    shell.user("kim@example.com");
    let owned =
        ["app", "create", "Shop", "--company", "Works", "--kind", "basic", "--owner", "kim@example.com", "--json"];
    let app = text(&shell.json(owned)["id"]);
    let child = ["app", "create", "Shop test", "--company", "Works", "--kind", "test", "--parent", &app, "--json"];
    let hint = "only a Biz app has test apps; `bizauth app kind` makes a basic app one";
    shell.run(child).refused(1, &format!("app {app} is a basic app"), hint);
    assert_eq!(shell.json(["app", "kind", &app, "biz", "--json"])["kind"], "biz");
    let child = text(&shell.json(child)["id"]);
    let stays = format!("app {child} is a test app and stays one");
    shell.run(["app", "kind", &child, "biz"]).refused(1, &stays, "change the kind of its parent");
    let list = shell.json(["app", "list", "--json"]);
    let kinds: Vec<_> =
        list["apps"].as_array().unwrap().iter().map(|app| (&app["kind"], &app["counts_as_biz"])).collect();
    assert_eq!(format!("{kinds:?}"), r#"[(String("test"), Bool(true)), (String("biz"), Bool(true))]"#);

    assert_eq!(shell.json(["app", "quota", &app, "5000", "--json"])["daily_quota"], 5000);
    assert_eq!(shell.json(["app", "sanction", &app, "on", "--json"])["sanctioned"], true);
    let shown = shell.json(["app", "show", &app, "--json"]);
    assert_eq!((&shown["daily_quota"], &shown["sanctioned"]), (&5000.into(), &true.into()));
    assert_eq!(shown["members"][0]["email"], "kim@example.com");
    assert!(shell.json(["app", "quota", &app, "none", "--json"])["daily_quota"].is_null());

    let unsure = format!("deleting app {app} (Shop) needs a confirmation");
    shell.run(["app", "delete", &app]).refused(1, &unsure, "give --yes to confirm it");
    assert_eq!(shell.run(["app", "delete", &app, "--yes"]).status, 0);
    let gone = format!("there is no app {app}");
    shell.run(["app", "show", &app]).refused(1, &gone, "`bizauth app list` shows the apps");
}

#[test]
fn a_secret_is_printed_once_by_the_command_that_makes_it() {
    let shell = Shell::new();
    let app = shell.app("biz");
    let made = shell.run(["key", "create", &app, "--kind", "rest_api", "--name", "production", "--json"]);
    assert_eq!(made.notes, "note: keep the client secret now, it is never shown again\n");
    let key: Value = serde_json::from_str(&made.out).unwrap();
    let first = text(&key["client_secret"]);
    let value = text(&key["value"]);
    assert_eq!((first.len(), value.len()), (32, 32));
    let issued = shell.json(["key", "secret", "issue", &value, "--overlap", "24h", "--json"]);
    let second = text(&issued["client_secret"]);
    assert!(issued["old_secret_until"].is_string());
    let admin = shell.run(["key", "create", &app, "--kind", "admin", "--json"]);
    assert_eq!(admin.notes, "note: keep the admin key now, it is never shown again\n");
    let admin: Value = serde_json::from_str(&admin.out).unwrap();
    let hidden = text(&admin["value"]);
    let all = shell.everything(&app);
    assert!(all.contains(&value) && all.contains("production"));
    for secret in [&first, &second, &hidden] {
        assert!(!all.contains(secret.as_str()));
    }
    // By its value an admin key is not known: whoever types it shows it to every user of the machine.
    let hint = "`bizauth key list APP` shows the keys of an app with their ids and kinds";
    shell.run(["key", "ips", &hidden, "off"]).refused(1, "there is no key of this value", hint);
    assert_eq!(shell.json(["key", "ips", &text(&admin["id"]), "off", "--json"])["may_read_ips"], false);
}

#[test]
fn a_key_is_named_by_its_id_or_its_value() {
    let shell = Shell::new();
    let app = shell.app("biz");
    let key = shell.json(["key", "create", &app, "--kind", "rest_api", "--json"]);
    for name in [text(&key["id"]), text(&key["value"])] {
        for (args, field, wanted) in [
            (["key", "disable", &name, "--json"].as_slice(), "state", Value::from("disabled")),
            (&["key", "enable", &name, "--json"], "state", "active".into()),
            (&["key", "secret", "off", &name, "--json"], "secret_on", false.into()),
            (&["key", "secret", "on", &name, "--json"], "secret_on", true.into()),
            (&["key", "pkce", &name, "on", "--json"], "pkce_required", true.into()),
            (&["key", "callers", &name, "203.0.113.9", "--json"], "callers", vec!["203.0.113.9/32"].into()),
            (&["key", "callers", &name, "--json"], "callers", vec!["203.0.113.9/32"].into()),
            (&["key", "callers", &name, "--anywhere", "--json"], "callers", Value::Array(Vec::new())),
        ] {
            let output = Command::new(BIZAUTH).args(args).envs(shell.environment()).output().unwrap();
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(said[field], wanted, "{args:?}");
        }
    }
    for _ in 0..4 {
        shell.json(["key", "create", &app, "--kind", "rest_api", "--json"]);
    }
    let table = shell.run(["key", "list", &app]).out;
    assert_eq!((table.matches("PKCE").count(), table.matches(" required ").count()), (1, 1), "{table}");
    assert_eq!(table.matches(" optional ").count(), 4, "{table}");
    let full = format!("app {app} has 5 keys of the kind rest_api, which is as many as it may have");
    let hint = format!("delete one that is no longer used: `bizauth key list {app}` shows them");
    shell.run(["key", "create", &app, "--kind", "rest_api"]).refused(1, &full, &hint);
    assert_eq!(shell.json(["key", "delete", &text(&key["value"]), "--json"])["state"], "deleted");
    assert_eq!(shell.json(["key", "list", &app, "--json"])["keys"].as_array().unwrap().len(), 4);
}

#[test]
fn core_judges_which_redirect_uris_are_registered() {
    let shell = Shell::new();
    let app = shell.app("biz");
    let key = text(&shell.json(["key", "create", &app, "--kind", "rest_api", "--json"])["value"]);
    let good = "https://app.example.com/callback";
    assert_eq!(shell.json(["key", "redirect", "add", &key, good, "--json"])["redirect_uri"], good);
    let hint = "register it exactly as the app sends it, such as https://app.example.com/callback";
    shell.run(["key", "redirect", "add", &key, "https://app.example.com/callback#top"]).refused(
        1,
        "a redirect URI has no fragment (nothing after #)",
        hint,
    );
    let wild = ["key", "redirect", "add", &key, "https://*.example.com/callback"];
    assert_eq!(shell.run(wild).status, 1);
    let allowed = |args: [&str; 5]| {
        let mut command = Command::new(BIZAUTH);
        command.args(args).envs(shell.environment()).env("BIZAUTH_WILDCARD_REDIRECTS", "true");
        command.output().unwrap().status.code()
    };
    assert_eq!(allowed(wild), Some(0));
    assert_eq!(shell.run(["app", "kind", &app, "basic"]).status, 0);
    assert_eq!(allowed(["key", "redirect", "add", &key, "https://*.example.org/callback"]), Some(1));
    assert_eq!(shell.run(["key", "redirect", "remove", &key, good]).status, 0);
    assert_eq!(shell.run(["key", "redirect", "remove", &key, good]).status, 1);
    let left = shell.json(["key", "redirect", "list", &key, "--json"]);
    assert_eq!(left["redirect_uris"], Value::from(vec!["https://*.example.com/callback"]));
}

#[test]
fn members_items_and_permissions_belong_to_an_app() {
    let shell = Shell::new();
    let app = shell.app("biz");
    shell.user("kim@example.com");
    assert_eq!(shell.json(["member", "add", &app, "Kim@example.com", "--role", "editor", "--json"])["role"], "editor");
    assert_eq!(shell.json(["member", "list", &app, "--json"])["members"][0]["role"], "editor");
    assert_eq!(shell.run(["member", "remove", &app, "kim@example.com"]).status, 0);
    let no_member = format!("kim@example.com is no member of app {app}");
    let hint = format!("`bizauth member list {app}` shows who is");
    shell.run(["member", "remove", &app, "kim@example.com"]).refused(1, &no_member, &hint);
    // An app keeps an owner, also where an operator is at work.
    assert_eq!(shell.run(["member", "add", &app, "kim@example.com", "--role", "owner"]).status, 0);
    let last = format!("kim@example.com is the last owner of app {app}, which must have one");
    let hint = format!("make somebody else an owner first: `bizauth member add {app} EMAIL --role owner`");
    shell.run(["member", "add", &app, "kim@example.com", "--role", "editor"]).refused(1, &last, &hint);
    shell.run(["member", "remove", &app, "kim@example.com"]).refused(1, &last, &hint);
    assert_eq!(shell.json(["member", "list", &app, "--json"])["members"][0]["role"], "owner");
    let entry = &shell.json(["audit", "list", "--act", "member.add", "--json"]);
    assert!(!entry.to_string().contains("\"name\":\"?\""), "{entry}");

    let on = shell.run(["item", "on", &app, "moment_management", "--purpose", "Daily reports"]);
    assert!(on.notes.contains(&format!("bizauth permission grant {app} moment")), "{}", on.notes);
    assert_eq!(shell.json(["permission", "grant", &app, "moment", "--json"])["granted"], true);
    let shown = shell.json(["app", "show", &app, "--json"]);
    assert_eq!(shown["items"][0]["purpose"], "Daily reports");
    assert_eq!(shown["permissions"], Value::from(vec!["moment"]));
    assert_eq!(shell.json(["item", "list", "--app", &app, "--json"])["items"][0]["id"], "moment_management");
    assert_eq!(shell.run(["item", "off", &app, "moment_management"]).status, 0);
    assert_eq!(shell.run(["item", "off", &app, "moment_management"]).status, 1);
    assert_eq!(shell.run(["item", "on", &app, "moment_sing", "--purpose", "x"]).status, 1);
    assert_eq!(shell.run(["permission", "take", &app, "moment"]).status, 0);
    assert_eq!(shell.json(["permission", "list", &app, "--json"])["permissions"], Value::Array(Vec::new()));

    assert_eq!(shell.json(["token", "list", &app, "--json"]).to_string(), r#"{"more":false,"tokens":[]}"#);
    let nothing = format!("kim@example.com has agreed to nothing for app {app} that is still in force");
    shell.run(["token", "withdraw", "kim@example.com", &app]).refused(1, &nothing, "there is nothing left to do");
}

#[test]
fn a_list_is_read_from_stdin_up_to_its_bound() {
    let shell = Shell::new();
    let list = fs::read_to_string("tests/cmd/files/list.json").unwrap();
    assert_eq!(shell.run_with(["ip-list", "import", "-"], &list).status, 0);
    let long = " ".repeat((10 << 20) + 1);
    shell.run_with(["ip-list", "import", "-"], &long).refused(
        1,
        "stdin is larger than 10 MiB",
        "see that it is the IP list",
    );
}

#[test]
fn a_list_is_fetched_from_another_platform() {
    let mut dev = Command::new(BIZAUTH)
        .args(["dev", "--listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut banner = String::new();
    BufReader::new(dev.stdout.as_mut().unwrap()).read_line(&mut banner).unwrap();
    let banner: Value = serde_json::from_str(&banner).unwrap();
    let shell = Shell::new();
    let key = shell.folder.path().join("key.txt");
    let key_file = key.to_str().unwrap();
    let fetch = ["ip-list", "import", "--from", banner["base_url"].as_str().unwrap(), "--key-file", key_file, "--json"];
    fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let refused = shell.run(fetch);
    fs::write(&key, format!("{}\n", banner["admin_key"].as_str().unwrap())).unwrap();
    let taken = shell.run(fetch);
    dev.kill().unwrap();
    dev.wait().unwrap();
    assert!(refused.notes.starts_with("error: kapi refused (401): "), "{}", refused.notes);
    assert!(!refused.notes.contains("0123456789abcdef"), "{}", refused.notes);
    assert_eq!(taken.status, 0, "{}", taken.notes);
    assert_eq!(shell.json(["ip-list", "show", "--json"])["inbound"][0]["service"], "callback");
}

#[test]
fn what_others_wrote_cannot_steer_the_terminal() {
    let shell = Shell::new();
    let steering = fs::read_to_string("tests/cmd/files/list.json").unwrap().replace("scrap", "scr\\u202eap");
    assert_eq!(shell.run_with(["ip-list", "import", "-"], &steering).status, 0);
    let shown = shell.run(["ip-list", "show"]);
    assert!(shown.out.contains("scr\u{fffd}ap"), "{}", shown.out);
}

/// What was changed with the command line is in the log, and the log proves itself.
#[test]
fn the_audit_log_is_listed_exported_proved_and_cut() {
    let shell = Shell::new();
    let app = shell.json(["app", "create", "Reports", "--company", "Works", "--kind", "biz", "--json"]);
    let id = app["id"].as_str().unwrap();
    assert_eq!(shell.run(["app", "sanction", id, "on"]).status, 0);
    let listed = shell.json(["audit", "list", "--on", &format!("app:{id}"), "--json"]);
    let acts: Vec<_> = listed["entries"].as_array().unwrap().iter().map(|it| it["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["app.sanction", "app.create"]);
    assert_eq!(listed["entries"][0]["actor"]["kind"], "command_line");
    assert_eq!(listed["entries"][0]["before"]["sanctioned"], 0);
    assert_eq!(listed["entries"][0]["after"]["sanctioned"], 1);

    let exported = shell.run(["audit", "export"]);
    let lines: Vec<Value> = exported.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|it| it["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);

    let proved = shell.json(["audit", "verify", "--json"]);
    let head = proved["head"].as_str().unwrap().to_owned();
    assert_eq!((proved["whole"].as_bool(), proved["entries"].as_i64()), (Some(true), Some(3)));
    assert_eq!(head, format!("3:{}", lines[2]["digest"].as_str().unwrap()));
    assert_eq!(shell.run(["app", "sanction", id, "off"]).status, 0);
    assert_eq!(shell.run(["audit", "verify", "--head", &head]).status, 0, "it is still part of the chain");
    let forged = format!("3:{}", "0".repeat(64));
    let refused = shell.run(["audit", "verify", "--head", &forged]);
    assert_eq!(refused.status, 1);
    assert!(refused.notes.contains("entry 3 is not the one you noted"), "{}", refused.notes);
    assert_eq!(shell.run(["audit", "verify", "--head", "3:xyz"]).status, 2);

    assert_eq!(shell.run(["audit", "trim", "--before", "2020-01-01"]).status, 2, "it asks first");
    let cut = shell.json(["audit", "trim", "--before", "2020-01-01", "--yes", "--json"]);
    assert_eq!(cut["removed"], 0);
    assert_eq!(shell.run(["audit", "trim", "--before", "2200-01-01", "--yes"]).status, 2);
}

#[test]
fn the_master_key_is_rotated_in_place() {
    let shell = Shell::embedded();
    assert_eq!(shell.run(["migrate"]).status, 0);
    let key = shell.data().join("master.key");
    assert!(!key.exists(), "made at first need");
    let said = shell.run(["master-key", "rotate"]);
    assert_eq!((said.status, said.notes.contains("sealed 0 seeds")), (0, true), "{}", said.notes);
    let first = fs::read_to_string(&key).unwrap();
    assert_eq!(first.lines().count(), 2);
    assert_eq!(shell.run(["master-key", "reseal"]).status, 0);
    assert_eq!(fs::read_to_string(&key).unwrap(), first);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

/// With PostgreSQL no node may make a key of its own: it is said how there comes to be one, and then there is, once.
#[test]
fn the_master_key_of_all_nodes_is_made_once() {
    let shell = Shell::new();
    let key = shell.data().join("keys/all.key");
    let settings = shell.data().join("bizauth.toml");
    fs::create_dir_all(shell.data()).unwrap();
    fs::write(&settings, format!("master_key = {:?}\n", key.display().to_string())).unwrap();
    let tell = |verb: &str| shell.run(["master-key", verb, "--config", settings.to_str().unwrap()]);
    if shell.database.is_some() {
        let missing = tell("rotate");
        assert_eq!(missing.status, 1);
        assert!(missing.notes.contains("there is no master key"), "{}", missing.notes);
        assert!(missing.notes.contains("hint: ") && missing.notes.contains("master-key create"), "{}", missing.notes);
    }
    assert_eq!(tell("create").status, 0);
    let made = fs::read_to_string(&key).unwrap();
    assert_eq!((made.lines().count(), fs::metadata(&key).unwrap().permissions().mode() & 0o777), (1, 0o600));
    let again = tell("create");
    assert_eq!(again.status, 1);
    assert!(again.notes.contains("already") && again.notes.contains("master-key rotate"), "{}", again.notes);
    assert_eq!(fs::read_to_string(&key).unwrap(), made, "never overwritten");
    assert_eq!(tell("rotate").status, 0);
    assert_eq!(fs::read_to_string(&key).unwrap().lines().count(), 2);
}
