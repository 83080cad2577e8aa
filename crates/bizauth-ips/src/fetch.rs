//! Getting the list, and judging whether to believe it.
//!
//! What is refused leaves everything as it was: the last list that was believed goes on with its schedule. The one
//! judgement that needs the schedule is that of a shrink: what was announced may leave, what was not may not, beyond
//! a limit.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use bizauth_client::{Client, Error, FetchedBytes, Hosts, SecretString};
use bizauth_core::ips::{Difference, IpList, compare};
use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};

use crate::document::{self, LARGEST, Unreadable};
use crate::settings::{Settings, Source};
use crate::state::{Folder, Kept, StateError, digest_of, time};

/// What the source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// A document, unread.
    Offer(Offer),
    /// The list is still the one that was believed last.
    NotModified,
}

/// A document that nobody believes yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Its bytes.
    pub body: Vec<u8>,
    /// The tag to ask with next time.
    pub etag: Option<String>,
    /// The text of its signature.
    pub signature: Option<String>,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is believed from now on; these services differ from what was known. Empty for a first list.
    Believed(Vec<Difference>),
    /// It is the one that was believed already.
    Confirmed,
}

/// Why a list was not believed, in one word: the label of a metric, and what scripts look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No whole answer came.
    Unreachable,
    /// The answer was another than 200.
    Status,
    /// It is a page.
    Page,
    /// It is not a list of the documents' form, or none that makes sense.
    Malformed,
    /// It has no service.
    Empty,
    /// The signature is missing, broken, or of somebody else.
    Signature,
    /// It is older than the one that was believed.
    Older,
    /// More than the limit left unannounced.
    Shrink,
    /// It would open more than any platform can own.
    TooWide,
    /// An operator took it back.
    TakenBack,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 10] = [
        Reason::Unreachable,
        Reason::Status,
        Reason::Page,
        Reason::Malformed,
        Reason::Empty,
        Reason::Signature,
        Reason::Older,
        Reason::Shrink,
        Reason::TooWide,
        Reason::TakenBack,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Unreachable => "unreachable",
            Reason::Status => "status",
            Reason::Page => "page",
            Reason::Malformed => "malformed",
            Reason::Empty => "empty",
            Reason::Signature => "signature",
            Reason::Older => "older",
            Reason::Shrink => "shrink",
            Reason::TooWide => "too_wide",
            Reason::TakenBack => "taken_back",
        }
    }

    /// Whether an operator may insist. Nobody can insist on what cannot be read, or on a signature that is broken.
    pub fn may_be_overruled(self) -> bool {
        matches!(self, Reason::Older | Reason::Shrink | Reason::TooWide | Reason::TakenBack)
    }
}

/// Why there is no new list.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It was refused; the last list that was believed stays.
    #[error("the list was refused ({}): {detail}", .reason.word())]
    Refused {
        /// In one word.
        reason: Reason,
        /// In words.
        detail: String,
    },
    /// The follower's own setting is in the way; nothing was asked.
    #[error("{0}")]
    Setting(String),
    /// There is none to go back to.
    #[error("there is no list before this one")]
    NoEarlier,
    /// The folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

fn refused(reason: Reason, detail: impl Into<String>) -> FetchError {
    FetchError::Refused { reason, detail: detail.into() }
}

