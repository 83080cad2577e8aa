//! The configuration: chosen from flags, environment, file and defaults, in this order; judged whole, with every
//! mistake listed at once; shown and documented from the one table in `table.rs`.
//!
//! Nothing outside this folder reads an environment variable or a flag that is a setting.

mod file;
mod read;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, path::Path};

use clap::{Arg, ArgAction, ArgMatches, parser::ValueSource};

pub use read::{Database, LogFormat, Origin, PostgresUrl, TokeninfoCase, duration};
pub use table::Config;
use table::{Form, SETTINGS, Setting};

/// A value that somebody gave, before it is read. It may be a password, so `Debug` leaves it out.
#[derive(Clone)]
struct Chosen {
    name: &'static str,
    text: String,
    source: Source,
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.name, self.source)
    }
}

/// Who gave a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line, by this flag.
    Flag(String),
    /// The environment, by this variable.
    Environment(String),
    /// The settings file.
    File {
        /// Its path as it was given.
        name: String,
        /// The line of the key, from 1.
        line: usize,
    },
    /// The program itself, run by this command.
    Program(&'static str),
    /// Nobody: the default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) | Source::Environment(name) => f.write_str(name),
            Source::File { name, line } => write!(f, "{name} line {line}"),
            Source::Program(command) => f.write_str(command),
            Source::Default => f.write_str("default"),
        }
    }
}

/// One mistake in the configuration, as a sentence that names the source and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mistake(String);

/// Everything that is wrong with the configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "a mistake in the configuration\n  {}", only.0),
            all => {
                write!(f, "{} mistakes in the configuration", all.len())?;
                all.iter().try_for_each(|mistake| write!(f, "\n  {}", mistake.0))
            }
        }
    }
}

impl std::error::Error for Mistakes {}

/// The flags of all settings and `--config`, to be added to every command that opens the server's store.
pub fn arguments() -> Vec<Arg> {
    let flag = |setting: &'static Setting| {
        let arg = Arg::new(setting.name)
            .long(setting.name.replace('_', "-"))
            .value_name(setting.unit)
            .help(help(setting))
            .help_heading("Settings");
        match setting.form {
            Form::Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
            _ => arg.action(ArgAction::Set),
        }
    };
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("Settings file (TOML); `bizauth config template` writes one [env: BIZAUTH_CONFIG]")
        .help_heading("Settings");
    std::iter::once(file).chain(SETTINGS.iter().map(flag)).collect()
}

fn help(setting: &Setting) -> String {
    let sentence = setting.doc[0].trim().trim_end_matches('.');
    match setting.preset {
        Some(preset) if !preset.is_empty() => format!("{sentence} [default: {preset}]"),
        _ => sentence.to_owned(),
    }
}

/// An environment variable of this process, for [`Config::load`].
///
/// Bytes that are not UTF-8 become U+FFFD, which no setting takes: the variable is refused rather than overlooked.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Config {
    /// Chooses, judges and reads every setting. An empty variable counts as absent, as compose files write it.
    ///
    /// A value that a stronger source overrides is judged all the same: it would bite on the day the other goes.
    pub fn load(matches: &ArgMatches, env: impl Fn(&str) -> Option<String>) -> Result<Config, Mistakes> {
        let (mut mistakes, mut warnings) = (Vec::new(), Vec::new());
        let env = |name: &str| env(name).filter(|text| !text.is_empty());
        let mut given: Vec<Chosen> = SETTINGS.iter().filter_map(|setting| from_flag(setting, matches)).collect();
        given.extend(SETTINGS.iter().filter_map(|setting| {
            let variable = variable(setting.name);
            let text = env(&variable)?;
            Some(Chosen { name: setting.name, text, source: Source::Environment(variable) })
        }));
        if let Some(path) = flag("config", matches).or_else(|| env("BIZAUTH_CONFIG")) {
            given.extend(file::read(Path::new(&path), &mut mistakes, &mut warnings));
        }
        // Several folders may be listed, separated by colons; the first is the unit's own.
        given.extend(env("STATE_DIRECTORY").and_then(|folders| {
            let first = folders.split(':').next().filter(|folder| !folder.is_empty())?;
            let source = Source::Environment("STATE_DIRECTORY".to_owned());
            Some(Chosen { name: "data", text: first.to_owned(), source })
        }));
        mistakes.extend(given.iter().filter_map(|chosen| Setting::named(chosen.name)?.judge(chosen).err()));
        let strongest: Vec<Chosen> = SETTINGS
            .iter()
            .filter_map(|setting| {
                given.iter().find(|chosen| chosen.name == setting.name).cloned().or_else(|| preset(setting))
            })
            .collect();
        mistakes.extend(contradictions(&strongest));
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        let mut config = Config::read(strongest).expect("every given value was judged, every default is tested");
        warnings.extend(config.doubts());
        config.warnings = warnings;
        Ok(config)
    }

    /// Every setting in the order of the table: its name, its effective value (passwords hidden) and who gave it.
    pub fn shown(&self) -> Vec<(&'static str, String, Source)> {
        SETTINGS
            .iter()
            .map(|setting| match self.chosen.iter().find(|chosen| chosen.name == setting.name) {
                Some(chosen) if setting.secret() => {
                    (setting.name, read::without_password(&chosen.text), chosen.source.clone())
                }
                Some(chosen) => (setting.name, chosen.text.clone(), chosen.source.clone()),
                None => (setting.name, String::new(), Source::Default),
            })
            .collect()
    }

    /// The same with what the program itself chose, run by `command`. If a reader refuses one of them, none counts.
    pub fn chosen_by(self, command: &'static str, values: &[(&'static str, String)]) -> Config {
        let mut chosen = self.chosen.clone();
        for (name, text) in values {
            chosen.retain(|other| other.name != *name);
            chosen.push(Chosen { name, text: text.clone(), source: Source::Program(command) });
        }
        Config::read(chosen).map_or(self.clone(), |config| Config { warnings: self.warnings, ..config })
    }

    fn doubts(&self) -> Vec<String> {
        let mut found = Vec::new();
        let https = self.origin.as_ref().is_some_and(Origin::is_https);
        if !self.listen.ip().is_loopback() && self.tls_certificate.is_none() && !https {
            found.push(format!(
                "listening on {} without TLS and without an https origin: passwords and tokens travel in the clear; give \
                 tls_certificate and tls_key, or put a TLS proxy in front and set origin",
                self.listen
            ));
        }
        if https && self.tls_certificate.is_none() && self.trusted_proxies.is_empty() {
            found.push(
                "origin is https and TLS ends elsewhere, but trusted_proxies is empty: every request will seem to come \
                 from the proxy"
                    .to_owned(),
            );
        }
        if !self.operator_listen.ip().is_loopback() {
            found.push(format!(
                "operator_listen is {}, not loopback: whoever reaches it can read health and metrics",
                self.operator_listen
            ));
        }
        found
    }
}

