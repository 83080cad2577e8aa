//! `bizauth ip-list import`: from a file, from stdin, or from a platform that publishes a list. All or nothing.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bizauth_client::{Client, Fetched, Hosts, IpDocument, SecretString};
use bizauth_core::ips::{IpList, Weight};
use bizauth_store::{NewVersion, Publication};
use clap::ArgGroup;
use serde_json::json;
use url::{Host, Url};

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::refusal::{refuse, unreadable};
use super::files;
use crate::ip_list::terms;

/// The longest key file, in bytes.
const LONGEST_KEY: u64 = 4096;

/// Where the list comes from.
#[derive(clap::Args)]
#[command(
    group = ArgGroup::new("source").required(true).args(["file", "from"]),
    after_help = "Examples:\n  bizauth ip-list import list.json\n  \
                  bizauth ip-list import --from https://kapi.kakao.com --key-file admin-key.txt\n\n\
                  The file is what GET /v1/system/ips answers; `addition` and `exclusion` may also be lists, each with a \
                  `note` and who announced it (`announcedBy`)."
)]
pub(in crate::cli) struct Import {
    /// A JSON file, or - for stdin
    file: Option<PathBuf>,
    /// Fetch the list from this platform
    #[arg(long, value_name = "URL", requires = "key_file")]
    from: Option<String>,
    /// A file with one of your app keys there
    #[arg(long, value_name = "FILE", requires = "from")]
    key_file: Option<PathBuf>,
    /// Why, for the history and the audit log
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

impl Import {
    /// Reads the list, judges it and publishes it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let list = match (&self.from, &self.key_file, &self.file) {
            (Some(from), Some(key_file), _) => files::checked(&fetch(desk, from, key_file).await?)?,
            (_, _, Some(file)) => files::list(file)?,
            _ => return Err(refuse("there is no list to import", "name a file, or - for stdin")),
        };
        publish(desk, list, &self.reason).await
    }
}

async fn publish(desk: &mut Desk<'_>, list: IpList, reason: &str) -> anyhow::Result<()> {
    let terms = terms(&desk.config, desk.now);
    let before = desk.store.published_ips().await?;
    let warnings = list.verdict(before.as_ref().map(|before| &*before.list), &terms).others;
    let next = list.next_change(terms.today).map(|date| date.to_string());
    let (inbound, outbound, updated) = (list.inbound().len(), list.outbound().len(), list.updated().to_string());
    let by = if reason.is_empty() { desk.by() } else { desk.by().because(reason) };
    let serial = match by.publish_ips(NewVersion::of(list, terms)).await? {
        Publication::Done(serial) => serial,
        Publication::Refused(remarks) => {
            let told: Vec<String> = remarks.iter().map(|remark| format!("\n  {remark}")).collect();
            let hint = "nothing was published; `bizauth ip-list lint FILE` says all there is to say";
            return Err(refuse(format!("the list must not be published:{}", told.concat()), hint));
        }
        Publication::Overtaken => return Err(refuse("somebody else published a list", "import it again")),
    };
    let json = json!({
        "serial": serial,
        "inbound": inbound,
        "outbound": outbound,
        "updated": updated,
        "next_change": next,
    });
    desk.output.data(json, || {
        Rows::card([
            ("serial", serial.to_string()),
            ("inbound", format!("{inbound} services")),
            ("outbound", format!("{outbound} services")),
            ("updated", updated.clone()),
            ("next change", next.clone().unwrap_or_else(|| "none".to_owned())),
        ])
    })?;
    for remark in warnings.iter().filter(|it| it.about.weight() == Weight::Warning) {
        desk.output.note(&format!("warning: {remark}"));
    }
    Ok(())
}

async fn fetch(desk: &mut Desk<'_>, from: &str, key_file: &Path) -> anyhow::Result<IpDocument> {
    let client = Client::new(Hosts::one(from)?)?;
    let key = read_key(key_file)?;
    if in_the_clear(from) {
        desk.output.note("warning: over http the key travels in the clear");
    }
    match client.ip_list(&key, None, None).await? {
        Fetched::List { document, .. } => Ok(document),
        Fetched::NotModified => Err(refuse("the platform sent no list", "try again")),
    }
}

fn read_key(path: &Path) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_KEY).read_to_string(&mut text));
    read.map_err(|error| unreadable(&path.display().to_string(), &error))?;
    match text.trim() {
        "" => Err(refuse(format!("{} is empty", path.display()), "put one of your app keys into it")),
        key => Ok(key.into()),
    }
}

fn in_the_clear(from: &str) -> bool {
    Url::parse(from).is_ok_and(|url| {
        let local = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        url.scheme() == "http" && !local
    })
}