/// Asks the source. `key` is one of the app's keys, for a platform; `known` the tag of the list believed last.
pub async fn ask(settings: &Settings, key: Option<&SecretString>, known: Option<&str>) -> Result<Arrived, FetchError> {
    match &settings.source {
        Source::File(path) => {
            let unreachable =
                |error| refused(Reason::Unreachable, format!("{} cannot be read: {error}", path.display()));
            let body = bounded(path).map_err(unreachable)?;
            let beside = format!("{}.minisig", path.display());
            let beside = settings.signature.clone().unwrap_or(beside);
            let signature = settings.public_key.as_ref().and_then(|_| fs::read_to_string(beside).ok());
            Ok(Arrived::Offer(Offer { body, etag: None, signature }))
        }
        Source::Platform(base) => {
            let setting = |error: Error| FetchError::Setting(error.to_string());
            let client = Client::new(Hosts::one(base).map_err(setting)?).map_err(setting)?;
            let key = key.ok_or_else(|| FetchError::Setting("there is no key to ask the platform with".to_owned()))?;
            let (body, etag) = match client.ip_list_bytes(key, known).await.map_err(told)? {
                FetchedBytes::NotModified => return Ok(Arrived::NotModified),
                FetchedBytes::Body { body, etag } => (body, etag),
            };
            let signature = match &settings.signature {
                Some(url) => {
                    // The key goes to whom it belongs to and to nobody else.
                    let own = url.strip_prefix(base.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
                    let file = if own { client.file(url, key).await } else { client.public_file(url).await };
                    let text = file.map_err(told)?;
                    Some(String::from_utf8(text).map_err(|_| refused(Reason::Signature, "it is not text"))?)
                }
                None => None,
            };
            Ok(Arrived::Offer(Offer { body, etag, signature }))
        }
    }
}

/// The client's error with its causes, as a refusal.
fn told(error: Error) -> FetchError {
    let reason = match &error {
        Error::Kapi { .. } | Error::Unexpected { .. } | Error::Kauth { .. } => Reason::Status,
        Error::TooLong { .. } => Reason::Malformed,
        _ => Reason::Unreachable,
    };
    let (mut detail, mut cause) = (error.to_string(), std::error::Error::source(&error));
    while let Some(error) = cause {
        detail.push_str(&format!(": {error}"));
        cause = error.source();
    }
    refused(reason, detail)
}

fn bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    File::open(path)?.take(LARGEST as u64 + 1).read_to_end(&mut body)?;
    Ok(body)
}

/// Judges an offer, and believes it or notes why not. `insist` overrules what may be overruled.
pub fn consider(
    folder: &mut Folder,
    settings: &Settings,
    offer: &Offer,
    now: Timestamp,
    insist: Insist,
) -> Result<Outcome, FetchError> {
    let judged = judge(folder, settings, offer, now, insist);
    if let Err(FetchError::Refused { reason, detail }) = &judged {
        folder.refuse(now, reason.word(), detail)?;
    }
    let Some((differences, serial)) = judged? else {
        confirm(folder, offer.etag.clone(), now)?;
        return Ok(Outcome::Confirmed);
    };
    let (digest, at) = (digest_of(&offer.body), not_before(folder, now));
    folder.journal.taken_back.retain(|taken_back| *taken_back != digest);
    folder.journal.failing_since = None;
    let kept = Kept { digest, accepted: at, confirmed: at, etag: offer.etag.clone(), serial };
    folder.believe(&offer.body, kept, settings)?;
    Ok(Outcome::Believed(differences))
}

/// The time of a list that is believed now: lists follow each other, whatever the clock says.
fn not_before(folder: &Folder, now: Timestamp) -> i64 {
    let last = folder.journal.versions.last().map(|kept| kept.accepted);
    last.unwrap_or(i64::MIN).max(now.as_millisecond())
}

/// Notes that the list believed last is still the publisher's.
pub fn confirm(folder: &mut Folder, etag: Option<String>, now: Timestamp) -> Result<(), StateError> {
    let kept = folder.journal.versions.last_mut().ok_or(StateError::NoList)?;
    kept.confirmed = kept.confirmed.max(now.as_millisecond());
    kept.etag = etag.or_else(|| kept.etag.take());
    folder.journal.failing_since = None;
    folder.save()
}

/// Whether an operator insists on believing what would be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Insist {
    /// No.
    #[default]
    No,
    /// Yes, having read why.
    Yes,
}

type Judged = Option<(Vec<Difference>, Option<u64>)>;

