//! `/console/apps/{app}/settings`: name, icon, becoming a Biz app, deleting.

use askama::Template;

use super::AppHead;
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Post, Titled, Tone, When};

/// The longest reason of a request, in characters.
pub const LONGEST_REASON: usize = 1000;

/// How a request to become a Biz app stands.
#[derive(Clone, Debug)]
pub struct BizRequest {
    /// Open, granted, refused or withdrawn.
    pub state: RequestWord,
    /// What the developer wrote.
    pub reason: String,
    /// What the operator said to it.
    pub answer: String,
    /// When it was asked.
    pub asked: When,
    /// The form that takes it back, while it is open and for an owner.
    pub withdraw: Option<Post>,
}

/// The state of a request, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestWord {
    /// It waits.
    Open,
    /// It was granted.
    Granted,
    /// It was refused.
    Refused,
    /// It was taken back.
    Withdrawn,
}

impl RequestWord {
    /// As a badge.
    pub fn badge(self, frame: &Frame) -> Badge {
        match self {
            Self::Open => Badge::new(Tone::Warn, frame.say("request-open")),
            Self::Granted => Badge::new(Tone::Good, frame.say("request-granted")),
            Self::Refused => Badge::new(Tone::Bad, frame.say("request-refused")),
            Self::Withdrawn => Badge::new(Tone::Plain, frame.say("request-withdrawn")),
        }
    }
}

/// The settings of an app.
#[derive(Template)]
#[template(path = "console/settings.html")]
pub struct SettingsPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app.
    pub head: AppHead,
    /// `name`, `company`.
    pub naming: Fields,
    /// Where they go.
    pub rename: Post,
    /// `icon`.
    pub picture: Fields,
    /// Where it goes.
    pub icon: Post,
    /// The form that takes the icon away, if there is one.
    pub remove_icon: Option<Post>,
    /// Whether it is a basic app, which may become a Biz app.
    pub may_become_biz: bool,
    /// The newest requests to become a Biz app.
    pub requests: Vec<BizRequest>,
    /// The ways on among them.
    pub requests_pager: Pager,
    /// `reason`.
    pub biz: Fields,
    /// Where it goes; nothing for an editor, or while a request is open.
    pub ask_biz: Option<Post>,
    /// `confirm`.
    pub confirm: Fields,
    /// Where it goes; nothing for an editor.
    pub delete: Option<Post>,
    /// How many test apps would go with it.
    pub test_apps: usize,
}

impl Titled for SettingsPage {
    fn title(&self) -> String {
        self.frame.say("app-settings")
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.naming, &self.picture, &self.biz, &self.confirm]
    }
}

/// Why a reason is none.
pub fn reason_refusal(frame: &Frame, empty: bool) -> String {
    match empty {
        true => frame.say("biz-reason-empty"),
        false => frame.fill("biz-reason-long", "most", LONGEST_REASON),
    }
}

/// The same was asked before, or was granted.
pub fn request_refusal(frame: &Frame, open: bool) -> String {
    let key = match open {
        true => "biz-already-open",
        false => "biz-already-granted",
    };
    frame.say(key)
}

/// Why a picture is no icon.
pub fn icon_refusal(frame: &Frame, why: Option<crate::icon::BadIcon>) -> String {
    use crate::icon::BadIcon;
    let key = match why {
        None => "icon-empty",
        Some(BadIcon::TooLarge) => "icon-too-large",
        Some(BadIcon::OtherFormat) => "icon-other-format",
        Some(BadIcon::Animated) => "icon-animated",
        Some(BadIcon::Dimensions) => "icon-dimensions",
        Some(BadIcon::Broken) => "icon-broken",
    };
    frame.say(key)
}
