//! The asset picker of one group: what can be ticked, what cannot and why, and what the app has fixed beforehand.
//!
//! Order, search and paging are the caller's: a page of rows arrives here ready to be listed.

use fluent_bundle::FluentValue;

use super::{Frame, Value};

/// What kind of business asset a group lends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetKind {
    /// An ad account.
    #[default]
    AdAccount,
    /// A Kakao Talk channel.
    Channel,
}

impl AssetKind {
    /// The word that the Fluent files select on.
    pub const fn key(self) -> &'static str {
        match self {
            Self::AdAccount => "account",
            Self::Channel => "channel",
        }
    }
}

/// Why an asset cannot be lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlendable {
    /// The person's role on it does not allow lending.
    Role,
    /// The asset is suspended.
    Suspended,
    /// The asset is closed.
    Closed,
    /// Another reason, in the page's language.
    Other(String),
}

/// One asset, as the picker lists it.
#[derive(Clone, Debug, Default)]
pub struct AssetRow {
    /// The id of the asset, as `resource_ids` names it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AssetKind,
    /// The person's role on it: `owner`, `manager` …
    pub role: String,
    /// Why it cannot be lent; `None` when it can.
    pub reason: Option<Unlendable>,
    /// Whether it is ticked.
    pub picked: bool,
    /// Whether it was lent last time.
    pub before: bool,
}

impl AssetRow {
    /// Whether the person may lend it.
    pub fn lendable(&self) -> bool {
        self.reason.is_none()
    }
}

/// Why a group's choice was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickError {
    /// Nothing is ticked.
    NothingPicked,
    /// Something ticked can no longer be lent.
    NoLongerYours,
    /// All were chosen, and then some ticked or unticked.
    AllAndSome,
}

impl PickError {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::NothingPicked => "pick-error-nothing",
            Self::NoLongerYours => "pick-error-gone",
            Self::AllAndSome => "pick-error-both",
        }
    }
}

/// How the assets of one group are settled.
#[derive(Clone, Debug)]
pub enum Picker {
    /// The group has no assets: the person's own data.
    NoAssets,
    /// The app asked for all of them, now and in future; the person cannot narrow it.
    All {
        /// How many there are now.
        total: Tally,
    },
    /// The app named them; the person cannot change them.
    Fixed(Vec<AssetRow>),
    /// The person ticks.
    Choose(Choice),
}

/// How many there are, as far as anyone counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    n: usize,
    more: bool,
}

impl Tally {
    /// So many, counted up to one more than the records count.
    pub fn of(n: i64) -> Self {
        let more = n > bizauth_store::COUNTED;
        Tally { n: usize::try_from(n.min(bizauth_store::COUNTED)).unwrap_or(0), more }
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self.n == 0
    }

    /// For people: the number, with a sign where there are more.
    pub(super) fn told(self) -> String {
        if self.more { format!("{}+", self.n) } else { self.n.to_string() }
    }
}

/// As a number it chooses the plural.
impl Value for Tally {
    fn value(&self) -> FluentValue<'_> {
        if self.more { self.told().into() } else { self.n.into() }
    }
}

/// A page of assets to choose from.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The assets on this page, those that cannot be lent included.
    pub rows: Vec<AssetRow>,
    /// What was searched for; empty for everything.
    pub search: String,
    /// This page, from 1; `None` where there are more than are counted.
    pub page: Option<usize>,
    /// How many pages match the search, at least 1.
    pub pages: usize,
    /// Where this page begins or ends, for the way back to it.
    pub at: String,
    /// The asset that the page before this one comes before.
    pub newer: Option<String>,
    /// The asset that the page after this one follows.
    pub older: Option<String>,
    /// How many assets the person has in the group.
    pub total: Tally,
    /// How many of them match the search.
    pub matching: Tally,
    /// How many are ticked that this page does not show.
    pub picked_elsewhere: usize,
    /// Whether "all, now and in future" is chosen.
    pub all_chosen: bool,
    /// What is wrong with the choice.
    pub error: Option<PickError>,
}

impl Choice {
    /// A short list is read faster than it is searched.
    const SEARCH_FROM: usize = 8;

    pub(super) fn searchable(&self) -> bool {
        self.total.n >= Self::SEARCH_FROM || self.is_paged() || !self.search.is_empty()
    }

    pub(super) fn is_paged(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }

    pub(super) fn picked(&self) -> usize {
        self.rows.iter().filter(|row| row.picked && row.lendable()).count() + self.picked_elsewhere
    }
}

impl Frame {
    pub(super) fn role(&self, row: &AssetRow) -> String {
        self.words.role(&row.role, self.language)
    }

    pub(super) fn reason(&self, reason: &Unlendable) -> String {
        match reason {
            Unlendable::Role => self.say("unlendable-role"),
            Unlendable::Suspended => self.say("unlendable-suspended"),
            Unlendable::Closed => self.say("unlendable-closed"),
            Unlendable::Other(text) => text.clone(),
        }
    }
}
