//! The kit of the management pages: what a form was given, where a page stands, how times and states are shown.
//!
//! `templates/page.html` is the page around the content, `templates/kit.html` the parts inside it; both say at their
//! top how they are used. Nothing here asks anything: a view is filled with these values and rendered.

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
