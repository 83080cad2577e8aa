//! The consent screen: who asks, for what, where, for how long, and what is new since last time.
//!
//! Posts to `/consent`: `id`, `form_token`, `action`, and for each group that chooses `choice.<group>`,
//! `find.<group>`, `asset.<group>` (ticked) and `shown.<group>` (listed, so that ticks of other pages survive).

use askama::Template;
pub use bizauth_core::scope::Risk;

use super::console::Preview;
use super::{AssetKind, Frame, PickError, Picker};

/// One consent item, in a person's words.
#[derive(Clone, Debug, Default)]
pub struct ItemView {
    /// The id, such as `moment_management`.
    pub id: String,
    /// Its name, in the page's language.
    pub name: String,
    /// What it allows, in the page's language.
    pub about: String,
    /// Why it deserves a second look.
    pub risk: Option<Risk>,
    /// What the developer says it is for.
    pub purpose: Option<String>,
    /// Whether it was not among the items agreed to last time.
    pub new: bool,
}

/// One service: its consent items, and where they apply.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// The id, such as `moment`.
    pub id: String,
    /// Its name, in the page's language.
    pub name: String,
    /// What the group lends.
    pub kind: AssetKind,
    /// What is asked for, in the order asked.
    pub items: Vec<ItemView>,
    /// Where it applies.
    pub picker: Picker,
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The year.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

/// One difference from what was agreed to last time. Each holds a display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An item not asked for last time.
    ItemAdded(String),
    /// An item asked for last time, and not now.
    ItemDropped(String),
    /// An asset lent last time that the person can no longer lend.
    AssetGone(String),
    /// A group that is now asked for as a whole.
    NowAll(String),
    /// A group whose assets the app now names itself.
    NowFixed(String),
}

/// What differs from the last consent for the same app.
#[derive(Clone, Debug)]
pub struct Changes {
    /// When the person last agreed.
    pub last: Day,
    /// The differences; none means that the same is asked again.
    pub lines: Vec<Change>,
}

/// `GET /consent?id=…`.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// The frame around the page; its account is the one that consents.
    pub frame: Frame,
    /// The id of the parked request.
    pub id: String,
    /// The token that proves the form is ours.
    pub form_token: String,
    /// The app's name.
    pub app_name: String,
    /// Where the app's icon is, if it has one.
    pub icon: Option<String>,
    /// The company or person behind the app.
    pub developer: String,
    /// The exact host, with a port if it has one, that the answer goes to.
    pub host: String,
    /// Whether the app is a test app.
    pub test_app: bool,
    /// What is asked for, service by service.
    pub groups: Vec<GroupView>,
    /// What differs from last time; `None` the first time.
    pub changes: Option<Changes>,
    /// After so many days without use a token ends by itself.
    pub idle_days: usize,
    /// Where consent can be taken back, if this server has such a page.
    pub connected_url: Option<String>,
    /// What stands above it where a developer looks at it beforehand; then nothing on it can be answered.
    pub preview: Option<Preview>,
}

impl ConsentPage {
    fn title(&self) -> String {
        self.frame.fill("consent-title", "app", &self.app_name)
    }

    /// The first letter of the app's name, for its tile.
    fn initial(&self) -> String {
        super::console::initial(&self.app_name)
    }

    /// The groups that lend assets.
    fn places(&self) -> impl Iterator<Item = &GroupView> {
        self.groups.iter().filter(|group| !matches!(group.picker, Picker::NoAssets))
    }

    fn chooses(&self) -> bool {
        self.groups.iter().any(|group| matches!(group.picker, Picker::Choose(_)))
    }

    /// The groups whose choice was refused, with the sentence about it.
    fn errors(&self) -> Vec<(&GroupView, String)> {
        let refused = |group| match group {
            &GroupView { picker: Picker::Choose(ref choice), .. } => choice.error,
            _ => None,
        };
        let line = |group, error: PickError| (group, self.error_text(group, error));
        self.groups.iter().filter_map(|group| refused(group).map(|error| line(group, error))).collect()
    }

    fn error_text(&self, group: &GroupView, error: PickError) -> String {
        self.frame.fill2(error.key(), &("group", &group.name), &("kind", group.kind.key()))
    }

    fn risk_text(&self, risk: &Risk) -> String {
        super::named::risk_text(&self.frame.words, self.frame.language, *risk)
    }

    fn change_text(&self, change: &Change) -> String {
        let (key, name) = match change {
            Change::ItemAdded(name) => ("change-item-added", name),
            Change::ItemDropped(name) => ("change-item-dropped", name),
            Change::AssetGone(name) => ("change-asset-gone", name),
            Change::NowAll(name) => ("change-now-all", name),
            Change::NowFixed(name) => ("change-now-fixed", name),
        };
        self.frame.fill(key, "name", name)
    }

    fn day(&self, day: Day) -> String {
        let (year, month, day) = (day.year.to_string(), usize::from(day.month), usize::from(day.day));
        let args = [("year", year.as_str().into()), ("month", month.into()), ("day", day.into())];
        self.frame.words.say_with(self.frame.language, "day", &args)
    }
}
