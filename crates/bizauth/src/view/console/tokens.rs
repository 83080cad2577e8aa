//! The business tokens of an app: a list with a search, and one token with what it speaks for.

use askama::Template;
use bizauth_core::token::{Ending, Standing};
use bizauth_store::EndedBy;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Post, Titled, Tone, When};

/// How a token stands, in a word or two.
pub fn token_badge(frame: &Frame, standing: Standing) -> Badge {
    match standing {
        Standing::Active => Badge::new(Tone::Good, frame.say("token-active")),
        Standing::Ended(Ending::Revoked(_)) => Badge::new(Tone::Plain, frame.say("token-revoked")),
        Standing::Ended(Ending::Withdrawn(_)) => Badge::new(Tone::Plain, frame.say("token-withdrawn")),
        Standing::Ended(Ending::KeyDeleted) => Badge::new(Tone::Plain, frame.say("token-key-deleted")),
        Standing::Ended(Ending::AppDeleted(_)) | Standing::AppEnded => {
            Badge::new(Tone::Plain, frame.say("token-app-ended"))
        }
        Standing::AppSanctioned => Badge::new(Tone::Bad, frame.say("token-sanctioned")),
        Standing::AccountEnded => Badge::new(Tone::Plain, frame.say("token-account-ended")),
        Standing::Unused => Badge::new(Tone::Plain, frame.say("token-unused")),
        Standing::NotMember => Badge::new(Tone::Warn, frame.say("token-not-member")),
    }
}

/// The words that say what it means that a token stands like this.
const fn meaning(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "token-active",
        Standing::Ended(Ending::Revoked(_)) => "token-revoked",
        Standing::Ended(Ending::Withdrawn(_)) => "token-withdrawn",
        Standing::Ended(Ending::KeyDeleted) => "token-key-deleted",
        Standing::Ended(Ending::AppDeleted(_)) | Standing::AppEnded => "token-app-ended",
        Standing::AppSanctioned => "token-sanctioned",
        Standing::AccountEnded => "token-account-ended",
        Standing::Unused => "token-unused",
        Standing::NotMember => "token-not-member",
    }
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// The business token ID.
    pub id: String,
    /// The person, as the app knows them.
    pub user: String,
    /// When the person agreed.
    pub agreed: When,
    /// When it was last used.
    pub used: When,
    /// How it stands.
    pub state: Badge,
}

/// `GET /console/apps/{app}/tokens`.
#[derive(Template)]
#[template(path = "console/tokens.html")]
pub struct TokensPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of this page; its tokens are below it.
    pub path: String,
    /// What was searched for.
    pub search: String,
    /// Whether that was no number, and so can be no id.
    pub not_a_number: bool,
    /// The tokens on this page.
    pub rows: Vec<TokenRow>,
    /// The ways on.
    pub pager: Pager,
}

impl Titled for TokensPage {
    fn title(&self) -> String {
        self.frame.say("tokens-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("tokens-lead"))
    }
}

/// An asset that was lent with a token.
#[derive(Clone, Debug)]
pub struct LentRow {
    /// Its name; `None` is all of the group.
    pub asset: Option<(String, String)>,
    /// Whether the token still speaks for it.
    pub still: bool,
}

/// What a token says of one group.
#[derive(Clone, Debug)]
pub struct AgreedGroup {
    /// The group's name, in the page's language.
    pub name: String,
    /// Its items: name and id.
    pub items: Vec<(String, String)>,
    /// Whether the group has assets.
    pub has_assets: bool,
    /// What was lent.
    pub lent: Vec<LentRow>,
}

/// `GET /console/apps/{app}/tokens/{token}`.
#[derive(Template)]
#[template(path = "console/token.html")]
pub struct TokenPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The business token ID.
    pub id: String,
    /// The person, as the app knows them.
    pub user: String,
    /// The list of this person's tokens.
    pub of_user: String,
    /// How it stands.
    pub standing: Standing,
    /// Who ended it, where somebody did.
    pub ended_by: Option<EndedBy>,
    /// The key it was given to: name and address. A deleted key has none.
    pub key: (String, Option<String>),
    /// When the person agreed.
    pub agreed: When,
    /// When it was last used.
    pub used: When,
    /// When it last changed.
    pub updated: When,
    /// Group by group.
    pub groups: Vec<AgreedGroup>,
    /// Whether the lent assets fill more than one page.
    pub paged: bool,
    /// The ways on among them.
    pub pager: Pager,
    /// The form that revokes it, and whether that was confirmed.
    pub revoke: (Post, Fields),
}

impl TokenPage {
    fn badge(&self) -> Badge {
        token_badge(&self.frame, self.standing)
    }

    fn meaning(&self) -> String {
        self.frame.part(meaning(self.standing), "text")
    }

    fn ender(&self) -> Option<String> {
        Some(match self.ended_by.as_ref()? {
            EndedBy::Owner => self.frame.say("token-by-owner"),
            EndedBy::Member(email) => self.frame.fill("token-by-member", "email", email),
            EndedBy::Operator => self.frame.say("token-by-operator"),
            EndedBy::Restore => self.frame.say("token-by-restore"),
            EndedBy::App => self.frame.say("token-by-app"),
            EndedBy::Unknown => self.frame.say("token-by-unknown"),
        })
    }

    fn ended_at(&self) -> Option<When> {
        match self.standing {
            Standing::Ended(Ending::Revoked(at) | Ending::Withdrawn(at) | Ending::AppDeleted(at)) => Some(at.into()),
            _ => None,
        }
    }

    /// Whether revoking it would change anything.
    fn can_end(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::NotMember)
    }
}

impl Titled for TokenPage {
    fn title(&self) -> String {
        self.frame.fill("token-title", "id", &self.id)
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.revoke.1]
    }
}
