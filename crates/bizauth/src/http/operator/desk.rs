//! What the operator's pages have in common: reading what was typed, and answering with a page.

use axum::http::StatusCode;
use bizauth_core::user;

use crate::http::form::Form;
use crate::http::pages::html;
use crate::http::state::AppState;
pub use crate::http::turn::{turn, turn_by};
use crate::http::visit::{Page, Visit};
use crate::view::Frame;
use crate::view::kit::Fields;
use crate::view::operator::{Desk, Sheet, slips};

/// Rows on a page of a list.
pub const ROWS: i64 = 50;
/// The longest text for people: names, roles.
const LONGEST: usize = 200;
/// The longest reason.
const LONGEST_REASON: usize = 1000;

/// The page that `make` makes, at its own address.
pub fn shown(it: &AppState, visit: &Visit, make: impl FnOnce(Desk<'_>) -> Sheet) -> Page {
    answer(it, visit, StatusCode::OK, None, make)
}

/// The page at `here`, with what was typed and what is wrong with it. Nothing was changed.
pub fn refused(it: &AppState, visit: &Visit, here: &str, make: impl FnOnce(Desk<'_>) -> Sheet) -> Page {
    answer(it, visit, StatusCode::UNPROCESSABLE_ENTITY, Some(here), make)
}

fn answer(
    it: &AppState,
    visit: &Visit,
    status: StatusCode,
    here: Option<&str>,
    make: impl FnOnce(Desk<'_>) -> Sheet,
) -> Page {
    let token = |path: &str| visit.form_token(path);
    let mut frame = visit.frame(it);
    if let Some(here) = here {
        // The language switch cannot come back to an action.
        here.clone_into(&mut frame.here);
    }
    Ok(html(status, &make(Desk { frame, token: &token }), None))
}

/// What was typed into a form, while it is being judged.
pub struct Typed<'v> {
    frame: Frame,
    form: &'v Form,
    /// What was typed, and what is wrong with it.
    pub fields: Fields,
}

impl<'v> Typed<'v> {
    /// The fields of these names.
    pub fn of(it: &AppState, visit: &'v Visit, names: &[&str]) -> Self {
        let form = visit.form();
        let values = |name: &&str| -> Vec<(String, String)> {
            let mut all: Vec<&str> = form.all(name).collect();
            if all.is_empty() {
                all.extend(form.text(name));
            }
            all.into_iter().map(|value| ((*name).to_owned(), value.to_owned())).collect()
        };
        Typed { frame: visit.frame(it), form, fields: Fields::typed(names.iter().flat_map(values)) }
    }

    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.fields.is_fine()
    }

    /// Says what is wrong with a field: the sentence under `key`.
    pub fn refuse(&mut self, name: &str, key: &str) {
        let sentence = self.frame.say(key);
        self.fields.refuse(name, sentence);
    }

    /// The same with a name in the sentence.
    pub fn refuse_about(&mut self, name: &str, key: &str, about: &str) {
        let sentence = self.frame.fill(key, "name", about);
        self.fields.refuse(name, sentence);
    }

    /// Demands that `name` was typed to confirm.
    pub fn confirm(&mut self, name: &str) {
        self.fields.confirm(&self.frame, name);
    }

    /// What was typed, without space around it.
    pub fn line(&self, name: &str) -> String {
        self.fields.value(name).trim().to_owned()
    }

    /// Words for people: something, and not too much.
    pub fn words(&mut self, name: &str) -> String {
        let words = self.may_words(name);
        if words.is_empty() {
            self.refuse(name, slips::EMPTY);
        }
        words
    }

    /// Words for people, or nothing.
    pub fn may_words(&mut self, name: &str) -> String {
        let words = self.line(name);
        if words.contains(char::is_control) {
            self.refuse(name, slips::LINE);
        } else if words.chars().count() > LONGEST {
            self.refuse(name, slips::LONG);
        }
        words
    }

    /// A reason, or nothing.
    pub fn may_reason(&mut self, name: &str) -> String {
        let reason = self.form.text(name).unwrap_or_default().trim().to_owned();
        if reason.chars().count() > LONGEST_REASON {
            self.refuse(name, slips::LONG);
        }
        reason
    }

    /// A reason.
    pub fn reason(&mut self, name: &str) -> String {
        let reason = self.may_reason(name);
        if reason.is_empty() {
            self.refuse(name, slips::EMPTY);
        }
        reason
    }

    /// An e-mail address.
    pub fn email(&mut self, name: &str) -> String {
        let email = user::email(&self.line(name));
        if email.is_none() {
            self.refuse(name, slips::EMAIL);
        }
        email.unwrap_or_default()
    }

    /// Whether a tick is set.
    pub fn ticked(&self, name: &str) -> bool {
        self.form.get(name) == Some("yes")
    }

    /// Demands a tick.
    pub fn sure(&mut self, name: &str) {
        if !self.ticked(name) {
            self.refuse(name, slips::SURE);
        }
    }

    /// One of several, as `read` reads them.
    pub fn choice<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let chosen = read(self.fields.value(name));
        if chosen.is_none() {
            self.refuse(name, slips::CHOOSE);
        }
        chosen
    }
}
