//! `bizauth dev` for scripts: exec, detach, wait, status, env, stop; and that what it makes is refused by `bizauth serve`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::world::Process;
use crate::world::process::{self, binary};

/// A user with a home and a runtime folder of their own, so that no platform of another test is seen.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let user = User(TempDir::new().unwrap());
        for folder in ["home", "run"] {
            fs::create_dir(user.path(folder)).unwrap();
        }
        user
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary(&[&["dev"], arguments].concat());
        command.env("HOME", self.path("home")).env("XDG_RUNTIME_DIR", self.path("run"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    fn status(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[&["status", "--json"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    }
}

impl Drop for User {
    /// A test that failed half way leaves no platform behind.
    fn drop(&mut self) {
        let Ok(all) = self.command(&["status", "--all", "--json"]).output() else { return };
        let all: Value = serde_json::from_slice(&all.stdout).unwrap_or_default();
        for running in all.as_array().into_iter().flatten() {
            let _ = self.command(&["stop", "--name", running["name"].as_str().unwrap_or_default()]).output();
        }
    }
}

#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    notes: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), notes: text(output.stderr) }
    }
}

#[test]
fn exec_ends_as_the_command_ended() {
    let user = User::new();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)] {
        let ended = user.run(&["exec", "--", "sh", "-c", script]);
        assert_eq!((ended.code, ended.out.as_str(), ended.notes.as_str()), (Some(code), "", ""), "{script}");
    }
    let ended = user.run(&["exec", "--", "/nowhere/to/be/found"]);
    assert!(
        ended.code == Some(127) && ended.notes.starts_with("error: /nowhere/to/be/found cannot be run"),
        "{ended:?}"
    );
    let ended = user.run(&["exec", "--", "/"]);
    assert!(ended.code == Some(126) && ended.notes.contains("hint: "), "{ended:?}");
    assert_eq!(user.run(&["exec"]).code, Some(2));
    let ended = user.run(&["exec", "--others", "pass", "true"]);
    assert!(ended.code == Some(2) && ended.notes.contains("hint: add --intercept"), "{ended:?}");
    assert!(fs::read_dir(user.path("home")).unwrap().next().is_none(), "nothing is left in anybody's home");
}

#[test]
fn exec_tells_the_command_where_the_platform_is_and_its_keys() {
    let user = User::new();
    let script = r#"test -z "$HTTPS_PROXY" && curl -sS -m 20 -H "authorization: KakaoAK $BIZAUTH_CLIENT_ID" "$BIZAUTH_URL/v1/system/ips"
        curl -sS -m 20 -o /dev/null -w '%{http_code}' "$BIZAUTH_AUTHORIZE_URL"; echo; env"#;
    let ended = user.run(&["exec", "sh", "-c", script]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("211.249.203.104/24") && ended.out.contains("}303\n"), "{ended:?}");
    let value = |name: &str| {
        let line = ended.out.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name}: {ended:?}")).to_owned()
    };
    assert_eq!(value("BIZAUTH_REDIRECT_URI"), format!("{}/dev/callback", value("BIZAUTH_URL")));
    assert_eq!((value("BIZAUTH_CLIENT_SECRET").len(), value("BIZAUTH_ADMIN_KEY").len()), (32, 32));
    assert!(value("BIZAUTH_OPERATOR_URL").starts_with("http://127.0.0.1:"));
    let address = value("BIZAUTH_URL").strip_prefix("http://").unwrap().to_owned();
    assert!(std::net::TcpStream::connect(address).is_err(), "the platform is gone with the command");
}

