//! Reading arguments into values. Each reader says in words what it wants, for the line after `error:`.

use crate::ip_document::strict_date;
use std::fmt;
use std::time::Duration;

use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind, Resource};
use bizauth_core::id::{AppId, KeyId, OperatorKeyId, TokenId};
use bizauth_core::key::{self, AppKey, KeyKind};
use bizauth_core::operator::Scope;
use bizauth_core::scope::{GroupId, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_core::user::{self, UserState};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use ipnet::IpNet;
use jiff::civil::Date;

use crate::config;

/// The longest text for people: names, companies, purposes.
const LONGEST: usize = 200;

/// How long an old client secret may live on beside its successor.
const LONGEST_OVERLAP: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

impl Switch {
    /// Whether it is on.
    pub(super) fn is_on(self) -> bool {
        self == Switch::On
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_on() { "on" } else { "off" })
    }
}

/// How a key is named on the command line.
#[derive(Clone, Debug)]
pub(super) enum KeyName {
    /// By its id.
    Id(KeyId),
    /// By its value, if that is no secret.
    Value(AppKey),
}

/// At most so many calls a day, or as many as it likes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota(pub(super) Option<i64>);

fn id(text: &str, what: &str, list: &str) -> Result<i64, String> {
    let id = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    id.ok_or_else(|| format!("{what} is a number; `{list}` shows it"))
}

pub(super) fn app_id(text: &str) -> Result<AppId, String> {
    id(text, "the id of an app", "bizauth app list").map(AppId)
}

pub(super) fn operator_key_id(text: &str) -> Result<OperatorKeyId, String> {
    id(text, "the id of an operator key", "bizauth operator key list").map(OperatorKeyId)
}

pub(super) fn token_id(text: &str) -> Result<TokenId, String> {
    id(text, "the id of a token", "bizauth token list APP").map(TokenId)
}

pub(super) fn key_name(text: &str) -> Result<KeyName, String> {
    // A value may consist of digits alone, but has more of them than any id.
    if let Some(value) = AppKey::read(text) {
        return Ok(KeyName::Value(value));
    }
    id(text, "a key is named by its value of 32 hexadecimal digits or by its id, which", "bizauth key list APP")
        .map(|id| KeyName::Id(KeyId(id)))
}

pub(super) fn email(text: &str) -> Result<String, String> {
    user::email(text).ok_or_else(|| "an e-mail address has a name, an @ and a host".to_owned())
}

pub(super) fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("it must not be empty".to_owned()),
        n if n > LONGEST => Err(format!("it has {n} characters, at most {LONGEST} fit")),
        _ if text.contains(char::is_control) => Err("it must not hold control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Groups and assets are named in `resource_ids`, so what can be named there is what they may be called.
pub(super) fn group_id(text: &str) -> Result<GroupId, String> {
    match Resource::read(&format!("{text}:*")) {
        Some(Resource::All(group)) => Ok(group),
        _ => Err("the id of a group has 1 to 64 letters, digits, _ or -".to_owned()),
    }
}

pub(super) fn asset_id(text: &str) -> Result<AssetId, String> {
    match Resource::read(&format!("group:{text}")) {
        Some(Resource::One(_, asset)) => Ok(asset),
        _ => Err("the id of an asset has 1 to 64 letters, digits, _ or -".to_owned()),
    }
}

pub(super) fn item_id(text: &str) -> Result<ItemId, String> {
    let group = group_id(text).map_err(|_| "the id of a consent item has 1 to 64 letters, digits, _ or -")?;
    Ok(ItemId(group.0))
}

pub(super) fn quota(text: &str) -> Result<Quota, String> {
    if text == "none" {
        return Ok(Quota(None));
    }
    id(text, "a quota", "none").map(|calls| Quota(Some(calls))).map_err(|_| "a quota is a number or `none`".to_owned())
}

pub(super) fn caller(text: &str) -> Result<IpNet, String> {
    key::caller(text)
        .ok_or_else(|| "a caller is an address or a network such as 203.0.113.0/24 or 2001:db8::/32".to_owned())
}

pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    let overlap = config::duration(text).filter(|overlap| *overlap <= LONGEST_OVERLAP);
    overlap.ok_or_else(|| "an overlap is a time from 0s to 365d, such as 24h".to_owned())
}

pub(super) fn date(text: &str) -> Result<Date, String> {
    strict_date(text).ok_or_else(|| "a date is written YYYY-MM-DD".to_owned())
}

/// A day begins at midnight in Seoul.
pub(super) fn instant(text: &str) -> Result<Time, String> {
    let instant = crate::audit_entry::instant(text);
    instant.ok_or_else(|| "a time is written 2026-11-21T12:00:00Z, or 2026-11-21 for its midnight in Seoul".to_owned())
}

/// A day ends at the next midnight in Seoul.
pub(super) fn until(text: &str) -> Result<Time, String> {
    let until = crate::audit_entry::until(text);
    until.ok_or_else(|| "a time is written 2026-11-21T12:00:00Z, or 2026-11-21 for that whole day in Seoul".to_owned())
}

pub(super) fn thing(text: &str) -> Result<(String, String), String> {
    let thing = text.split_once(':').filter(|(kind, id)| !kind.is_empty() && !id.is_empty());
    thing
        .map(|(kind, id)| (kind.to_owned(), id.to_owned()))
        .ok_or_else(|| "a thing is written KIND:ID, such as app:512345678901234".to_owned())
}

/// A head of the audit log that was noted elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) seq: i64,
    pub(super) digest: Digest,
}

pub(super) fn noted_head(text: &str) -> Result<Noted, String> {
    let read = || {
        let (seq, digest) = text.split_once(':')?;
        let digits = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.then(|| &digest[2 * at..2 * at + 2])?, 16).ok()?;
        }
        Some(Noted { seq: seq.parse().ok().filter(|seq| *seq > 0)?, digest: Digest(bytes) })
    };
    read().ok_or_else(|| "a head is SEQ:DIGEST, as `bizauth audit verify` prints it".to_owned())
}

pub(super) fn app_kind() -> impl TypedValueParser<Value = AppKind> {
    one_of([AppKind::Basic, AppKind::Biz, AppKind::Test].map(|kind| (kind, kind.word())))
}

pub(super) fn own_app_kind() -> impl TypedValueParser<Value = AppKind> {
    one_of([AppKind::Basic, AppKind::Biz].map(|kind| (kind, kind.word())))
}

pub(super) fn key_kind() -> impl TypedValueParser<Value = KeyKind> {
    one_of(KeyKind::ALL.map(|kind| (kind, kind.word())))
}

pub(super) fn asset_kind() -> impl TypedValueParser<Value = AssetKind> {
    one_of([AssetKind::AdAccount, AssetKind::Channel].map(|kind| (kind, kind.word())))
}

pub(super) fn user_state() -> impl TypedValueParser<Value = UserState> {
    one_of(UserState::ALL.map(|state| (state, state.word())))
}

pub(super) fn operator_scope() -> impl TypedValueParser<Value = Scope> {
    one_of(Scope::ALL.map(|scope| (scope, scope.word())))
}

fn one_of<T, const N: usize>(words: [(T, &'static str); N]) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let known = PossibleValuesParser::new(words.map(|(_, word)| word));
    known.map(move |word| words.iter().find(|(_, known)| *known == word).expect("clap lets only these through").0)
}