/// The defaults alone, whatever the environment says: what tests and `bizauth dev` start from.
impl Default for Config {
    fn default() -> Config {
        Config::read(SETTINGS.iter().filter_map(preset).collect())
            .expect("every default can be read: a test reads them")
    }
}

/// What no value is guilty of alone. Works on texts, so that it is found beside the mistakes of single values.
fn contradictions(strongest: &[Chosen]) -> Vec<Mistake> {
    let chosen = |name: &str| strongest.iter().find(|chosen| chosen.name == name);
    let mut found = Vec::new();
    for (here, absent) in [("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")] {
        if let (Some(given), None) = (chosen(here), chosen(absent)) {
            found.push(Mistake(format!(
                "{here} is given ({}) and {absent} is not; TLS needs both, or neither",
                given.source
            )));
        }
    }
    if let (Some(public), Some(operator)) = (chosen("listen"), chosen("operator_listen"))
        && let (Some(here), Some(there)) = (read::address(&public.text), read::address(&operator.text))
        && here == there
        && here.port() != 0
    {
        found.push(Mistake(format!(
            "listen ({}) and operator_listen ({}) are both {here}; give them different ports",
            public.source, operator.source
        )));
    }
    found
}

fn preset(setting: &'static Setting) -> Option<Chosen> {
    setting.preset.map(|text| Chosen { name: setting.name, text: text.to_owned(), source: Source::Default })
}

fn from_flag(setting: &'static Setting, matches: &ArgMatches) -> Option<Chosen> {
    let source = Source::Flag(format!("--{}", setting.name.replace('_', "-")));
    flag(setting.name, matches).map(|text| Chosen { name: setting.name, text, source })
}

/// A flag's text; nothing where a command has no such flag.
fn flag(name: &str, matches: &ArgMatches) -> Option<String> {
    let text = matches.try_get_one::<String>(name).ok().flatten()?;
    (matches.value_source(name) == Some(ValueSource::CommandLine)).then(|| text.clone())
}

fn variable(name: &str) -> String {
    format!("BIZAUTH_{}", name.to_uppercase())
}

/// A documented settings file in which every line is a comment: as it stands it changes nothing.
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of bizauth. Every line is a comment that shows the default, or an example where there is none.\n\
         # A flag overrides the environment, the environment overrides this file.\n\
         # Durations are a number and a unit: 90s, 10m, 24h, 365d.\n",
    );
    for setting in SETTINGS {
        text.push('\n');
        for line in setting.doc {
            text.push_str(&format!("#{line}\n"));
        }
        let flag = setting.name.replace('_', "-");
        text.push_str(&format!("# Allowed: {}.\n# Also --{flag} or {}.\n", setting.allowed, variable(setting.name)));
        text.push_str(&format!("#{} = {}\n", setting.name, literal(setting)));
    }
    text
}

fn literal(setting: &Setting) -> String {
    match setting.form {
        Form::Text => format!("{:?}", setting.example),
        Form::Number | Form::Switch => setting.example.to_owned(),
        Form::List => "[]".to_owned(),
    }
}
