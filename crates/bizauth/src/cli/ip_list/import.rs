//! `bizauth ip-list import`: from a file, from stdin, or from a platform that publishes a list. All or nothing.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bizauth_client::{Client, Fetched, Hosts, IpDocument, SecretString};
use bizauth_core::ips::{IpList, date_at};
use clap::ArgGroup;
use serde_json::json;
use url::{Host, Url};

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::refusal::{refuse, unreadable};
use crate::ip_document::{Flaws, list_from_document};

/// The largest document, in bytes; the client has the same bound.
const LARGEST: u64 = 10 << 20;

/// The longest key file, in bytes.
const LONGEST_KEY: u64 = 4096;

/// Where the list comes from.
#[derive(clap::Args)]
#[command(
    group = ArgGroup::new("source").required(true).args(["file", "from"]),
    after_help = "Examples:\n  bizauth ip-list import list.json\n  \
                  bizauth ip-list import --from https://kapi.kakao.com --key-file admin-key.txt\n\n\
                  The file is what GET /v1/system/ips answers; `addition` and `exclusion` may also be lists."
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
}

impl Import {
    /// Reads the list, judges it and publishes it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let document = match (&self.from, &self.key_file, &self.file) {
            (Some(from), Some(key_file), _) => fetch(desk, from, key_file).await?,
            (_, _, Some(file)) => read(file)?,
            _ => return Err(refuse("there is no list to import", "name a file, or - for stdin")),
        };
        let list = list_from_document(&document).map_err(refused)?;
        publish(desk, list).await
    }
}

async fn publish(desk: &mut Desk<'_>, list: IpList) -> anyhow::Result<()> {
    let today = date_at(desk.now.millis(), &desk.config.ip_zone);
    let next = list.next_change(today).map(|date| date.to_string());
    let (inbound, outbound, updated) = (list.inbound().len(), list.outbound().len(), list.updated().to_string());
    let serial = desk.by().publish_ips(list).await?;
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
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<IpDocument> {
    let (name, bytes) = match path.to_str() {
        Some("-") => ("stdin".to_owned(), bounded(io::stdin().lock())),
        _ => (path.display().to_string(), File::open(path).and_then(bounded)),
    };
    let bytes = bytes.map_err(|error| unreadable(&name, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(format!("{name} is larger than 10 MiB"), "see that it is the IP list"));
    }
    IpDocument::from_json(&bytes).map_err(|error| {
        let hint = "the file must be what GET /v1/system/ips answers: inbound, outbound and updatedDate, as plain JSON";
        refuse(format!("{name} is not an IP list: {error}"), hint)
    })
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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

fn refused(flaws: Flaws) -> anyhow::Error {
    refuse(flaws.to_string(), "nothing was published; mend the list and import it again")
}
