//! The pages below `/operator`: what stands on each, in a file of its name. They all have the shape of a [`Sheet`].

pub mod accounts;
pub mod acts;
pub mod apps;
pub mod assets;
pub mod audit;
pub mod catalogue;
pub mod facts;
pub mod home;
pub mod import;
pub mod ip_list;
pub mod keys;
pub mod platform;
pub mod requests;
#[cfg(test)]
pub mod sample;
pub mod sheet;
pub mod slips;

pub use sheet::Sheet;

pub use import::{ImportPage, ImportRow, ImportedPage, RefusedRow};

use bizauth_core::scope::{Group, Item};
use bizauth_core::user::UserState;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::kit::{Badge, Crumb, Fields, Pager, Post, Tone, Turning};
use super::{Frame, named};
use sheet::{Act, Cell, Field, Form, Part};

/// What a page is made with: its frame, and the tokens of its forms.
pub struct Desk<'a> {
    /// The frame.
    pub frame: Frame,
    /// The token of a form that posts to a path.
    pub token: &'a dyn Fn(&str) -> String,
}

impl Desk<'_> {
    fn say(&self, key: &str) -> String {
        self.frame.say(key)
    }

    fn post(&self, to: impl Into<String>) -> Post {
        let to = to.into();
        let token = (self.token)(&to);
        Post::new(to, token)
    }

    /// The same below the list of its kind.
    fn below(mut self, key: &str, href: &str) -> Self {
        let crumb = Crumb::new(self.frame.say(key), href);
        self.frame.crumbs.push(crumb);
        self
    }

    /// The same below this thing too.
    fn under(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.frame.crumbs.push(Crumb::new(text, href));
        self
    }

    /// A form.
    fn form(&self, to: impl Into<String>, fields: Fields, list: Vec<Field>, button: &'static str) -> Part {
        let fields = self.labelled(fields, &list);
        Part::Form(Form { post: self.post(to), fields, list, button, cancel: String::new(), grave: false })
    }

    /// The fields with the labels they have on the page, and the piece they are in: one sentence may be about several.
    fn labelled(&self, fields: Fields, list: &[Field]) -> Fields {
        let mut piece = None;
        list.iter().fold(fields, |fields, field| match (field, field.name_and_key()) {
            (Field::Begin(heading, _), _) => {
                piece = Some(heading);
                fields
            }
            (_, Some((name, key))) => {
                let label = self.say(key);
                fields.called(name, piece.map_or_else(|| label.clone(), |piece| format!("{piece} · {label}")))
            }
            _ => {
                piece = None;
                fields
            }
        })
    }

    /// A form that makes something new, with a way back.
    fn making(&self, to: impl Into<String>, fields: Fields, list: Vec<Field>, cancel: impl Into<String>) -> Part {
        let fields = self.labelled(fields, &list);
        Part::Form(Form { post: self.post(to), fields, list, button: "op-save", cancel: cancel.into(), grave: false })
    }

    /// A form of one button.
    fn act(&self, to: impl Into<String>, key: &str, what: impl Into<String>, bad: bool) -> Cell {
        Cell::Act(Act { post: self.post(to), text: self.say(key), what: what.into(), bad, hidden: Vec::new() })
    }

    /// The same with something that goes along.
    fn act_with(
        &self,
        to: impl Into<String>,
        (key, bad): (&str, bool),
        what: impl Into<String>,
        hidden: Vec<(&'static str, String)>,
    ) -> Cell {
        Cell::Act(Act { post: self.post(to), text: self.say(key), what: what.into(), bad, hidden })
    }
}

/// Whether a switch is on, as a state.
fn switch(frame: &Frame, on: bool) -> Badge {
    match on {
        true => Badge::new(Tone::Good, frame.say("op-yes")),
        false => Badge::new(Tone::Plain, frame.say("op-no")),
    }
}

/// The state of an account.
fn state_badge(frame: &Frame, state: UserState) -> Badge {
    let (tone, key) = match state {
        UserState::Active => (Tone::Good, "op-state-active"),
        UserState::Dormant => (Tone::Warn, "op-state-dormant"),
        UserState::Blocked => (Tone::Bad, "op-state-blocked"),
        UserState::Withdrawn => (Tone::Bad, "op-state-withdrawn"),
    };
    Badge::new(tone, frame.say(key))
}

/// A group's name in the language of the page.
fn group_name(frame: &Frame, group: &Group) -> String {
    named::group_name(&frame.words, frame.language, group)
}

/// An item's name in the language of the page.
fn item_name(frame: &Frame, item: &Item) -> String {
    named::item_name(&frame.words, frame.language, item)
}

/// The ways on from a page of the list at `base` that holds more before and after these keys.
pub fn pager(base: &str, ends: Option<(String, String)>, before: bool, after: bool) -> Pager {
    Turning::alone(base).pager(ends, before, after)
}

/// The address of a list with what is looked for in it.
pub fn listed(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    match pairs.is_empty() {
        true => path.to_owned(),
        false => {
            let quoted =
                |(name, value): &&(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
            format!("{path}?{}", pairs.iter().map(quoted).collect::<Vec<_>>().join("&"))
        }
    }
}
