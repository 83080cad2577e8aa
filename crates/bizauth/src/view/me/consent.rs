//! A consent as it was shown: the words are those of then, in the language of then.

use askama::Template;

use super::ItemLine;
use crate::view::kit::{Pager, Titled, When};
use crate::view::{Frame, Language};

/// An asset, as it was called then.
#[derive(Clone, Debug)]
pub struct PaperAsset {
    /// The platform's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it could be lent.
    pub lendable: bool,
}

/// What was lent in a group.
#[derive(Clone, Debug)]
pub enum PaperLent {
    /// The group has no assets.
    NoAssets,
    /// All, present and future.
    All,
    /// These.
    These(Vec<PaperAsset>),
}

/// A group, as it was shown.
#[derive(Clone, Debug)]
pub struct PaperGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its items.
    pub items: Vec<ItemLine>,
    /// The assets that were there to choose from.
    pub listed: Vec<PaperAsset>,
    /// What was lent.
    pub lent: PaperLent,
    /// What was taken back of it, and when.
    pub gone: Vec<(String, When)>,
}

impl PaperGroup {
    /// The name of an asset, as it was called then.
    pub fn name_of(&self, asset: &str) -> Option<String> {
        let lent = match &self.lent {
            PaperLent::These(these) => these.as_slice(),
            _ => &[],
        };
        lent.iter().chain(&self.listed).find(|known| known.id == asset).map(|known| known.name.clone())
    }

    /// What stands beside an asset of the list that was chosen from.
    fn beside(&self, frame: &Frame, asset: &PaperAsset) -> Option<String> {
        match (self.was_lent(asset), asset.lendable) {
            (true, _) => Some(frame.say("paper-ticked")),
            (false, false) => Some(frame.say("paper-not-lendable")),
            (false, true) => None,
        }
    }

    /// When an asset that was lent was taken back.
    fn gone(&self, asset: &PaperAsset) -> Option<When> {
        let (_, at) = self.gone.iter().find(|(gone, _)| *gone == asset.id)?;
        self.was_lent(asset).then_some(*at)
    }

    fn was_lent(&self, asset: &PaperAsset) -> bool {
        match &self.lent {
            PaperLent::NoAssets => false,
            PaperLent::All => asset.lendable,
            PaperLent::These(these) => these.iter().any(|lent| lent.id == asset.id),
        }
    }
}

/// What was taken back since.
#[derive(Clone, Debug)]
pub struct TakenBackLine {
    /// The group's name.
    pub group: String,
    /// The platform's id, or `*`.
    pub asset: String,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Whether all was lent until then, and the others stayed one by one.
    pub out_of_all: bool,
    /// When.
    pub at: When,
}

/// `GET /me/apps/{connected}/consents/{consent}`.
#[derive(Template)]
#[template(path = "me/consent.html")]
pub struct ConsentPaper {
    /// The frame around the page.
    pub frame: Frame,
    /// The language of the screen.
    pub language: Language,
    /// The app's name then.
    pub app: String,
    /// Who was behind it then.
    pub developer: String,
    /// The account that agreed, as it was called then.
    pub account: String,
    /// Where the answer went.
    pub returns_to: String,
    /// The key that asked.
    pub client_id: String,
    /// What was asked for.
    pub groups: Vec<PaperGroup>,
    /// When the person agreed.
    pub agreed_at: When,
    /// When all of it was taken back.
    pub withdrawn_at: Option<When>,
    /// What was taken back of it.
    pub taken: Vec<TakenBackLine>,
    /// The ways on among that.
    pub taken_pager: Pager,
}

impl Titled for ConsentPaper {
    fn title(&self) -> String {
        self.frame.say("paper-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.fill("paper-lead", "app", &self.app))
    }
}
