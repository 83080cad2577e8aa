//! The list of connected apps.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Pager, Titled, When};

/// An app in short.
#[derive(Clone, Debug)]
pub struct AppLine {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Who is behind it.
    pub company: String,
    /// Where its icon is.
    pub icon: Option<String>,
    /// The first letter of its name, where there is none.
    pub letter: String,
    /// What it may do: groups, and the names of their items.
    pub permissions: Vec<(String, String)>,
    /// On what, in short sentences.
    pub reach: Vec<String>,
    /// When the person first agreed.
    pub since: Option<When>,
    /// When a token was last used.
    pub used_at: Option<When>,
    /// Live tokens.
    pub tokens: usize,
    /// Whether it is a test app.
    pub test: bool,
    /// Whether its developer deleted it.
    pub deleted: bool,
}

impl AppLine {
    fn initial(&self) -> &str {
        &self.letter
    }
}

/// What an app can reach in a group: so many assets, or everything.
pub fn reach_of(frame: &Frame, group: &str, assets: Option<usize>) -> String {
    match assets {
        None => frame.fill("me-reach-all", "group", group),
        Some(count) => frame.fill2("me-reach-some", &("group", group), &("count", count)),
    }
}

/// `GET /me`.
#[derive(Template)]
#[template(path = "me/apps.html")]
pub struct AppsPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The apps on this page.
    pub apps: Vec<AppLine>,
    /// What was searched for.
    pub search: String,
    /// Whether there are enough to search.
    pub searchable: bool,
    /// The ways on.
    pub pager: Pager,
}

impl AppsPage {
    fn tells_use(&self) -> bool {
        self.apps.iter().any(|app| app.used_at.is_some())
    }
}

impl Titled for AppsPage {
    fn title(&self) -> String {
        self.frame.say("me-apps")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("me-apps-lead"))
    }
}
