//! The consent items of an app: what is on and why, what the operator has to allow, and the consent screen beforehand.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Post, Titled, Tone, When};

/// One consent item.
#[derive(Clone, Debug)]
pub struct ItemRow {
    /// Its id, as `scope` names it.
    pub id: String,
    /// Its name, in the page's language.
    pub name: String,
    /// What it allows, in the page's language.
    pub about: String,
    /// Why it deserves a second look, in the page's language.
    pub risk: Option<String>,
    /// Whether it demands all assets of its group.
    pub needs_all: bool,
    /// Whether it may be asked only together with others.
    pub never_alone: bool,
}

impl ItemRow {
    fn on_field(&self) -> String {
        format!("on.{}", self.id)
    }

    fn purpose_field(&self) -> String {
        format!("purpose.{}", self.id)
    }
}

/// How the feature permission of a group stands.
#[derive(Clone, Debug)]
pub enum Permission {
    /// The group needs none.
    NotNeeded,
    /// The app has it; when that was decided and what the operator said, if it was asked for and something was said.
    Granted(Option<(When, String)>),
    /// It was asked for and waits: since when, the reason given, and the form that takes it back.
    Asked(When, String, Post),
    /// It was refused: when, and what the operator said.
    Refused(When, String),
    /// Nobody asked for it.
    NotAsked,
}

/// A group of consent items.
#[derive(Clone, Debug)]
pub struct ItemGroup {
    /// Its id.
    pub id: String,
    /// Its name, in the page's language.
    pub name: String,
    /// Its items.
    pub items: Vec<ItemRow>,
    /// Its feature permission.
    pub permission: Permission,
    /// The form that asks for it, and what was typed into it.
    pub ask: (Post, Fields),
}

impl ItemGroup {
    /// The state of its permission; `None` where none is needed.
    fn badge(&self, frame: &Frame) -> Option<Badge> {
        match self.permission {
            Permission::NotNeeded => None,
            Permission::Granted(_) => Some(Badge::new(Tone::Good, frame.say("permission-granted"))),
            Permission::Asked(..) => Some(Badge::new(Tone::Warn, frame.say("permission-asked"))),
            Permission::Refused(..) => Some(Badge::new(Tone::Bad, frame.say("permission-refused"))),
            Permission::NotAsked => Some(Badge::new(Tone::Warn, frame.say("permission-missing"))),
        }
    }

    fn can_ask(&self) -> bool {
        matches!(self.permission, Permission::NotAsked | Permission::Refused(..))
    }
}

/// `GET /console/apps/{app}/items`.
#[derive(Template)]
#[template(path = "console/items.html")]
pub struct ItemsPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of the app.
    pub app_path: String,
    /// Whether the app may use Business Authentication at all.
    pub is_biz: bool,
    /// Since when a request to become a Biz app waits.
    pub biz_asked: Option<When>,
    /// The groups, in the catalogue's order.
    pub groups: Vec<ItemGroup>,
    /// The form of all items.
    pub save: Post,
    /// What stands in it.
    pub fields: Fields,
    /// What tells which items the form was filled from.
    pub seen: String,
    /// Whether somebody else changed the items meanwhile.
    pub meanwhile: bool,
}

impl ItemsPage {
    fn needing(&self) -> Vec<&ItemGroup> {
        self.groups.iter().filter(|group| !matches!(group.permission, Permission::NotNeeded)).collect()
    }
}

impl Titled for ItemsPage {
    fn title(&self) -> String {
        self.frame.say("items-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("items-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        [&self.fields].into_iter().chain(self.groups.iter().map(|group| &group.ask.1)).collect()
    }
}

/// What stands above a consent screen that a developer looks at beforehand.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The address of the preview.
    pub to: String,
    /// The way back to the items.
    pub back: String,
    /// The items to choose from.
    pub picks: Vec<Pick>,
    /// Which of them are chosen.
    pub fields: Fields,
    /// What would keep the app from asking for these.
    pub flaws: Vec<String>,
}
