//! A person's account: its state, password, sessions and known browsers.

use askama::Template;
use bizauth_core::user::UserState;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Post, Titled, Tone, When};

/// A session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// Whether it is this one.
    pub this: bool,
    /// The browser in words.
    pub agent: String,
    /// Where it was last seen.
    pub address: Option<String>,
    /// When it began.
    pub created_at: When,
    /// When it was last seen.
    pub used_at: When,
    /// Ends it.
    pub end: Post,
}

/// A browser that signed in before.
#[derive(Clone, Debug)]
pub struct DeviceLine {
    /// Whether it is this one.
    pub this: bool,
    /// The browser in words.
    pub agent: String,
    /// When it last signed in.
    pub created_at: When,
    /// Forgets it.
    pub forget: Post,
}

/// `GET /me/account`.
#[derive(Template)]
#[template(path = "me/account.html")]
pub struct AccountPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The e-mail address.
    pub email: String,
    /// Whether it is verified.
    pub email_verified: bool,
    /// The state of the account.
    pub state: UserState,
    /// Since when a second factor is asked for.
    pub second_since: Option<When>,
    /// Recovery codes that are left.
    pub recovery_left: usize,
    /// The live sessions on this page.
    pub sessions: Vec<SessionLine>,
    /// The ways on among them.
    pub sessions_pager: Pager,
    /// Ends all but this one.
    pub end_others: Post,
    /// The known browsers on this page.
    pub devices: Vec<DeviceLine>,
    /// The ways on among them.
    pub devices_pager: Pager,
    /// Forgets all.
    pub forget_all: Post,
}

impl Titled for AccountPage {
    fn title(&self) -> String {
        self.frame.say("nav-account")
    }
}

impl AccountPage {
    fn state_badge(&self) -> Badge {
        match self.state {
            UserState::Active => Badge::new(Tone::Good, self.frame.say("account-active")),
            UserState::Dormant => Badge::new(Tone::Warn, self.frame.say("account-dormant")),
            UserState::Blocked => Badge::new(Tone::Bad, self.frame.say("account-blocked")),
            UserState::Withdrawn => Badge::new(Tone::Bad, self.frame.say("account-closed")),
        }
    }

    fn verified_badge(&self) -> Badge {
        match self.email_verified {
            true => Badge::new(Tone::Good, self.frame.say("account-verified")),
            false => Badge::new(Tone::Plain, self.frame.say("account-unverified")),
        }
    }

    fn second_badge(&self) -> Badge {
        match self.second_since {
            Some(_) => Badge::new(Tone::Good, self.frame.say("two-factor-is-on")),
            None => Badge::new(Tone::Warn, self.frame.say("two-factor-is-off")),
        }
    }
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// The new one is too short or too long.
    Length,
    /// The new one is the old one.
    Same,
    /// The new one was typed in two ways.
    Differs,
    /// It is not the current one.
    Wrong,
    /// Too many were wrong; the next one is heard after this many minutes.
    TooMany {
        /// Whole minutes, rounded up.
        minutes: usize,
    },
}

impl PasswordError {
    /// The sentence about it.
    pub fn text(self, frame: &Frame) -> String {
        match self {
            PasswordError::Length => frame.say("password-length"),
            PasswordError::Same => frame.say("password-same"),
            PasswordError::Differs => frame.say("password-differs"),
            PasswordError::Wrong => frame.say("password-wrong"),
            PasswordError::TooMany { minutes } => frame.fill("password-too-many", "minutes", minutes),
        }
    }
}

/// `GET /me/account/password`.
#[derive(Template)]
#[template(path = "me/password.html")]
pub struct PasswordPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The form.
    pub fields: Fields,
    /// Where it goes.
    pub save: Post,
}

impl Titled for PasswordPage {
    fn title(&self) -> String {
        self.frame.say("password-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("password-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}
