//! The settings, one row each, and what follows from the table: the fields of [`Config`], the flags, the
//! environment variables, the keys of the file, the template and the reference.
//!
//! A row is `name: type = "default", "UNIT", form, reader, "what is allowed"`; `~ "example"` instead of
//! `= "default"` makes a setting that is absent until somebody gives it. The first `///` line is the sentence of
//! `--help`; all of them go into the template. Nothing about a setting is written down anywhere else.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::read::{self, Database, LogFormat, Origin, TokeninfoCase};
use super::{Chosen, Mistake};

/// How a value is written in the file: the template needs to know, the reader does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Number,
    Switch,
    List,
}

/// One row of the table, without its type.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) preset: Option<&'static str>,
    pub(super) example: &'static str,
    pub(super) unit: &'static str,
    pub(super) form: Form,
    pub(super) allowed: &'static str,
    pub(super) doc: &'static [&'static str],
    reads: fn(&str) -> bool,
}

impl Setting {
    /// The row of this name.
    pub(super) fn named(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Judges a value, whether or not a stronger source overrides it later.
    pub(super) fn judge(&self, chosen: &Chosen) -> Result<(), Mistake> {
        if !chosen.text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
            && (self.reads)(&chosen.text)
        {
            return Ok(());
        }
        let shown =
            if self.secret() { "the value (hidden, it may hold a password)" } else { &format!("{:?}", chosen.text) };
        Err(Mistake(format!(
            "{}: {shown} from {} cannot be used; allowed is {}",
            self.name, chosen.source, self.allowed
        )))
    }

    /// Whether a wrong value must not be repeated to anyone.
    pub(super) fn secret(&self) -> bool {
        self.name == "database"
    }
}

macro_rules! settings {
    (@preset = $text:literal) => { Some($text) };
    (@preset ~ $text:literal) => { None };
    (@read = $read:path, $text:expr) => { $text.and_then($read) };
    (@read ~ $read:path, $text:expr) => { match $text { Some(text) => $read(text).map(Some), None => Some(None) } };
    ($( $(#[doc = $doc:literal])+ $name:ident: $type:ty, $kind:tt $text:literal, $unit:literal, $form:ident, $read:path, $allowed:literal; )*) => {
        /// Every setting of the server, judged; where each came from is in [`Config::shown`].
        #[derive(Clone, Debug)]
        pub struct Config {
            $( $(#[doc = $doc])+ pub $name: $type, )*
            /// What is allowed but probably not meant, one sentence each, to be logged at start.
            pub warnings: Vec<String>,
            pub(super) chosen: Vec<Chosen>,
        }

        pub(super) static SETTINGS: &[Setting] = &[$( Setting {
            name: stringify!($name),
            preset: settings!(@preset $kind $text),
            example: $text,
            unit: $unit,
            form: Form::$form,
            allowed: $allowed,
            doc: &[$($doc),+],
            reads: |text| $read(text).is_some(),
        } ),*];

        impl Config {
            /// Reads the chosen texts into fields. `None` only if one of them was never judged.
            pub(super) fn read(chosen: Vec<Chosen>) -> Option<Config> {
                let text = |name: &str| chosen.iter().find(|chosen| chosen.name == name).map(|chosen| chosen.text.as_str());
                Some(Config {
                    $( $name: settings!(@read $kind $read, text(stringify!($name)))?, )*
                    warnings: Vec::new(),
                    chosen,
                })
            }
        }
    };
}

settings! {
    /// Address and port on which apps and people reach the server.
    listen: SocketAddr, = "127.0.0.1:8080", "ADDRESS:PORT", Text, read::address,
        "an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:443 or [::]:443";
    /// Address and port of the operators' pages and API, and of health and metrics.
    /// The former ask for a sign-in or a key, the latter for nothing: keep it on loopback or behind a firewall.
    operator_listen: SocketAddr, = "127.0.0.1:8081", "ADDRESS:PORT", Text, read::address,
        "an IP address and a port, such as 127.0.0.1:8081";
    /// Folder of the embedded database and of everything else the server keeps.
    /// By hand it stands where you start the server, so that you see it; under systemd it is the unit's
    /// StateDirectory, the one place where a locked-down service may write.
    data: PathBuf, = "bizauth-data", "FOLDER", Text, read::path,
        "the path of a folder";
    /// Where the records are: `sqlite` (a file in the data folder) or the URL of a PostgreSQL database.
    /// Take PostgreSQL to run several nodes. A password is best given through BIZAUTH_DATABASE.
    database: Database, = "sqlite", "sqlite|URL", Text, read::database,
        "`sqlite` or postgres://user:password@host/name";
    /// File with the master key, which seals the seeds of one-time passwords (`bizauth master-key` makes and rotates it).
    /// With the embedded database it is `master.key` in the data folder and made at first need. With PostgreSQL give
    /// it, the same file on every node: two-factor sign-in does not work without.
    master_key: Option<PathBuf>, ~ "/etc/bizauth/master.key", "FILE", Text, read::path,
        "the path of a file";
    /// Connections to PostgreSQL that this node holds at most.
    database_connections: u32, = "16", "NUMBER", Number, read::connections,
        "a number from 1 to 1000";
    /// Living tokens that this node remembers at most, in 140 bytes each; 0 switches it off.
    /// What is remembered is forgotten in the instant in which anything changes that it depends on.
    remembered_tokens: u32, = "1000000", "NUMBER", Number, read::number,
        "a number from 0 to 1000000000";
    /// Public origin of the server, used in links and metadata; with https, cookies are marked Secure.
    /// Absent, the server answers for the address it listens on.
    origin: Option<Origin>, ~ "https://auth.example.com", "URL", Text, read::origin,
        "http:// or https://, a host and perhaps a port, without user, path or query, such as https://auth.example.com";
    /// File with the certificate chain (PEM), the server's own certificate first.
    /// Give it together with tls_key, and the server speaks TLS by itself.
    tls_certificate: Option<PathBuf>, ~ "/etc/bizauth/tls/chain.pem", "FILE", Text, read::path,
        "the path of a file";
    /// File with the private key of that certificate (PEM).
    tls_key: Option<PathBuf>, ~ "/etc/bizauth/tls/key.pem", "FILE", Text, read::path,
        "the path of a file";
    /// Reverse proxies whose word about the caller's address is believed.
    /// Anybody else's X-Forwarded-For is ignored.
    trusted_proxies: Vec<IpNet>, = "", "CIDR,…", List, read::networks,
        "IP addresses or CIDR ranges separated by commas, such as 10.0.0.0/8,2001:db8::1";
    /// How long an authorization code can be traded for a token.
    code_lifetime: Duration, = "10m", "DURATION", Text, read::code_lifetime,
        "a time from 1s to 1h, such as 90s or 10m";
    /// After how long without use a business token dies.
    token_idle_lifetime: Duration, = "365d", "DURATION", Text, read::token_idle_lifetime,
        "a time from 1s to 3650d, such as 24h or 365d";
    /// Authorization codes that one account may get for one app in a day; 0 switches the limit off.
    issuance_limit: u32, = "100", "NUMBER", Number, read::number,
        "a number from 0 to 1000000000";
    /// Tokens that one REST API key may be issued per minute (KOE237 beyond); 0 switches the limit off.
    token_rate: u32, = "600", "NUMBER", Number, read::number,
        "a number from 0 to 1000000000";
    /// How tokeninfo spells groups and states: `sample` as in the platform's sample (`moment`, `ACTIVE`),
    /// `table` as in its table of fields (`MOMENT`, `active`).
    tokeninfo_case: TokeninfoCase, = "sample", "sample|table", Text, read::tokeninfo_case,
        "`sample` or `table`";
    /// Time zone in which the day of an IP list change begins.
    ip_zone: TimeZone, = "Asia/Seoul", "ZONE", Text, read::zone,
        "the IANA name of a time zone, such as Asia/Seoul or UTC";
    /// Whether the IP list may name private and reserved ranges, as for a platform within a network of its own.
    ip_list_reserved: bool, = "false", "true|false", Switch, read::switch,
        "`true` or `false`";
    /// Whether everything about the IP list beside the documented endpoint can be read without an app key.
    /// Firewalls, calendars and feed readers have none to send; the documented endpoint asks for one in any case.
    ip_list_public: bool, = "true", "true|false", Switch, read::switch,
        "`true` or `false`";
    /// File with the key that signs the IP list: a secret key of minisign without a password
    /// (`bizauth ip-list new-key FILE` makes one). Absent, the list is not signed. Give every node the same file.
    ip_signing_key: Option<PathBuf>, ~ "/etc/bizauth/ip-list.key", "FILE", Text, read::path,
        "the path of a file";
    /// Whether webhooks of the IP list may go to private and loopback addresses, and there over plain http.
    ip_webhooks_inside: bool, = "false", "true|false", Switch, read::switch,
        "`true` or `false`";
    /// Whether a redirect URI may begin with the label `*.`; off, because an abandoned subdomain is then enough
    /// to collect codes.
    wildcard_redirects: bool, = "false", "true|false", Switch, read::switch,
        "`true` or `false`";
    /// How long entries of the audit log are kept.
    /// Absent, they are kept for ever. What is removed is noted in the log itself, and its chain goes on.
    audit_retention: Option<Duration>, ~ "1825d", "DURATION", Text, read::audit_retention,
        "a time from 1d to 36500d, such as 1825d";
    /// Open connections that one address may have (on IPv6 a /64); 0 switches the limit off.
    /// The proxies listed in trusted_proxies may have as many as they want.
    connections_per_address: u32, = "1000", "NUMBER", Number, read::number,
        "a number from 0 to 1000000000";
    /// How long the server works on one request before it answers with a fault.
    request_timeout: Duration, = "30s", "DURATION", Text, read::request_timeout,
        "a time from 1s to 10m, such as 30s";
    /// How long requests in flight may go on after the signal to stop.
    drain_timeout: Duration, = "20s", "DURATION", Text, read::drain_timeout,
        "a time from 0s to 10m, such as 20s";
    /// Which messages are logged: a level, or levels by part of the program.
    log: String, = "info", "FILTER", Text, read::filter,
        "a level (error, warn, info, debug, trace) or a list such as info,bizauth::http=debug";
    /// Shape of the log: lines for people or JSON for programs.
    log_format: LogFormat, = "text", "text|json", Text, read::log_format,
        "`text` or `json`";
}
