//! The configuration as tables: what each setting takes and refuses, who wins, what is said about mistakes.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use clap::Command;
use proptest::prelude::*;

use super::table::SETTINGS;
use super::*;

fn load(flags: &[&str], env: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let command = Command::new("bizauth").args(arguments());
    let matches = command.get_matches_from(std::iter::once(&"bizauth").chain(flags));
    Config::load(&matches, |name| env.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn mistakes(result: Result<Config, Mistakes>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn every_default_and_every_example_can_be_read() {
    for setting in SETTINGS {
        for text in setting.preset.into_iter().chain([setting.example]) {
            let chosen = Chosen { name: setting.name, text: text.to_owned(), source: Source::Default };
            assert_eq!(setting.judge(&chosen), Ok(()), "{}", setting.name);
        }
    }
    let config = Config::default();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.token_idle_lifetime.as_secs(), 365 * 86_400);
    assert!(config.origin.is_none() && config.trusted_proxies.is_empty());
    assert_eq!(config.ip_zone.iana_name(), Some("Asia/Seoul"));
}

#[test]
fn each_setting_takes_and_refuses() {
    let table: &[(&str, &[&str], &[&str])] = &[
        (
            "listen",
            &["127.0.0.1:0", "[::]:443", "0.0.0.0:80"],
            &["8080", ":8080", "localhost:80", "1.2.3.4:99999", "1.2.3.4"],
        ),
        ("data", &["/var/lib/bizauth", "x y"], &["a\nb", "a\0b", "\u{fffd}"]),
        (
            "database",
            &["sqlite", "postgres://u:p@h/d", "postgresql:///d?host=/run/postgresql"],
            &["SQLite", "mysql://h/d", "postgres", "host=h", "postgres://["],
        ),
        ("database_connections", &["1", "1000"], &["0", "1001", "-1", "+5", "5.0", "99999999999999999999999"]),
        ("remembered_tokens", &["0", "1000000000"], &["-1", "1000000001", "1e6", "all"]),
        (
            "origin",
            &["https://auth.example.com", "http://localhost:8080", "https://[::1]:8443/"],
            &[
                "auth.example.com",
                "https:auth.example.com",
                "https://",
                "https:///x",
                "https://a/b",
                "https://a?b",
                "https://a#b",
                "https://u@a",
                "https://a\\b",
                "ftp://a",
                "https://a b",
            ],
        ),
        (
            "trusted_proxies",
            &["10.0.0.0/8", "::1, 127.0.0.1"],
            &["10.0.0.0/33", "proxy", "10.0.0.0/8,,::1", "10.0.0.0/8;::1"],
        ),
        (
            "code_lifetime",
            &["1s", "10m", "1h"],
            &[
                "0s",
                "61m",
                "10",
                "10 m",
                "m",
                "1h30m",
                "-1m",
                "10M",
                "1d",
                "999999999999999999999d",
                "18446744073709551615d",
                "१m",
                "€",
            ],
        ),
        ("token_idle_lifetime", &["1s", "3650d"], &["0s", "3651d"]),
        ("audit_retention", &["1d", "1825d"], &["23h", "36501d"]),
        ("issuance_limit", &["0", "100"], &["-1", "1000000001", "ten"]),
        ("tokeninfo_case", &["sample", "table"], &["Sample", "both"]),
        ("ip_zone", &["Asia/Seoul", "UTC"], &["Seoul", "../etc/passwd", "Etc/Unknown"]),
        ("wildcard_redirects", &["true", "false"], &["yes", "1", "TRUE"]),
        ("connections_per_address", &["0", "1000"], &["-1", "many"]),
        ("drain_timeout", &["0s", "10m"], &["11m"]),
        ("log", &["info", "warn,bizauth=debug"], &[" ", "bizauth=loud"]),
        ("log_format", &["text", "json"], &["JSON"]),
    ];
    for (name, takes, refuses) in table {
        let flag = format!("--{}", name.replace('_', "-"));
        for text in *takes {
            let loaded = load(&[&format!("{flag}={text}")], &[]);
            assert!(loaded.is_ok(), "{name} takes {text:?}: {loaded:?}");
        }
        for text in *refuses {
            let said = mistakes(load(&[&format!("{flag}={text}")], &[]));
            assert!(
                said.contains(name) && said.contains(&flag) && said.contains("allowed is"),
                "{name} {text:?}: {said}"
            );
        }
    }
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let file = file("listen = \"127.0.0.1:3\"\ndatabase_connections = 3\ntoken_rate = 3\n");
    let path = file.path().display().to_string();
    let env = [("BIZAUTH_LISTEN", "127.0.0.1:2"), ("BIZAUTH_DATABASE_CONNECTIONS", "2"), ("BIZAUTH_CONFIG", &path)];
    let config = load(&["--listen", "127.0.0.1:1", "--wildcard-redirects"], &env).unwrap();
    assert_eq!((config.listen.port(), config.database_connections, config.token_rate), (1, 2, 3));
    assert!(config.wildcard_redirects);
    let shown = |name: &str| {
        let (_, value, source) = config.shown().into_iter().find(|row| row.0 == name).unwrap();
        format!("{value} from {source}")
    };
    assert_eq!(shown("listen"), "127.0.0.1:1 from --listen");
    assert_eq!(shown("database_connections"), "2 from BIZAUTH_DATABASE_CONNECTIONS");
    assert_eq!(shown("token_rate"), format!("3 from {path} line 3"));
    assert_eq!(shown("issuance_limit"), "100 from default");
    assert_eq!(config.shown().len(), SETTINGS.len());
}

#[test]
fn the_state_directory_of_the_unit_is_the_default_folder() {
    let unit = ("STATE_DIRECTORY", "/var/lib/bizauth:/var/lib/other");
    assert_eq!(load(&[], &[unit]).unwrap().data, Path::new("/var/lib/bizauth"));
    assert_eq!(load(&[], &[unit, ("BIZAUTH_DATA", "/here")]).unwrap().data, Path::new("/here"));
    assert_eq!(load(&[], &[("BIZAUTH_DATA", "")]).unwrap().data, Path::new("bizauth-data"), "empty counts as absent");
}

#[test]
fn all_mistakes_are_listed_at_once() {
    let file = file("liste = 1\nlog_format = 2024-01-01\ncode_lifetime = 600\ntls_key = \"k\"\n[http]\nx = 1\n");
    let path = file.path().display().to_string();
    let said = mistakes(load(&["--config", &path, "--listen", "8080"], &[("BIZAUTH_TOKEN_RATE", "many")]));
    let expected = [
        "7 mistakes in the configuration".to_owned(),
        format!("{path} line 1: there is no setting \"liste\"; did you mean listen?"),
        format!("log_format: {path} line 2 gives a datetime; allowed is `text` or `json`"),
        format!("{path} line 5: there is no setting \"http\"; `bizauth config template` lists them all"),
        "listen: \"8080\" from --listen cannot be used; allowed is an IP address and a port".to_owned(),
        "token_rate: \"many\" from BIZAUTH_TOKEN_RATE cannot be used; allowed is a number".to_owned(),
        format!("code_lifetime: \"600\" from {path} line 3 cannot be used; allowed is a time from 1s to 1h"),
        format!("tls_key is given ({path} line 4) and tls_certificate is not; TLS needs both, or neither"),
    ];
    for line in expected {
        assert!(said.contains(&line), "{line}\nnot in\n{said}");
    }
}

#[test]
fn an_overridden_mistake_is_still_a_mistake() {
    let said = mistakes(load(&["--listen", "127.0.0.1:1"], &[("BIZAUTH_LISTEN", "x")]));
    assert!(said.starts_with("a mistake in the configuration\n  listen: \"x\" from BIZAUTH_LISTEN"), "{said}");
}

#[test]
fn two_listeners_cannot_share_an_address() {
    let said = mistakes(load(&["--listen", "127.0.0.1:8081"], &[]));
    assert!(said.contains("listen (--listen) and operator_listen (default) are both 127.0.0.1:8081"), "{said}");
    assert!(load(&["--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"], &[]).is_ok());
}

#[test]
fn passwords_are_never_shown() {
    for url in
        ["postgres://u:hush%21@h/d", "postgres://h/d?user=u&password=hush%21", "postgres://u:hush@h/d?sslpassword=hush"]
    {
        let config = load(&[], &[("BIZAUTH_DATABASE", url)]).unwrap();
        let Database::Postgres(postgres) = &config.database else { panic!("{url}") };
        assert_eq!(postgres.expose(), url);
        let told = format!("{postgres} {postgres:?} {:?} {:?}", config.database, config.shown());
        assert!(!told.contains("hush") && told.contains("***"), "{told}");
    }
    let file = file("database = \"mysql://u:hush@h/d\"\ndatabase \"postgres://hush\"\n");
    for said in [
        mistakes(load(&["--database", "mysql://u:hush@h/d"], &[])),
        mistakes(load(&["--config", &file.path().display().to_string()], &[])),
    ] {
        assert!(!said.contains("hush"), "{said}");
    }
}

#[test]
fn the_config_itself_does_not_print_a_password() {
    let config = load(&["--database", "postgres://u:hush@h/d"], &[]).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn what_is_allowed_but_hardly_meant_is_warned_of() {
    let table: &[(&[&str], &[&str])] = &[
        (&[], &[]),
        (&["--listen=0.0.0.0:80"], &["in the clear"]),
        (&["--listen=0.0.0.0:80", "--origin=https://a.example"], &["trusted_proxies is empty"]),
        (&["--listen=0.0.0.0:80", "--origin=https://a.example", "--trusted-proxies=10.0.0.1"], &[]),
        (&["--listen=0.0.0.0:80", "--tls-key=k", "--tls-certificate=c"], &[]),
        (&["--operator-listen=0.0.0.0:8081"], &["whoever reaches it"]),
    ];
    for (flags, expected) in table {
        let warnings = load(flags, &[]).unwrap().warnings;
        assert_eq!(warnings.len(), expected.len(), "{flags:?}: {warnings:?}");
        assert!(expected.iter().zip(&warnings).all(|(part, warning)| warning.contains(part)), "{warnings:?}");
    }
}

#[test]
fn a_password_that_every_user_can_read_is_warned_of() {
    let file = file("database = \"postgres://u:hush@h/d\"\n");
    let path = file.path().display().to_string();
    for (mode, warned) in [(0o644, 1), (0o640, 0)] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        assert_eq!(load(&["--config", &path], &[]).unwrap().warnings.len(), warned, "{mode:o}");
    }
}

#[test]
fn a_file_that_is_none_is_refused() {
    let binary = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(binary.path(), b"a = 1\n\xff").unwrap();
    let large = file(&"#".repeat((1 << 20) + 1));
    let table = [
        ("/".to_owned(), "is not a regular file"),
        ("/dev/zero".to_owned(), "is not a regular file"),
        ("/no/such/file".to_owned(), "cannot be read: No such file"),
        (binary.path().display().to_string(), "line 2 is not UTF-8"),
        (large.path().display().to_string(), "is larger than 1 MiB"),
    ];
    for (path, expected) in table {
        let said = mistakes(load(&["--config", &path], &[]));
        assert!(said.contains(&path) && said.contains(expected), "{said}");
    }
}

#[test]
fn the_template_as_it_stands_changes_nothing_and_uncommented_is_sound() {
    let text = template();
    let mut wrong = Vec::new();
    assert!(file::settings("t", &text, &mut wrong).is_empty() && wrong.is_empty());
    let open = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    });
    let file = file(&open.collect::<String>());
    let config = load(&["--config", &file.path().display().to_string()], &[]).unwrap();
    for ((name, value, _), setting) in config.shown().iter().zip(SETTINGS) {
        assert_eq!((*name, value.as_str()), (setting.name, setting.example));
    }
}

#[test]
fn the_deployed_example_is_the_template() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/bizauth.toml");
    if std::env::var_os("BIZAUTH_BLESS").is_some() {
        std::fs::write(path, template()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), template(), "write it anew: just bless");
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC*|[0-9a-z:/@.\\[\\]#?, \\\\%-]{0,40}|[0-9]{0,30}[smhd€]") {
        for setting in SETTINGS {
            let _ = setting.judge(&Chosen { name: setting.name, text: text.clone(), source: Source::Default });
        }
        let _ = read::without_password(&text);
    }

    #[test]
    fn no_file_makes_the_parser_panic(text in "(?s).*|([a-z_]{1,9} ?= ?[\"'\\[{]?[a-z0-9]*[\"'\\]}]?\n){0,5}") {
        let _ = file::settings("t", &text, &mut Vec::new());
    }
}
