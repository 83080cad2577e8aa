//! `GET /ip-list/feed.atom`: an entry for each publication (RFC 4287), for people and for what reads feeds.

use std::fmt::Write;

use bizauth_core::ips::{Revised, Step, date_at, revise};
use bizauth_core::secret::Digest;
use bizauth_store::{Published, Turn};

use super::told::{editions, in_a_sentence};
use super::{Answer, Asked, origin};
use crate::http::reply::KapiError;
use crate::ip_list::hex;

/// Entries of the feed. Each is made of two versions, which are read whole.
const ENTRIES: i64 = 8;

/// The newest publications.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&[])?;
    let newest = asked.newest().await?;
    let versions = asked.it.store.ip_versions(&Turn::First, ENTRIES + 1).await?.rows;
    let origin = escaped(&origin(&asked.it, &asked.headers));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{}</id>\n<title>IP list</title>\n<updated>{}</updated>\n<author><name>bizauth</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{origin}/ip-list/feed.atom\"/>\n\
         <link rel=\"alternate\" type=\"application/json\" href=\"{origin}/ip-list\"/>\n",
        urn(0, &asked),
        newest.version.published_at.to_utc(),
    );
    let count = usize::try_from(ENTRIES).unwrap_or(0);
    for version in versions.iter().take(count) {
        let published = asked.version(&version.serial.to_string()).await?;
        text.push_str(&entry(&asked, &published, &origin).await?);
    }
    text.push_str("</feed>\n");
    Ok(asked.answer("application/atom+xml;charset=UTF-8", text, Some(newest.version.published_at)))
}

async fn entry(asked: &Asked, published: &Published, origin: &str) -> Result<String, KapiError> {
    let (version, serial) = (&published.version, published.serial);
    let before = asked.it.store.ip_version(serial - 1).await?;
    let day = date_at(version.published_at.millis(), &asked.it.config.ip_zone);
    let (old, new) = editions(before.as_ref().map(|before| &*before.list), &published.list, day);
    let changes = revise(old.as_ref(), &new);
    let at = version.published_at.to_utc();
    Ok(format!(
        "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{at}</updated>\n<published>{at}</published>\n\
         <link rel=\"alternate\" type=\"text/plain\" href=\"{origin}/ip-list/history/{serial}\"/>\n\
         <content type=\"text\">{}</content>\n</entry>\n",
        urn(serial, asked),
        escaped(&format!("Version {serial}: {}", in_a_sentence(&changes))),
        escaped(&changes.iter().map(lines).collect::<String>()),
    ))
}

/// What changed in a service, line by line.
fn lines(it: &Revised) -> String {
    let mut text = format!("{} {}\n", it.rule, it.service);
    if let Some((before, after)) = &it.ports {
        let _ = writeln!(text, "  ports {before:?} become {after:?}");
    }
    for (sign, ips) in [('-', &it.gone), ('+', &it.come)] {
        for cidr in ips {
            let _ = writeln!(text, "  {sign} {cidr}");
        }
    }
    for (word, steps) in [("withdrawn:", &it.withdrawn), ("announced:", &it.announced)] {
        for step in steps {
            let _ = writeln!(text, "  {word} {}", step_line(step));
        }
    }
    text
}

fn step_line(step: &Step) -> String {
    let ips: Vec<&str> = step.ips.iter().map(bizauth_core::ips::Cidr::as_published).collect();
    let note = if step.note.is_empty() { String::new() } else { format!(" ({})", step.note) };
    format!("{} on {} of {}{note}", step.change.as_str(), step.date, ips.join(" "))
}

/// An id that is always the same, wherever the server answers: of the zone's list and the serial.
fn urn(serial: i64, asked: &Asked) -> String {
    let origin = asked.it.config.origin.as_ref().map_or("", |origin| origin.as_str());
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&Digest::of(format!("bizauth ip list\n{origin}\n{serial}").as_bytes()).0[..16]);
    // RFC 9562, section 5.8: a UUID of its maker's own making.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex(&bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Text in XML; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t');
    let kept: String = kept.filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
