//! The small page that says one thing and what to do next.
//!
//! For everything that is no refusal of an app's request: signed out, expired, answered before, not there.

use askama::Template;

use super::{Frame, Place};

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The person has signed out.
    SignedOut,
    /// The consent request is too old, or never was.
    ConsentGone,
    /// The consent request was answered already, perhaps in another window.
    ConsentAnswered,
    /// The request of an app was answered already; nothing was done.
    RequestAnswered,
    /// A form token was missing, foreign or too old; nothing was done.
    FormExpired,
    /// The session ended before the form was sent; nothing was done.
    SessionOver,
    /// No page lives at this address.
    NotFound,
    /// No page lives at this address, but the operator's have a listener of their own: said by `bizauth dev` alone.
    OperatorElsewhere,
    /// The page does not answer to this method.
    WrongMethod,
    /// Only an owner of the app may do this.
    OwnersOnly,
    /// Only an operator may come here.
    OperatorsOnly,
    /// The account sleeps.
    AccountDormant,
    /// The account is blocked.
    AccountBlocked,
    /// The account was closed.
    AccountClosed,
    /// A form or a file is longer than the action takes.
    TooLarge,
    /// A form or an address that no page of ours makes.
    Malformed,
    /// The account, or the address, did so much that it has to pause; nothing was done.
    TooOften,
    /// The server has no master key, or not the right one: second factors can be neither set up nor checked.
    SealUnavailable,
    /// The store cannot be asked for the moment; nothing was done.
    Unavailable,
    /// Our own failure; it is in the log.
    Broken,
}

impl Notice {
    /// All notices.
    pub const ALL: [Self; 20] = [
        Self::SignedOut,
        Self::ConsentGone,
        Self::ConsentAnswered,
        Self::RequestAnswered,
        Self::FormExpired,
        Self::SessionOver,
        Self::NotFound,
        Self::OperatorElsewhere,
        Self::WrongMethod,
        Self::OwnersOnly,
        Self::OperatorsOnly,
        Self::AccountDormant,
        Self::AccountBlocked,
        Self::AccountClosed,
        Self::TooLarge,
        Self::Malformed,
        Self::TooOften,
        Self::SealUnavailable,
        Self::Unavailable,
        Self::Broken,
    ];

    /// The key of its words, by which the log and the metrics know it too.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SignedOut => "notice-signed-out",
            Self::ConsentGone => "notice-consent-gone",
            Self::ConsentAnswered => "notice-consent-answered",
            Self::RequestAnswered => "notice-request-answered",
            Self::FormExpired => "notice-form-expired",
            Self::SessionOver => "notice-session-over",
            Self::NotFound => "notice-not-found",
            Self::OperatorElsewhere => "notice-operator-elsewhere",
            Self::WrongMethod => "notice-wrong-method",
            Self::OwnersOnly => "notice-owners-only",
            Self::OperatorsOnly => "notice-operators-only",
            Self::AccountDormant => "notice-account-dormant",
            Self::AccountBlocked => "notice-account-blocked",
            Self::AccountClosed => "notice-account-closed",
            Self::TooLarge => "notice-too-large",
            Self::Malformed => "notice-malformed",
            Self::TooOften => "notice-too-often",
            Self::SealUnavailable => "notice-seal-unavailable",
            Self::Unavailable => "notice-unavailable",
            Self::Broken => "notice-broken",
        }
    }
}

/// One notice, with at most one way on.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// The frame around the page.
    pub frame: Frame,
    /// What it says.
    pub notice: Notice,
    /// The local path that the one link leads to.
    pub next: Option<String>,
    /// What was typed and not done: the names of fields and their values, to be read and copied.
    pub kept: Vec<(String, String)>,
}

/// What fields are called on the pages that have them: the key of the label, by the name that is sent.
const LABELS: [(&str, &str); 23] = [
    ("answer", "op-answer-field"),
    ("announced_by", "ip-announced-by-field"),
    ("callers", "callers-list"),
    ("company", "app-company"),
    ("date", "ip-date-field"),
    ("email", "op-email"),
    ("group", "op-group"),
    ("id", "op-id"),
    ("ips", "ip-networks-field"),
    ("kind", "op-kind"),
    ("name", "op-name"),
    ("name_en", "op-name-en"),
    ("name_ko", "op-name-ko"),
    ("note", "ip-note-field"),
    ("ports", "ip-ports-field"),
    ("purpose", "item-purpose-label"),
    ("quota", "op-quota"),
    ("reason", "op-reason"),
    ("role", "op-role-field"),
    ("scope", "op-scopes"),
    ("state", "op-state"),
    ("uri", "uris-add"),
    ("url", "ip-url-field"),
];

impl NoticePage {
    /// What a field is called, and which of several: `purpose.moment_create` is the purpose of one item.
    fn label(&self, name: &str) -> (Option<String>, String) {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        match LABELS.iter().find(|(known, _)| *known == first) {
            Some((_, key)) => (Some(self.frame.say(key)), rest.to_owned()),
            None => (None, name.to_owned()),
        }
    }

    /// Where the one link leads. Where nobody can go on, the front page is better than a dead end.
    fn way_on(&self) -> Option<&str> {
        let lost = matches!(
            self.notice,
            Notice::ConsentGone
                | Notice::ConsentAnswered
                | Notice::NotFound
                | Notice::OperatorElsewhere
                | Notice::WrongMethod
                | Notice::Broken
        );
        self.next.as_deref().or(lost.then_some("/"))
    }

    /// Below a place of its own no app's link is to blame for a page that is not there, and the way on is its first page.
    fn part(&self, name: &str) -> String {
        let place = match self.frame.place {
            Place::Public => None,
            Place::Console => Some("console"),
            Place::Me => Some("me"),
            Place::Operator => Some("operator"),
        };
        let place = place.filter(|_| matches!(self.notice, Notice::NotFound | Notice::WrongMethod));
        let name = match (name, place) {
            (".text", Some(_)) => format!("{name}-here"),
            (".link", Some(place)) => format!("{name}-{place}"),
            _ => name.to_owned(),
        };
        self.frame.say(&format!("{}{name}", self.notice.key()))
    }
}