#[test]
fn exec_passes_signals_on() {
    let user = User::new();
    // The shell's traps run once its wait is interrupted; `read` from a pipe that nobody writes is one.
    for (signal, trap) in [("-TERM", "TERM"), ("-INT", "INT"), ("-HUP", "HUP")] {
        let script = format!("trap 'exit 42' {trap}; echo ready; while :; do sleep 0.05; done");
        let mut command = user.command(&["exec", "--", "sh", "-c", &script]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(child.wait().unwrap().code(), Some(42), "{signal}");
    }
}

#[test]
fn exec_leads_a_client_with_the_platforms_hosts_in_it_here() {
    let user = User::new();
    let script = r#"set -e
        curl -sS -m 20 -H "authorization: KakaoAK $BIZAUTH_CLIENT_ID" https://kapi.kakao.com/v1/system/ips; echo
        curl -sS -m 20 -o /dev/null -w 'own %{http_code}\n' "$BIZAUTH_URL/login"
        curl -sS -m 20 https://api.example.com/ || echo refused
        curl -sS -m 20 http://api.example.com/
        test -n "$BIZAUTH_URL" -a "$NODE_EXTRA_CA_CERTS" = "$SSL_CERT_FILE" -a "$HTTPS_PROXY" = "$BIZAUTH_URL"
        test "$NO_PROXY" = localhost,127.0.0.1,::1 -a -z "$ALL_PROXY"
        exit 5"#;
    let mut command = user.command(&["exec", "--intercept", "--", "sh", "-c", script]);
    // The caller's own proxy must not lead past us, nor an exception of theirs.
    command.env("ALL_PROXY", "http://192.0.2.1:1").env("NO_PROXY", "*").env("no_proxy", "kakao.com");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.out.contains("211.249.203.104/24") && ended.out.contains("own 200\nrefused\n"), "{ended:?}");
    assert!(ended.out.contains("bizauth dev: api.example.com:80 is refused and counted"), "{ended:?}");
    let told = "bizauth dev: refused by the proxy: api.example.com:443 (1), api.example.com:80 (1)\n";
    assert!(ended.notes.ends_with(told), "{ended:?}");
    let ca = user.path("home/.local/share/bizauth/dev-ca");
    assert!(ended.notes.contains(&format!("clients are to trust {}", ca.join("ca.pem").display())), "{ended:?}");
    assert_eq!(fs::metadata(ca.join("ca-key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = user.run(&["exec", "--intercept", "true"]);
    assert!(again.code == Some(0) && again.notes.is_empty(), "the second time there is nothing to tell: {again:?}");
}

#[test]
fn others_pass_where_that_is_asked_for() {
    let user = User::new();
    let script = "curl -sS -m 20 -o /dev/null -w '%{http_code}' http://no-such-host.invalid/";
    let refused = user.run(&["exec", "--intercept", "sh", "-c", script]);
    assert!(
        refused.out == "403" && refused.notes.contains("refused by the proxy: no-such-host.invalid:"),
        "{refused:?}"
    );
    let passed =
        user.run(&["exec", "--intercept", "--others", "pass", "sh", "-c", &format!("{script}; cat $SSL_CERT_FILE")]);
    assert!(passed.out.starts_with("502") && passed.notes.is_empty(), "tried, and not there: {passed:?}");
    let ours = fs::read_to_string(user.path("home/.local/share/bizauth/dev-ca/ca.pem")).unwrap();
    assert!(passed.out.ends_with(&ours), "ours is trusted beside the system's");
}

#[test]
fn a_client_that_asks_the_proxy_for_its_own_machine_is_led_there() {
    let user = User::new();
    let (other, _) = Process::dev();
    // Some clients forget NO_PROXY when they follow a redirect.
    let script = format!("NO_PROXY= no_proxy= curl -sS -m 20 -o /dev/null -w '%{{http_code}}' {}/login", other.base);
    let passed = user.run(&["exec", "--intercept", "sh", "-c", &script]);
    assert!(passed.out == "200" && !passed.notes.contains("refused"), "{passed:?}");
}

#[test]
fn a_detached_platform_is_found_by_the_other_commands_until_it_is_stopped() {
    let user = User::new();
    let began = user.run(&["--detach", "--listen", "127.0.0.1:0", "--json"]);
    assert_eq!((began.code, began.notes.as_str()), (Some(0), ""), "{began:?}");
    let banner: Value = serde_json::from_str(&began.out).unwrap();
    let base = banner["base_url"].as_str().unwrap().to_owned();

    let waited = user.run(&["wait", "--timeout", "5s"]);
    assert_eq!((waited.code, waited.notes.as_str()), (Some(0), &*format!("ready: {base}\n")));
    let status = user.status(&[]);
    assert_eq!((&status["url"], &status["banner"], &status["name"]), (&banner["base_url"], &banner, &"default".into()));
    let state = user.path("run/bizauth-dev");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&state), mode(&state.join("default.json")), mode(&state.join("default.log"))),
        (0o700, 0o600, 0o600)
    );

    let script = format!(
        r#"eval "$({} dev env)"; curl -sS -m 20 -H "authorization: KakaoAK $BIZAUTH_ADMIN_KEY" "$BIZAUTH_URL/v1/system/ips""#,
        env!("CARGO_BIN_EXE_bizauth")
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("XDG_RUNTIME_DIR", user.path("run"));
    let asked = Ended::from(shell.output().unwrap());
    assert!(asked.out.contains("211.249.203.104/24"), "{asked:?}");
    let json: Value = serde_json::from_str(&user.run(&["env", "--format", "json"]).out).unwrap();
    assert_eq!((&json["BIZAUTH_URL"], &json["BIZAUTH_CLIENT_ID"]), (&banner["base_url"], &banner["rest_api_key"]));
    let made = ["-sS", "-m", "20", "-H", "content-type: application/json", "-d", r#"{"id": "w"}"#];
    let made = Command::new("curl").args(made).arg(format!("{base}/_dev/worlds")).output().unwrap();
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let of_world: Value = serde_json::from_str(&user.run(&["env", "--world", "w", "--format", "json"]).out).unwrap();
    assert_eq!(of_world["BIZAUTH_URL"], format!("{base}/_w/w"));
    assert_eq!(of_world["BIZAUTH_CLIENT_ID"], made["client"]["rest_api_key"]);
    assert_ne!(of_world["BIZAUTH_CLIENT_ID"], json["BIZAUTH_CLIENT_ID"], "each world has its own keys");
    let nowhere = user.run(&["env", "--world", "nowhere"]);
    assert!(nowhere.code == Some(1) && nowhere.notes.contains("there is no world nowhere"), "{nowhere:?}");
    let refused = user.run(&["env", "--intercept"]);
    assert!(
        refused.code == Some(1) && refused.notes.contains("is no proxy\n\nhint: start it with --proxy"),
        "{refused:?}"
    );

    let echo = ["sh", "-c", "echo $BIZAUTH_URL"];
    let own = user.run(&[&["exec"][..], &echo].concat());
    assert_ne!(own.out.trim(), base, "a platform of its own unless --attach");
    assert_eq!(user.run(&[&["exec", "--attach"][..], &echo].concat()).out.trim(), base);

    let twice = user.run(&["--detach", "--listen", "127.0.0.1:0"]);
    assert!(
        twice.code == Some(1) && twice.notes.contains("a `bizauth dev` named default runs already at"),
        "{twice:?}"
    );

    let stopped = user.run(&["stop"]);
    assert_eq!((stopped.code, stopped.notes.as_str()), (Some(0), "stopped `bizauth dev` named default\n"));
    assert!(std::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).is_err());
    assert!(!state.join("default.json").exists());
    assert_eq!(user.run(&["status"]).code, Some(1));
    let stopped = user.run(&["stop"]);
    assert_eq!((stopped.code, stopped.notes.as_str()), (Some(0), "no `bizauth dev` named default runs\n"));
    let nothing = user.run(&["wait", "--timeout", "0s"]);
    assert!(
        nothing.code == Some(1) && nothing.notes.contains("hint: start one with `bizauth dev --detach`"),
        "{nothing:?}"
    );
}

#[test]
fn a_detached_platform_that_cannot_start_says_why() {
    let user = User::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = user.run(&["--detach", "--listen", &address]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.notes.contains("ended before it was ready\n  error: cannot listen on"), "{ended:?}");
    assert!(ended.notes.contains("hint: the whole log is"), "{ended:?}");
    assert_eq!(user.run(&["status"]).code, Some(1));
}

#[test]
fn what_ended_without_saying_so_is_not_taken_for_alive() {
    let user = User::new();
    let start = ["--detach", "--listen", "127.0.0.1:0", "--json"];
    assert_eq!(user.run(&start).code, Some(0));
    let pid = user.status(&[])["pid"].to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let file = user.path("run/bizauth-dev/default.json");
    let until = Instant::now() + Duration::from_secs(10);
    while user.run(&["status"]).code == Some(0) {
        assert!(Instant::now() < until, "it is still there");
    }
    assert!(!file.exists(), "who looked cleared it away");

    // Another process has its number by now.
    assert_eq!(user.run(&start).code, Some(0));
    let told = fs::read_to_string(&file).unwrap();
    let mut stale: Value = serde_json::from_str(&told).unwrap();
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    stale["pid"] = sleeper.id().into();
    assert_eq!(user.run(&["stop"]).code, Some(0));
    fs::write(&file, stale.to_string()).unwrap();
    let stopped = user.run(&["stop"]);
    assert!(
        stopped.code == Some(0) && stopped.notes.contains("had ended without saying so; its file is removed"),
        "{stopped:?}"
    );
    assert!(sleeper.try_wait().unwrap().is_none(), "a stranger was not touched");
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    assert!(!file.exists());

    fs::write(&file, "not JSON").unwrap();
    assert_eq!(user.run(&start).code, Some(0), "what is stale is in nobody's way");
}

#[test]
fn names_tell_platforms_apart() {
    let user = User::new();
    for name in ["one", "two"] {
        let ended = user.run(&["--detach", "--listen", "127.0.0.1:0", "--name", name]);
        assert!(ended.code == Some(0) && ended.out.contains("test only"), "{ended:?}");
        assert!(ended.notes.contains(&format!("bizauth dev stop --name {name}")), "{ended:?}");
    }
    let (one, two) = (user.status(&["--name", "one"]), user.status(&["--name", "two"]));
    assert_ne!(one["url"], two["url"]);
    let all = user.run(&["status", "--all"]).out;
    let names: Vec<&str> = all.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["NAME", "one", "two"], "{all}");
    assert_eq!(user.run(&["stop", "--name", "one"]).code, Some(0));
    assert_eq!((user.run(&["status", "--name", "one"]).code, user.run(&["status"]).code), (Some(1), Some(1)));
    let env = user.run(&["env", "--name", "two", "--format", "dotenv"]).out;
    assert!(env.contains(&format!("BIZAUTH_URL='{}'\n", two["url"].as_str().unwrap())), "{env}");
    assert_eq!(user.run(&["stop", "--name", "../two"]).code, Some(2), "a name is no path");
}

