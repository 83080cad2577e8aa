//! What will happen when something is taken back, before it happens.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Post, Titled, When};

/// What is taken back.
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// Everything.
    App {
        /// Tokens that end.
        tokens: usize,
    },
    /// One asset.
    Asset {
        /// Its name.
        name: String,
        /// The platform's id.
        id: String,
        /// Its group's name.
        group: String,
        /// Whether all of the group was lent.
        whole: bool,
    },
    /// One token.
    Token {
        /// The business token ID.
        id: String,
        /// When it was last used.
        used_at: When,
        /// Whether the app has no other.
        last: bool,
    },
}

/// The page before anything is taken back.
#[derive(Template)]
#[template(path = "me/withdraw.html")]
pub struct WithdrawPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app's name.
    pub app: String,
    /// What is taken back.
    pub what: Withdrawal,
    /// Where the form goes.
    pub post: Post,
    /// The asset that the form names.
    pub asset: Option<String>,
    /// The way back.
    pub back: String,
}

impl Titled for WithdrawPage {
    fn title(&self) -> String {
        match &self.what {
            Withdrawal::App { .. } => self.frame.fill("withdraw-app", "app", &self.app),
            Withdrawal::Asset { name, .. } => self.frame.fill("withdraw-asset", "name", name),
            Withdrawal::Token { .. } => self.frame.say("withdraw-token"),
        }
    }
}

impl WithdrawPage {
    /// What the button says: the word that led here.
    fn button(&self) -> String {
        self.frame.say(if matches!(self.what, Withdrawal::App { .. }) { "withdraw-do-app" } else { "withdraw-do" })
    }

    fn tokens_text(&self, tokens: usize) -> String {
        self.frame.fill2("withdraw-app-tokens", &("app", &self.app), &("count", tokens))
    }
}
