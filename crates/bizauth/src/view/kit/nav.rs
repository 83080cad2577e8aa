//! Where a page stands: the top navigation of its place, the way down to it, and its neighbours.

use crate::view::{Frame, Place};

/// One step of the way from the top of a place to a page. The page itself is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// What it is called.
    pub text: String,
    /// Where it lives.
    pub href: String,
}

impl Crumb {
    /// The page `text` at `href`.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: href.into() }
    }
}

/// One link among neighbours: of a section, of the top navigation, of a choice of filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is called.
    pub text: String,
    /// Where it lives.
    pub href: String,
    /// Whether this very page is in it.
    pub current: bool,
}

impl Section {
    /// The page `text` at `href`; whether it is this one.
    pub fn new(text: impl Into<String>, href: impl Into<String>, current: bool) -> Self {
        Self { text: text.into(), href: href.into(), current }
    }
}

/// The neighbours of a page, such as all pages about one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    /// What they have in common: the app's name.
    pub label: String,
    /// The links.
    pub list: Vec<Section>,
}

/// The top navigation of people's pages: words and address.
const PEOPLE: [(&str, &str); 3] =
    [("nav-console", "/console"), ("nav-connected", "/me"), ("nav-account", "/me/account")];

/// The top navigation of the operator's pages.
const OPERATOR: [(&str, &str); 10] = [
    ("nav-overview", "/operator"),
    ("nav-requests", "/operator/requests"),
    ("nav-accounts", "/operator/accounts"),
    ("nav-apps", "/operator/apps"),
    ("nav-catalogue", "/operator/catalogue"),
    ("nav-assets", "/operator/assets"),
    ("nav-ip-list", "/operator/ip-list"),
    ("nav-platform", "/operator/platform"),
    ("nav-audit", "/operator/audit"),
    ("nav-keys", "/operator/keys"),
];

impl Frame {
    /// The same below these pages.
    pub fn below(mut self, crumbs: impl IntoIterator<Item = Crumb>) -> Self {
        self.crumbs = crumbs.into_iter().collect();
        self
    }

    /// The same among these neighbours.
    pub fn among(mut self, label: impl Into<String>, list: Vec<Section>) -> Self {
        self.sections = Some(Sections { label: label.into(), list });
        self
    }

    /// The links at the top: none where someone decides or signs in, or has not signed in yet.
    pub(in crate::view) fn top(&self) -> Vec<Section> {
        let links: &[_] = match self.place {
            _ if self.account.is_none() => &[],
            Place::Public => &[],
            Place::Console | Place::Me => &PEOPLE,
            Place::Operator => &OPERATOR,
        };
        let path = self.path();
        let holds = |href: &str| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let nearest = links.iter().map(|link| link.1).filter(|href| holds(href)).max_by_key(|href| href.len());
        links.iter().map(|(key, href)| Section::new(self.say(key), *href, Some(*href) == nearest)).collect()
    }

    /// The path of this page, without its query.
    pub(in crate::view) fn path(&self) -> &str {
        self.here.split('?').next().unwrap_or_default()
    }

    /// Whether the page belongs to a place with a navigation of its own.
    pub(in crate::view) fn placed(&self) -> bool {
        self.place != Place::Public
    }
}