#[test]
fn the_snippets_fit_the_platform_that_runs() {
    let user = User::new();
    let trust = user.run(&["trust"]);
    let ca = user.path("home/.local/share/bizauth/dev-ca/ca.pem").display().to_string();
    assert!(trust.out.contains("--resolve kauth.kakao.com:8080:127.0.0.1") && trust.out.contains(&ca), "{trust:?}");
    let told: Value = serde_json::from_str(&user.run(&["trust", "--json"]).out).unwrap();
    assert_eq!((told["certificate"].as_str(), told["until"].as_str().map(str::len)), (Some(&*ca), Some(20)));
    assert_eq!(user.run(&["--detach", "--listen", "127.0.0.1:0", "--proxy"]).code, Some(0));
    let url = user.status(&[])["url"].as_str().unwrap().to_owned();
    let script = format!(
        r#"set -e; eval "$({} dev trust python proxy)"; test "$HTTPS_PROXY" = {url}
        curl -sS -m 20 --cacert "$SSL_CERT_FILE" -o /dev/null -w '%{{http_code}}' https://kauth.kakao.com/login"#,
        env!("CARGO_BIN_EXE_bizauth")
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("XDG_RUNTIME_DIR", user.path("run")).env("HOME", user.path("home"));
    let asked = Ended::from(shell.output().unwrap());
    assert_eq!((asked.code, asked.out.as_str()), (Some(0), "200"), "{asked:?}");
    let env = user.run(&["env", "--intercept", "--format", "json"]);
    let env: Value = serde_json::from_str(&env.out).unwrap();
    assert_eq!((env["HTTPS_PROXY"].as_str(), env["CURL_CA_BUNDLE"].as_str()), (Some(&*url), Some(&*ca)));
}

#[test]
fn other_machines_are_let_in_only_when_that_is_said() {
    let user = User::new();
    for verb in [&[][..], &["--detach"], &["exec"]] {
        let command: &[&str] = if verb == ["exec"] { &["true"] } else { &[] };
        let ended = user.run(&[verb, &["--listen", "0.0.0.0:0"], command].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.notes.contains("0.0.0.0:0 is not a loopback address"), "{ended:?}");
        assert!(ended.notes.contains("--listen-beyond-loopback"), "{ended:?}");
    }
    let ended =
        user.run(&["exec", "--listen", "0.0.0.0:0", "--listen-beyond-loopback", "sh", "-c", "echo $BIZAUTH_URL"]);
    assert!(ended.out.starts_with("http://127.0.0.1:"), "{ended:?}");
    assert!(ended.notes.starts_with("warning: whoever reaches 0.0.0.0:0 holds every key"), "{ended:?}");
}

/// The folder, the database without it, and a copy that somebody accepts: none of them is served.
#[test]
fn what_dev_made_is_refused_by_serve() {
    let (dev, banner) = Process::dev();
    let data = banner["data"].as_str().unwrap();
    let home = TempDir::new().unwrap();
    let refused = |folder: &str| {
        let ports = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0", "--data", folder];
        let ended = Ended::from(process::run(&ports));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.notes.contains("error: this is a database of `bizauth dev`"), "{ended:?}");
        assert!(ended.notes.contains("hint: serve another database"), "{ended:?}");
    };
    refused(data);
    assert!(Path::new(data).join("bizauth-dev").exists());
    // A token is known to its own database alone, so with the database its tokens are refused.
    let copied = home.path().join("bizauth.db");
    let backup = Ended::from(process::run(&["backup", copied.to_str().unwrap(), "--data", data]));
    assert_eq!(backup.code, Some(0), "{backup:?}");
    let folder = home.path().to_str().unwrap();
    refused(folder);
    let accepted = Ended::from(process::run(&["restore", "accept", "--end-tokens", "--data", folder]));
    assert!(accepted.code == Some(1) && accepted.notes.contains("is a database of `bizauth dev`"), "{accepted:?}");
    refused(folder);
    // The mark of the folder alone is enough, whatever lies in it.
    let marked = TempDir::new().unwrap();
    fs::copy(Path::new(data).join("bizauth-dev"), marked.path().join("bizauth-dev")).unwrap();
    refused(marked.path().to_str().unwrap());
    dev.terminate();
    assert_eq!(dev.ended().0, Some(0));
}

