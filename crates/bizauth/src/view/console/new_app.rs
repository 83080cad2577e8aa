//! `/console/apps/new`, and the fields that an app's settings share with it.

use askama::Template;
use bizauth_core::app::{BadName, LONGEST_NAME};

use crate::view::Frame;
use crate::view::kit::{Fields, Pick, Post, Titled};

/// The form that makes an app.
#[derive(Template)]
#[template(path = "console/new_app.html")]
pub struct NewAppPage {
    /// The frame around the page.
    pub frame: Frame,
    /// `name`, `company`, `kind`, `parent`.
    pub fields: Fields,
    /// Where it goes.
    pub post: Post,
    /// The Biz apps that may have a test app made by this person.
    pub parents: Vec<Pick>,
    /// How many of them there are, if the person owns more.
    pub more: Option<usize>,
}

impl NewAppPage {
    fn kinds(&self) -> Vec<Pick> {
        let kind = |word: &str, name: &str| Pick::new(word, self.frame.say(name)).hinted(self.frame.part(name, "hint"));
        vec![kind("basic", "app-new-basic"), kind("test", "app-new-test")]
    }
}

impl Titled for NewAppPage {
    fn title(&self) -> String {
        self.frame.say("app-new")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("app-new-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

/// Why a name is none, about the field `name` or `company`.
pub fn name_refusal(frame: &Frame, field: &str, why: BadName) -> String {
    let key = match (field, why) {
        ("company", BadName::Empty) => "app-company-empty",
        (_, BadName::Empty) => "app-name-empty",
        (_, BadName::TooLong) => return frame.fill("app-name-long", "most", LONGEST_NAME),
        (_, BadName::Unreadable) => "app-name-unreadable",
    };
    frame.say(key)
}

/// Why the choice of kind and parent is none.
pub fn parent_refusal(frame: &Frame, chosen: bool) -> String {
    let key = match chosen {
        true => "app-parent-gone",
        false => "app-parent-empty",
    };
    frame.say(key)
}

/// No kind was chosen.
pub fn kind_refusal(frame: &Frame) -> String {
    frame.say("app-kind-empty")
}
