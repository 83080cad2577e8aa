//! What the follower is told by its configuration file: where the list comes from, what to believe, where to put it.

use std::fs;
use std::path::{Path, PathBuf};

use bizauth_core::ips::{Cidr, Cover, RuleType, Window, seoul};
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::targets::{self, Target};

/// The configuration, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the list comes from.
    pub source: Source,
    /// A file with one of the app's keys, if the source is a platform.
    pub key_file: Option<PathBuf>,
    /// Where the follower keeps what it knows.
    pub state: PathBuf,
    /// The zone in which a date begins.
    pub zone: TimeZone,
    /// How early additions are made, and how late removals.
    pub window: Window,
    /// How much of a service may leave unannounced, in percent.
    pub max_shrink_percent: u8,
    /// From what age on, in hours, a list is too old to be healthy.
    pub max_age_hours: u32,
    /// How long the agent waits between two fetches, in minutes.
    pub interval_minutes: u32,
    /// Whether networks are believed that reach nobody on the public network.
    pub allow_reserved: bool,
    /// The publisher's public key, as minisign writes it.
    pub public_key: Option<String>,
    /// Where the signature is; beside a file it is the file's name with `.minisig`.
    pub signature: Option<String>,
    /// Where metrics are written for the textfile collector.
    pub metrics_file: Option<PathBuf>,
    /// Addresses that are always let through where other addresses are kept out.
    pub allow: Cover,
    /// A program to run before anything is changed; if it fails, nothing is.
    pub before: Vec<String>,
    /// A program to run after something was changed; if it fails, the change is taken back.
    pub after: Vec<String>,
    /// Where the list is put.
    pub targets: Vec<Place>,
}

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A platform, by its base address; the path is the contract's.
    Platform(String),
    /// A file with what the platform would answer.
    File(PathBuf),
}

/// One place where the list is put.
#[derive(Clone, Debug)]
pub struct Place {
    /// The kind.
    pub target: &'static Target,
    /// The name that tells it from others of its kind: of the table, of the sets, of the variables.
    pub name: String,
    /// The file to write, for targets that are files.
    pub file: Option<PathBuf>,
    /// Only one of the two lists.
    pub list: Option<RuleType>,
    /// Only these services; all if there are none.
    pub services: Vec<String>,
    /// Whether addresses that are not on the list are kept out, from the ports of those that are.
    pub enforce: Enforce,
    /// A program that judges the file before it counts; it is put back if the program fails.
    pub check: Vec<String>,
    /// A program that makes the file count.
    pub reload: Vec<String>,
}

