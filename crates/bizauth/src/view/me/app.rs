//! One connected app.

use askama::Template;

use super::{AppLine, ItemsLine};
use crate::view::Frame;
use crate::view::kit::{Badge, Pager, Titled, Tone, When};

/// An asset that the app can reach.
#[derive(Clone, Debug)]
pub struct AssetLine {
    /// The platform's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: String,
    /// Where it is taken back.
    pub withdraw: String,
}

/// A live token.
#[derive(Clone, Debug)]
pub struct TokenLine {
    /// The business token ID.
    pub id: String,
    /// When it was issued.
    pub issued: When,
    /// When it was last used.
    pub used_at: When,
    /// The page of the consent behind it.
    pub consent: String,
    /// When that was given.
    pub agreed_at: When,
    /// Where it is taken back.
    pub withdraw: String,
}

/// What became of a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentState {
    /// A token of it is alive.
    Live,
    /// None is.
    Idle,
    /// It was taken back.
    Withdrawn,
}

impl ConsentState {
    /// In a word.
    pub fn badge(self, frame: &Frame) -> Badge {
        match self {
            ConsentState::Live => Badge::new(Tone::Good, frame.say("me-consent-live")),
            ConsentState::Idle => Badge::new(Tone::Plain, frame.say("me-consent-idle")),
            ConsentState::Withdrawn => Badge::new(Tone::Plain, frame.say("me-consent-withdrawn")),
        }
    }
}

/// A consent that was given.
#[derive(Clone, Debug)]
pub struct ConsentLine {
    /// Its page.
    pub href: String,
    /// When it was given.
    pub agreed_at: When,
    /// What was agreed to. Two groups may have items of one name, so a name alone says too little.
    pub groups: Vec<ItemsLine>,
    /// In use, not in use, taken back.
    pub state: Badge,
    /// When an asset of it was last taken back, if all of it was not.
    pub taken_at: Option<When>,
}

/// `GET /me/apps/{connected}`.
#[derive(Template)]
#[template(path = "me/app.html")]
pub struct AppPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app in short.
    pub app: AppLine,
    /// Its page.
    pub path: String,
    /// From how many of the newest consents all this is told, if there are more.
    pub cut: Option<usize>,
    /// What it may do.
    pub groups: Vec<ItemsLine>,
    /// Groups that it has all of.
    pub wholes: Vec<String>,
    /// The assets on this page.
    pub assets: Vec<AssetLine>,
    /// What was searched for among them.
    pub search: String,
    /// Whether there are enough to search.
    pub searchable: bool,
    /// The ways on among them.
    pub assets_pager: Pager,
    /// The live tokens on this page.
    pub tokens: Vec<TokenLine>,
    /// The ways on among them.
    pub tokens_pager: Pager,
    /// The consents on this page.
    pub consents: Vec<ConsentLine>,
    /// The ways on among them.
    pub consents_pager: Pager,
    /// Where all is taken back; `None` if all was.
    pub withdraw: Option<String>,
}

impl Titled for AppPage {
    fn title(&self) -> String {
        self.app.name.clone()
    }

    fn lead(&self) -> Option<String> {
        Some(self.app.company.clone()).filter(|company| !company.is_empty())
    }
}
