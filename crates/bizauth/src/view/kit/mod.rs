//! The kit of the management pages: what a form was given, where a page stands, how times and states are shown.
//!
//! `templates/page.html` is the page around the content, `templates/kit.html` the parts inside it; both say at their
//! top how they are used. Nothing here asks anything: a view is filled with these values and rendered.

use bizauth_store::Leaf;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

mod fields;
mod nav;
mod when;

#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;

pub use fields::Fields;
pub use nav::{Crumb, Section, Sections};
pub use when::When;

/// What `page.html` asks of a page. The view implements it beside its template and imports it (`use …::kit::Titled`).
pub trait Titled {
    /// The heading, which is also the title of the window.
    fn title(&self) -> String;

    /// One sentence below the heading.
    fn lead(&self) -> Option<String> {
        None
    }

    /// The forms whose refusals the summary lists.
    fn forms(&self) -> Vec<&Fields> {
        Vec::new()
    }

    /// Whether a form came back with refusals.
    fn refused(&self) -> bool {
        self.forms().iter().any(|fields| !fields.is_fine())
    }
}

/// Where a form is posted to, with the token that is good for that address alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post {
    /// The path.
    pub to: String,
    /// The token.
    pub token: String,
}

impl Post {
    /// A form that posts to `to`, with the token for it.
    pub fn new(to: impl Into<String>, token: impl Into<String>) -> Self {
        Self { to: to.into(), token: token.into() }
    }
}

/// One of several things to choose from, in a `select`, as radio buttons or as ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
    /// A sentence below it, for radio buttons and ticks.
    pub hint: Option<String>,
}

impl Pick {
    /// Something to choose, without a hint.
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into(), hint: None }
    }

    /// The same with a sentence below it.
    pub fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The ways on from one page of a list. Keyset lists know their neighbours, not their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// The address of the page before this one.
    pub newer: Option<String>,
    /// The address of the page after this one.
    pub older: Option<String>,
}

impl Pager {
    /// Whether everything is on this page.
    pub fn is_moot(&self) -> bool {
        self.newer.is_none() && self.older.is_none()
    }
}

/// Where a list lies, and how its address says from where on it is read.
#[derive(Clone, Copy, Debug)]
pub struct Turning<'a> {
    /// Its address, with what is looked for in it.
    pub base: &'a str,
    /// The parameter that names the row that the page follows.
    pub after: &'a str,
    /// The parameter that names the row that the page comes before.
    pub before: &'a str,
    /// The part of the page that it stands in, if there are others.
    pub anchor: &'a str,
}

impl<'a> Turning<'a> {
    /// A list that has its page to itself.
    pub const fn alone(base: &'a str) -> Self {
        Turning { base, after: "after", before: "before", anchor: "" }
    }

    /// The ways on from a page that holds more before and after it; `ends` name its first and its last row.
    pub fn pager(&self, ends: Option<(String, String)>, before: bool, after: bool) -> Pager {
        let joint = if self.base.contains('?') { '&' } else { '?' };
        let anchor = if self.anchor.is_empty() { String::new() } else { format!("#{}", self.anchor) };
        let to = |name: &str, key: &str| {
            format!("{}{joint}{name}={}{anchor}", self.base, utf8_percent_encode(key, NON_ALPHANUMERIC))
        };
        match ends {
            // What was there is gone: the list begins anew.
            None => Pager { newer: before.then(|| format!("{}{anchor}", self.base)), older: None },
            Some((first, last)) => {
                Pager { newer: before.then(|| to(self.before, &first)), older: after.then(|| to(self.after, &last)) }
            }
        }
    }

    /// The ways on from a leaf; `key` names a row.
    pub fn of<T>(&self, leaf: &Leaf<T>, key: impl Fn(&T) -> String) -> Pager {
        let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(first, last)| (key(first), key(last)));
        self.pager(ends, leaf.before, leaf.after)
    }
}

/// How a state looks. The words say it too: colour is never alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Deserves a look.
    Warn,
    /// Stopped, refused, gone wrong.
    Bad,
    /// Neither.
    #[default]
    Plain,
}

impl Tone {
    /// The class in the stylesheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A state in a word or two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Badge {
    /// How it looks.
    pub tone: Tone,
    /// What it says.
    pub text: String,
}

impl Badge {
    /// A state that looks like `tone`.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}
