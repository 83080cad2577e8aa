//! The small page that says one thing and what to do next.
//!
//! For everything that is no refusal of an app's request: signed out, expired, answered before, not there.

use askama::Template;

use super::Frame;

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The person has signed out.
    SignedOut,
    /// The consent request is too old, or never was.
    ConsentGone,
    /// The consent request was answered already, perhaps in another window.
    ConsentAnswered,
    /// A form token was missing, foreign or too old; nothing was done.
    FormExpired,
    /// No page lives at this address.
    NotFound,
    /// The page does not answer to this method.
    WrongMethod,
    /// The store cannot be asked for the moment; nothing was done.
    Unavailable,
    /// Our own failure; it is in the log.
    Broken,
}

impl Notice {
    /// All notices.
    pub const ALL: [Self; 8] = [
        Self::SignedOut,
        Self::ConsentGone,
        Self::ConsentAnswered,
        Self::FormExpired,
        Self::NotFound,
        Self::WrongMethod,
        Self::Unavailable,
        Self::Broken,
    ];

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::SignedOut => "notice-signed-out",
            Self::ConsentGone => "notice-consent-gone",
            Self::ConsentAnswered => "notice-consent-answered",
            Self::FormExpired => "notice-form-expired",
            Self::NotFound => "notice-not-found",
            Self::WrongMethod => "notice-wrong-method",
            Self::Unavailable => "notice-unavailable",
            Self::Broken => "notice-broken",
        }
    }
}

/// One notice, with at most one way on.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// The frame around the page.
    pub frame: Frame,
    /// What it says.
    pub notice: Notice,
    /// The local path that the one link leads to.
    pub next: Option<String>,
}

impl NoticePage {
    /// Where the one link leads. Where nobody can go on, the front page is better than a dead end.
    fn way_on(&self) -> Option<&str> {
        let lost = matches!(
            self.notice,
            Notice::ConsentGone | Notice::ConsentAnswered | Notice::NotFound | Notice::WrongMethod | Notice::Broken
        );
        self.next.as_deref().or(lost.then_some("/"))
    }

    fn part(&self, name: &str) -> String {
        self.frame.say(&format!("{}{name}", self.notice.key()))
    }
}
