//! Every page a person sees: one struct per page, one template per struct, one layout around them.
//!
//! A page is a value: the handler fills the struct, `render()` turns it into HTML. Nothing here reads a request,
//! asks the store or knows the time. The words come from the Fluent files (`words`), the particles of Korean from
//! `particle`; the templates hold structure only.

mod callback;
pub mod chart;
mod consent;
pub mod console;
mod dev_log;
mod fault;
mod home;
pub mod kit;
mod login;
pub mod me;
pub mod named;
mod notice;
pub mod operator;
pub mod particle;
mod picker;
pub mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use askama::Template;

pub use callback::CallbackPage;
pub use consent::{Change, Changes, ConsentPage, Day, GroupView, ItemView, Risk};
pub use dev_log::{DevCall, DevCallPage, DevLogPage, DevMeaning};
pub use fault::{Audience, FaultPage};
pub use home::HomePage;
pub use login::{CodeError, CodePage, LoginError, LoginPage};
pub use notice::{Notice, NoticePage};
pub use operator::{ImportPage, ImportRow, ImportedPage, RefusedRow, import};
pub use picker::{AssetKind, AssetRow, Choice, PickError, Picker, Tally, Unlendable};
pub use words::ROLES;
pub use words::{Language, Value, Words};

/// Where the one stylesheet is served, and its text.
pub const STYLESHEET: (&str, &str) = ("/static/bizauth.css", include_str!("../../static/bizauth.css"));
/// Where the one script is served, and its text. Every page works without it.
pub const SCRIPT: (&str, &str) = ("/static/bizauth.js", include_str!("../../static/bizauth.js"));
/// Where the icon is served, and its text.
pub const ICON: (&str, &str) = ("/static/icon.svg", include_str!("../../static/icon.svg"));

/// What every page has around it: language, the way back, who is signed in.
#[derive(Clone)]
pub struct Frame {
    /// The words of both languages, shared by all pages.
    pub words: Arc<Words>,
    /// The language this page is written in.
    pub language: Language,
    /// The local path and query of this page, where the language switch and the sign-out return to.
    pub here: String,
    /// Whether the page offers the other language: not where that would lose what was typed, or is shown once.
    pub switches: bool,
    /// The signed-in account, if there is one.
    pub account: Option<Account>,
    /// Whether the page links the script.
    pub script: bool,
    /// Whether this is a test server, which every page then says at its top.
    pub test: bool,
    /// What was just done, said once at the top of the page that follows.
    pub done: Option<String>,
    /// The part of the product that the page belongs to.
    pub place: Place,
    /// The pages above this one.
    pub crumbs: Vec<kit::Crumb>,
    /// The pages beside this one.
    pub sections: Option<kit::Sections>,
}

/// A part of the product, with its own navigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Where anyone may come: the front page, sign-in, consent, notices.
    #[default]
    Public,
    /// Where developers look after their apps.
    Console,
    /// Where people look after what they lent, and their account.
    Me,
    /// Where the operator looks after the server.
    Operator,
}

/// The signed-in account, as the header shows it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The e-mail address the person signed in with.
    pub email: String,
    /// The token that the sign-out form carries.
    pub form_token: String,
}

impl Frame {
    /// A frame without an account, with the script, on a server that is not a test server, in no place of its own.
    pub fn new(words: Arc<Words>, language: Language, here: impl Into<String>) -> Self {
        Self {
            words,
            language,
            here: here.into(),
            switches: true,
            account: None,
            script: true,
            test: false,
            done: None,
            place: Place::Public,
            crumbs: Vec::new(),
            sections: None,
        }
    }

    /// The words under `key`, in the language of the page.
    pub fn say(&self, key: &str) -> String {
        self.words.say(self.language, key)
    }

    /// The words under `key`, with one argument.
    pub fn fill(&self, key: &str, name: &str, value: impl Value) -> String {
        self.words.say_with(self.language, key, &[(name, value.value())])
    }

    /// The words under `key`, with two arguments.
    pub fn fill2(&self, key: &str, (a, x): &(&str, impl Value), (b, y): &(&str, impl Value)) -> String {
        self.words.say_with(self.language, key, &[(a, x.value()), (b, y.value())])
    }

    /// An attribute of the words under `key`: `part("app-delete", "text")` says `app-delete.text`.
    pub fn part(&self, key: &str, name: &str) -> String {
        self.say(&format!("{key}.{name}"))
    }

    /// The hint that goes with the label under `key`, if it has one: its attribute `.hint`.
    pub fn hint(&self, key: &str) -> Option<String> {
        self.words.hint(self.language, key)
    }

    /// The language that the switch leads to.
    fn other(&self) -> Language {
        self.language.other()
    }
}
