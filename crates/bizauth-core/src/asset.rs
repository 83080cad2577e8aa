//! Business assets: what a person can lend, and how `resource_ids` names it.

use std::fmt;

use crate::id::HoldingId;
use crate::scope::GroupId;

/// The platform's id of an asset, as it stands in `resource_ids` and in tokeninfo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub String);

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What kind of asset it is, and so in which list of tokeninfo it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetKind {
    /// `ad_account_ids`.
    AdAccount,
    /// `channel_public_ids`.
    Channel,
}

impl AssetKind {
    /// The word used in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            AssetKind::AdAccount => "ad_account",
            AssetKind::Channel => "channel",
        }
    }

    /// Reads [`AssetKind::word`].
    pub fn read(word: &str) -> Option<Self> {
        [AssetKind::AdAccount, AssetKind::Channel].into_iter().find(|kind| kind.word() == word)
    }
}

/// An asset and what one account may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// This account's hold on it; a new one if it was lost and regained.
    pub id: HoldingId,
    /// The group it belongs to.
    pub group: GroupId,
    /// The platform's id.
    pub asset: AssetId,
    /// Ad account or channel.
    pub kind: AssetKind,
    /// Its name.
    pub name: String,
    /// The account's role on it, such as `owner` or `manager`.
    pub role: String,
    /// Whether the account may lend it.
    pub lendable: bool,
}

/// One `resource_ids` value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `group:*`: all assets of the group, those of the future too.
    All(GroupId),
    /// `group:id`: this one.
    One(GroupId, AssetId),
}

impl Resource {
    /// Reads `group:id` or `group:*`. Ids are letters, digits, `_` and `-`, at most 64 of them.
    pub fn read(text: &str) -> Option<Self> {
        let (group, id) = text.split_once(':')?;
        let plain = |s: &str| {
            (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        match id {
            _ if !plain(group) => None,
            "*" => Some(Resource::All(group.into())),
            id if plain(id) => Some(Resource::One(group.into(), AssetId(id.to_owned()))),
            _ => None,
        }
    }

    /// The group it speaks of.
    pub fn group(&self) -> &GroupId {
        match self {
            Resource::All(group) | Resource::One(group, _) => group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_a_group_and_an_id_or_a_star() {
        let one = |g: &str, id: &str| Some(Resource::One(g.into(), AssetId(id.to_owned())));
        for (text, read) in [
            ("moment:123", one("moment", "123")),
            ("moment:_ZeUTxl", one("moment", "_ZeUTxl")),
            ("moment:*", Some(Resource::All("moment".into()))),
            ("moment", None),
            ("moment:", None),
            (":1", None),
            ("moment:1:2", None),
            ("moment:**", None),
            ("moment:1,2", None),
            ("moment: 1", None),
            ("*:*", None),
            ("모먼트:1", None),
        ] {
            assert_eq!(Resource::read(text), read, "{text}");
        }
        assert_eq!(Resource::read(&format!("moment:{}", "1".repeat(65))), None);
    }
}