/// Which lists are enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enforce {
    /// Nobody else reaches the ports of the services that call.
    pub inbound: bool,
    /// Nothing else is reached on the ports of the services that are called.
    pub outbound: bool,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
    /// The file cannot be read.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    File(PathBuf, std::io::Error),
    /// It is not the TOML that is wanted; the text has the line.
    #[error("{} is not a configuration: {}", .0.display(), .1)]
    Toml(PathBuf, String),
    /// A value does not fit.
    #[error("{name}: {why}")]
    Value {
        /// The setting.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    key_file: Option<PathBuf>,
    state: Option<PathBuf>,
    zone: Option<String>,
    early_days: Option<u16>,
    late_days: Option<u16>,
    max_shrink_percent: Option<u8>,
    max_age_hours: Option<u32>,
    interval_minutes: Option<u32>,
    #[serde(default)]
    allow_reserved: bool,
    public_key: Option<String>,
    signature: Option<String>,
    metrics_file: Option<PathBuf>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    before: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    target: Vec<WrittenPlace>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPlace {
    kind: String,
    name: Option<String>,
    file: Option<PathBuf>,
    list: Option<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    enforce: Vec<String>,
    #[serde(default)]
    check: Vec<String>,
    #[serde(default)]
    reload: Vec<String>,
}

impl Settings {
    /// Where the configuration is looked for if no file is named.
    pub const FILE: &'static str = "/etc/bizauth/ips.toml";

    /// Reads the configuration file.
    pub fn load(path: &Path) -> Result<Settings, Mistake> {
        let text = fs::read_to_string(path).map_err(|error| Mistake::File(path.to_owned(), error))?;
        Settings::read(&text).map_err(|mistake| match mistake {
            Mistake::Toml(_, why) => Mistake::Toml(path.to_owned(), why),
            other => other,
        })
    }

    /// Reads a configuration.
    pub fn read(text: &str) -> Result<Settings, Mistake> {
        let written: Written =
            toml::from_str(text).map_err(|error| Mistake::Toml(PathBuf::new(), error.to_string().trim().to_owned()))?;
        let source = match written.source.starts_with("http://") || written.source.starts_with("https://") {
            true => Source::Platform(written.source),
            false => Source::File(written.source.into()),
        };
        let zone = match &written.zone {
            None => seoul(),
            Some(name) => {
                let found = TimeZoneDatabase::bundled().get(name);
                found.map_err(|_| mistake("zone", format!("there is no time zone {name:?}")))?
            }
        };
        let window = Window { early: written.early_days.unwrap_or(1), late: written.late_days.unwrap_or(1) };
        if window.early > 365 || window.late > 365 {
            return Err(mistake("early_days", "early_days and late_days are at most 365"));
        }
        let max_shrink_percent = written.max_shrink_percent.unwrap_or(20);
        if max_shrink_percent > 100 {
            return Err(mistake("max_shrink_percent", "it is at most 100"));
        }
        let interval_minutes = written.interval_minutes.unwrap_or(60);
        if interval_minutes == 0 {
            return Err(mistake("interval_minutes", "it is at least 1"));
        }
        let mut allow = Vec::new();
        for text in &written.allow {
            let cidr = Cidr::parse(text).map_err(|error| mistake("allow", format!("{text:?} {error}")))?;
            allow.push(cidr.network());
        }
        if written.signature.is_some() && written.public_key.is_none() {
            return Err(mistake("signature", "without public_key nobody checks it"));
        }
        if matches!(source, Source::Platform(_)) && written.public_key.is_some() && written.signature.is_none() {
            return Err(mistake("public_key", "signature must say where the signature is"));
        }
        let mut targets = Vec::new();
        for (at, place) in written.target.into_iter().enumerate() {
            targets.push(read_place(&format!("target[{at}]"), place)?);
        }
        for (at, place) in targets.iter().enumerate() {
            if targets[..at].iter().any(|other| other.id() == place.id()) {
                return Err(mistake(&format!("target[{at}]"), format!("{} is there twice", place.id())));
            }
        }
        Ok(Settings {
            source,
            key_file: written.key_file,
            state: written.state.unwrap_or_else(|| "/var/lib/bizauth-ips".into()),
            zone,
            window,
            max_shrink_percent,
            max_age_hours: written.max_age_hours.unwrap_or(48),
            interval_minutes,
            allow_reserved: written.allow_reserved,
            public_key: written.public_key,
            signature: written.signature,
            metrics_file: written.metrics_file,
            allow: Cover::of(allow),
            before: written.before,
            after: written.after,
            targets,
        })
    }

    /// The day it is at `now`.
    pub fn day(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }

    /// The instant at which `date` begins.
    pub fn midnight(&self, date: Date) -> Option<Timestamp> {
        Some(date.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    /// The instant at which the day after that of `now` begins.
    pub fn next_midnight(&self, now: Timestamp) -> Option<Timestamp> {
        self.midnight(self.day(now).saturating_add(1.day()))
    }
}

impl Place {
    /// A place of this kind under its usual name, for a look at what would be written.
    pub fn of(target: &'static Target) -> Place {
        Place {
            target,
            name: "bizauth".to_owned(),
            file: None,
            list: None,
            services: Vec::new(),
            enforce: Enforce::default(),
            check: Vec::new(),
            reload: Vec::new(),
        }
    }

    /// What tells it from every other place, and is fit for a file's name.
    pub fn id(&self) -> String {
        let file = self.file.as_ref().map(|file| format!("-{}", file.display())).unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '_' };
        format!("{}-{}{file}", self.target.name, self.name).chars().map(plain).collect()
    }
}

fn mistake(name: &str, why: impl Into<String>) -> Mistake {
    Mistake::Value { name: name.to_owned(), why: why.into() }
}

fn read_place(at: &str, written: WrittenPlace) -> Result<Place, Mistake> {
    let target = targets::named(&written.kind)
        .ok_or_else(|| mistake(&format!("{at}.kind"), format!("there is no target {:?}", written.kind)))?;
    let name = written.name.unwrap_or_else(|| "bizauth".to_owned());
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 12
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !plain {
        return Err(mistake(&format!("{at}.name"), "it is a letter, and then at most eleven letters, digits and _"));
    }
    let list = match written.list.as_deref() {
        None => None,
        Some(text) => {
            Some(RuleType::read(text).ok_or_else(|| mistake(&format!("{at}.list"), "it is inbound or outbound"))?)
        }
    };
    let mut enforce = Enforce::default();
    for word in &written.enforce {
        match RuleType::read(word) {
            Some(RuleType::Inbound) => enforce.inbound = true,
            Some(RuleType::Outbound) => enforce.outbound = true,
            None => return Err(mistake(&format!("{at}.enforce"), "it is a list of inbound and outbound")),
        }
    }
    if enforce != Enforce::default() && target.live.is_none() {
        return Err(mistake(&format!("{at}.enforce"), format!("{} enforces nothing by itself", target.name)));
    }
    match (target.live.is_some(), &written.file) {
        (false, None) => return Err(mistake(&format!("{at}.file"), "there must be one to write")),
        (true, Some(_)) => return Err(mistake(&format!("{at}.file"), format!("{} writes no file", target.name))),
        _ => {}
    }
    let (file, services, check, reload) = (written.file, written.services, written.check, written.reload);
    Ok(Place { target, name, file, list, services, enforce, check, reload })
}
