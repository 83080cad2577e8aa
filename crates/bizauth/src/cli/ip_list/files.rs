//! Lists in files, as they are imported, judged and compared.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bizauth_client::IpDocument;
use bizauth_core::ips::IpList;

use super::super::refusal::{refuse, unreadable};
use crate::ip_document::{Flaws, list_from_document};

/// The largest document, in bytes; the client has the same bound.
const LARGEST: u64 = 10 << 20;

/// The list in a file, or on stdin.
pub(super) fn list(path: &Path) -> anyhow::Result<IpList> {
    checked(&document(path)?)
}

/// The list that a document is.
pub(super) fn checked(document: &IpDocument) -> anyhow::Result<IpList> {
    list_from_document(document).map_err(refused)
}

fn document(path: &Path) -> anyhow::Result<IpDocument> {
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

fn refused(flaws: Flaws) -> anyhow::Error {
    refuse(flaws.to_string(), "nothing was published; mend the list and import it again")
}