fn judge(
    folder: &Folder,
    settings: &Settings,
    offer: &Offer,
    now: Timestamp,
    insist: Insist,
) -> Result<Judged, FetchError> {
    let unless_insisted = |reason: Reason, detail: String| match insist {
        Insist::Yes => Ok(()),
        Insist::No => Err(refused(reason, detail)),
    };
    let list = document::read(&offer.body).map_err(unreadable)?;
    let serial = match &settings.public_key {
        Some(key) => signed_serial(key, offer)?,
        None => None,
    };
    let digest = digest_of(&offer.body);
    let Some(last) = folder.journal.versions.last() else {
        too_wide(settings, &list, now).map_or(Ok(()), |detail| unless_insisted(Reason::TooWide, detail))?;
        return Ok(Some((Vec::new(), serial)));
    };
    if last.digest == digest {
        return Ok(None);
    }
    if folder.journal.taken_back.contains(&digest) {
        unless_insisted(Reason::TakenBack, "an operator took this very list back".to_owned())?;
    }
    let known = folder.list(&last.digest)?;
    if let (Some(serial), Some(before)) = (serial, last.serial)
        && serial <= before
    {
        unless_insisted(Reason::Older, format!("its serial is {serial}, and {before} was believed already"))?;
    }
    if list.updated() < known.updated() {
        let detail = format!("it is of {}, and that of {} was believed already", list.updated(), known.updated());
        unless_insisted(Reason::Older, detail)?;
    }
    too_wide(settings, &list, now).map_or(Ok(()), |detail| unless_insisted(Reason::TooWide, detail))?;
    let differences = compare(&known, settings.day(time(last.confirmed)), &list, settings.day(now));
    let limit = settings.max_shrink_percent;
    let broken: Vec<String> = differences.iter().filter(|it| it.shrinks_beyond(limit)).map(shrunk).collect();
    if !broken.is_empty() {
        let detail = format!("more than {limit} % left unannounced: {}", broken.join("; "));
        unless_insisted(Reason::Shrink, detail)?;
    }
    Ok(Some((differences, serial)))
}

fn unreadable(error: Unreadable) -> FetchError {
    let reason = match &error {
        Unreadable::Nothing => Reason::Empty,
        Unreadable::Page => Reason::Page,
        Unreadable::Flaws(flaws) if flaws.are_of_an_empty_list() => Reason::Empty,
        _ => Reason::Malformed,
    };
    refused(reason, error.to_string())
}

fn shrunk(it: &Difference) -> String {
    let gone: Vec<String> = it.gone.unannounced.networks().iter().take(5).map(ToString::to_string).collect();
    let more = it.gone.unannounced.networks().len().saturating_sub(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {:?} lost {}{more}", it.rule, it.service, gone.join(" "))
}

fn too_wide(settings: &Settings, list: &IpList, now: Timestamp) -> Option<String> {
    use bizauth_core::ips::About;
    let remarks = list.lint(settings.day(now));
    let is_fatal =
        |about: &About| about.opens_too_much() && !(settings.allow_reserved && matches!(about, About::Reserved(..)));
    let first = remarks.iter().find(|remark| is_fatal(&remark.about))?;
    Some(first.to_string())
}

/// The serial that is signed with the list: `serial:N` among the words of minisign's trusted comment.
fn signed_serial(key: &str, offer: &Offer) -> Result<Option<u64>, FetchError> {
    let broken = |why: &str| refused(Reason::Signature, why);
    let key = PublicKey::from_base64(key.trim()).or_else(|_| PublicKey::decode(key));
    let key = key.map_err(|error| FetchError::Setting(format!("public_key: {error}")))?;
    let text = offer.signature.as_deref().ok_or_else(|| broken("there is no signature"))?;
    let signature = Signature::decode(text).map_err(|error| broken(&format!("it cannot be read: {error}")))?;
    key.verify(&offer.body, &signature, false).map_err(|error| broken(&error.to_string()))?;
    let words = signature.trusted_comment().split(|c: char| c.is_whitespace());
    Ok(words.filter_map(|word| word.strip_prefix("serial:")).find_map(|serial| serial.parse().ok()))
}

/// Takes the list believed last back, and believes the one before it again, from `now` on. The one taken back is
/// refused until somebody insists. Gives the digest of the list that is believed again.
pub fn roll_back(folder: &mut Folder, settings: &Settings, now: Timestamp) -> Result<String, FetchError> {
    let last = folder.journal.versions.last().ok_or(StateError::NoList)?.digest.clone();
    let before = folder
        .journal
        .versions
        .iter()
        .rev()
        .find(|it| it.digest != last && !folder.journal.taken_back.contains(&it.digest));
    let before = before.ok_or(FetchError::NoEarlier)?.clone();
    let bytes = fs::read(folder.path().join(format!("lists/{}.json", before.digest)))
        .map_err(|error| StateError::Io(folder.path().join("lists"), error))?;
    folder.list(&before.digest)?;
    if !folder.journal.taken_back.contains(&last) {
        folder.journal.taken_back.push(last);
    }
    let digest = before.digest.clone();
    // Not its tag: the platform would answer "not modified" to it only if it were still the one there.
    let kept = Kept { accepted: not_before(folder, now), etag: None, ..before };
    folder.believe(&bytes, kept, settings)?;
    Ok(digest)
}
