//! Settings, from the environment and from a file.

use std::cell::RefCell;
use std::io::{Seek, Write};
use std::sync::LazyLock;

use bizauth::config::{Config, Source, arguments};
use clap::{ArgMatches, Command};
use tempfile::NamedTempFile;
use url::Url;

use crate::cidr;

/// No flags.
static BARE: LazyLock<ArgMatches> = LazyLock::new(|| Command::new("it").args(arguments()).get_matches_from(["it"]));
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| Config::default().shown().into_iter().map(|(name, ..)| name).collect());

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().expect("there is room for a file"));
}

/// Lines of the environment, `NAME=value`, up to a line `---`; then a settings file.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (environment, file) = match text.split_once("---\n") {
        Some((environment, file)) => (environment, Some(file)),
        None => (text, None),
    };
    let given: Vec<(&str, &str)> = environment.lines().filter_map(|line| line.split_once('=')).collect();
    let variable = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let loaded = FILE.with_borrow_mut(|kept| {
        let path = file.map(|text| {
            let written =
                kept.rewind().and_then(|()| kept.as_file().set_len(0)).and_then(|()| kept.write_all(text.as_bytes()));
            written.expect("a temporary file can be written");
            kept.path().display().to_string()
        });
        Config::load(&BARE, |name| if name == "BIZAUTH_CONFIG" { path.clone() } else { variable(name) })
    });
    let of_setting = |name: &str| variable(&format!("BIZAUTH_{}", name.to_uppercase())).filter(|text| !text.is_empty());
    match &loaded {
        Ok(config) => {
            for (name, shown, source) in config.shown() {
                // The environment comes before the file.
                let text = of_setting(name);
                assert_eq!(
                    text.is_some(),
                    matches!(&source, Source::Environment(v) if v != "STATE_DIRECTORY"),
                    "{name}"
                );
                if name != "database"
                    && let Some(text) = text
                {
                    assert_eq!(shown, text, "{name}");
                }
            }
            hidden(&of_setting("database").unwrap_or_default(), &format!("{config:?} {:?}", config.shown()));
        }
        Err(mistakes) => {
            let password =
                of_setting("database").and_then(|text| Url::parse(&text).ok()?.password().map(str::to_owned));
            let told = mistakes.to_string();
            let secret =
                password.filter(|password| password.len() >= 8 && text.matches(password.as_str()).count() == 1);
            assert!(secret.is_none_or(|password| !told.contains(&password)), "{told}");
        }
    }
    let told = loaded.as_ref().err().map(ToString::to_string).unwrap_or_default();
    for name in NAMES.iter() {
        let complains =
            told.lines().any(|line| line.starts_with(&format!("  {name}: ")) && line.contains("from BIZAUTH_"));
        if let Some(good) = of_setting(name).and_then(|text| is_good(name, &text)) {
            assert_eq!(complains, !good, "{name} {:?}: {told}", of_setting(name));
        }
    }
    if let Some(settings) = file.and_then(simple_file) {
        for (name, text) in &settings {
            match &loaded {
                Ok(config) if name != "database" && of_setting(name).is_none() => {
                    let shown = config.shown().into_iter().find(|(known, ..)| known == name);
                    assert_eq!(shown.map(|(_, text, _)| text).as_ref(), Some(text), "{name}");
                }
                Ok(_) => assert!(NAMES.contains(&name.as_str()), "{name} is no setting"),
                Err(_) if is_good(name, text) == Some(true) => {
                    assert!(
                        !told.lines().any(|line| line.starts_with(&format!("  {name}: {text:?} from /"))),
                        "{told}"
                    );
                }
                Err(_) => {}
            }
        }
    }
}

/// A password does not show, neither as it was written nor decoded.
fn hidden(database: &str, shown: &str) {
    let Ok(url) = Url::parse(database) else { return };
    if let Some(password) = url.password().filter(|password| password.len() >= 8) {
        let elsewhere = database.matches(password).count() > 1;
        assert!(elsewhere || !shown.contains(password), "{shown}");
    }
}

/// Whether a text can be the value of a setting; `None` of one that is not looked at here.
fn is_good(name: &str, text: &str) -> Option<bool> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let number = |text: &str| digits(text).then(|| text.parse::<u64>().ok()).flatten();
    let number_within = |least, most| number(text).is_some_and(|number| (least..=most).contains(&number));
    let seconds = || {
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
        let (unit, length) = units.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
        number(text.strip_suffix(unit)?)?.checked_mul(length)
    };
    let lasts = |least, most| seconds().is_some_and(|seconds| (least..=most).contains(&seconds));
    let network = |text: &str| cidr::address(text).is_some() || cidr::block(text).is_some();
    let good = match name {
        "database_connections" => number_within(1, 1000),
        "issuance_limit" | "token_rate" => number_within(0, 1_000_000_000),
        "code_lifetime" => lasts(1, 3600),
        "token_idle_lifetime" => lasts(1, 3650 * 86_400),
        "audit_retention" => lasts(86_400, 36_500 * 86_400),
        "request_timeout" => lasts(1, 600),
        "drain_timeout" => lasts(0, 600),
        "tokeninfo_case" => ["sample", "table"].contains(&text),
        "log_format" => ["text", "json"].contains(&text),
        "wildcard_redirects" => ["true", "false"].contains(&text),
        "trusted_proxies" => text.trim().is_empty() || text.split(',').all(|entry| network(entry.trim())),
        _ => return None,
    };
    Some(good && !text.chars().any(|c| c.is_control() || c == '\u{fffd}'))
}

/// The settings of a file that nobody can misread: a plain key, `=`, and a plain text, number or switch on each line.
fn simple_file(text: &str) -> Option<Vec<(String, String)>> {
    let mut settings: Vec<(String, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(" = ")?;
        let plain = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|it| plain(it, " .,:/-_"));
        let number = value.parse().ok().filter(|number: &u32| number.to_string() == value).map(|_| value);
        let switch = ["true", "false"].contains(&value).then_some(value);
        let value = quoted.or(number).or(switch)?;
        let known = settings.iter().any(|(other, _)| other == key);
        if key.is_empty() || !plain(key, "_-") || known {
            return None;
        }
        settings.push((key.to_owned(), value.to_owned()));
    }
    Some(settings)
}
