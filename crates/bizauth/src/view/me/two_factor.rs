//! One-time passwords: setting them up, recovery codes, switching them off.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Fields, Post, Titled, When};

/// How far it is set up.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Not at all.
    Off,
    /// A seed waits for its first code.
    Begun {
        /// The QR code, an `<svg>` element of our own making.
        qr: String,
        /// The seed, to be typed.
        seed: String,
        /// Where the first code goes.
        confirm: Post,
    },
    /// It is asked for.
    On {
        /// Since then.
        since: When,
        /// Recovery codes that are left.
        left: usize,
    },
}

/// `GET /me/account/two-factor`.
#[derive(Template)]
#[template(path = "me/two_factor.html")]
pub struct TwoFactorPage {
    /// The frame around the page.
    pub frame: Frame,
    /// How far it is set up.
    pub stage: Stage,
    /// The form of this stage.
    pub fields: Fields,
    /// Where setting up begins.
    pub begin: Post,
    /// Recovery codes, shown this once.
    pub codes: Vec<String>,
}

impl Titled for TwoFactorPage {
    fn title(&self) -> String {
        self.frame.say("two-factor-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("two-factor-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

impl TwoFactorPage {
    fn all_codes(&self) -> String {
        self.codes.join("\n")
    }
}

/// About a first code that is not the app's.
pub fn first_code_wrong(frame: &Frame) -> String {
    frame.say("two-factor-code-wrong")
}

/// What password and code are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofWish {
    /// Other recovery codes.
    Codes,
    /// Switching it off.
    Disable,
}

/// `GET /me/account/two-factor/codes` and `…/disable`.
#[derive(Template)]
#[template(path = "me/proof.html")]
pub struct ProofPage {
    /// The frame around the page.
    pub frame: Frame,
    /// What for.
    pub wish: ProofWish,
    /// The form.
    pub fields: Fields,
    /// Where it goes.
    pub send: Post,
    /// The way back.
    pub back: String,
}

impl Titled for ProofPage {
    fn title(&self) -> String {
        match self.wish {
            ProofWish::Codes => self.frame.say("recovery-title"),
            ProofWish::Disable => self.frame.say("two-factor-disable"),
        }
    }

    fn lead(&self) -> Option<String> {
        Some(match self.wish {
            ProofWish::Codes => self.frame.say("recovery-lead"),
            ProofWish::Disable => self.frame.say("two-factor-disable-lead"),
        })
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}