/// A seed is written, read, and refused with its place; a run is run again.
#[test]
fn a_seed_is_begun_with_and_a_run_is_run_again() {
    let user = User::new();
    let file = user.path("seed.toml");
    let name = file.to_str().unwrap();
    assert_eq!(user.run(&["init", name]).code, Some(0));
    let again = user.run(&["init", name]);
    assert!(again.code == Some(1) && again.notes.contains("was left alone"), "{again:?}");
    let schema: serde_json::Value = serde_json::from_str(&user.run(&["schema"]).out).unwrap();
    assert!(schema["properties"]["apps"].is_object());
    let script =
        r#"curl -sS -m 20 -X POST "$BIZAUTH_AUTHORIZE_URL" -o /dev/null && curl -sS -m 20 "$BIZAUTH_CONTROL_URL/run""#;
    let told = [
        "exec",
        "--seed",
        name,
        "--random",
        "5",
        "--frozen",
        "--at",
        "2026-12-01T09:00:00+09:00",
        "--",
        "sh",
        "-c",
        script,
    ];
    let (one, two) = (user.run(&told), user.run(&told));
    assert_eq!(one.code, Some(0), "{one:?}");
    assert!(one.out.contains("code=bzc_"), "{one:?}");
    assert_eq!(one.out, two.out, "the same seed and the same calls");
    let run = user.path("run.json");
    fs::write(&run, &one.out).unwrap();
    let replayed = user.run(&["replay", run.to_str().unwrap()]);
    assert_eq!((replayed.code, replayed.out.as_str()), (Some(0), "1 call, the same answers\n"), "{replayed:?}");
    fs::write(&run, one.out.replacen("code=bzc_", "code=bzx_", 1)).unwrap();
    let other = user.run(&["replay", run.to_str().unwrap()]);
    assert!(other.code == Some(1) && other.notes.contains("request 1 "), "{other:?}");
    fs::write(&file, "[[users]]\nemail = \"a@example.com\"\nstate = \"sleepy\"\n").unwrap();
    let refused = user.run(&["exec", "--seed", name, "--", "true"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for part in ["seed.toml:3:", "dormant", "nothing was started"] {
        assert!(refused.notes.contains(part), "{part}: {refused:?}");
    }
}
