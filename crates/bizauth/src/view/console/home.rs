//! `/console`: the apps of the signed-in person, and invitations to others.

use askama::Template;
use bizauth_core::app::Role;

use super::{AppHead, initial, role_badge};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Post, Titled, When};

/// One app in the list.
#[derive(Clone, Debug)]
pub struct AppRow {
    /// Which, and what the person may do with it.
    pub head: AppHead,
    /// The company.
    pub company: String,
    /// When it was made.
    pub created: When,
}

/// An invitation to an app, addressed to the person.
#[derive(Clone, Debug)]
pub struct InvitationRow {
    /// The app's name.
    pub name: String,
    /// Its icon, if it has one.
    pub icon: Option<String>,
    /// Its company.
    pub company: String,
    /// The address of who invites.
    pub invited_by: Option<String>,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub until: When,
    /// The form that accepts it.
    pub accept: Post,
    /// The form that declines it.
    pub decline: Post,
}

impl InvitationRow {
    fn initial(&self) -> String {
        initial(&self.name)
    }
}

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
    /// What the names begin with.
    pub search: String,
    /// The apps of this page.
    pub apps: Vec<AppRow>,
    /// The ways on.
    pub pager: Pager,
    /// Open invitations.
    pub invitations: Vec<InvitationRow>,
    /// Whether there are more, which come when these are answered.
    pub more_invitations: bool,
    /// Whether the account's e-mail address is verified: to another nobody can be invited.
    pub email_verified: bool,
}

impl ConsoleHome {
    fn role(&self, role: &Role) -> Badge {
        role_badge(&self.frame, *role)
    }

    fn inviter(&self, row: &InvitationRow) -> String {
        row.invited_by.clone().unwrap_or_else(|| self.frame.say("invitation-somebody"))
    }

    /// Whether there is nothing to list, and nothing was looked for.
    fn is_new(&self) -> bool {
        self.apps.is_empty() && self.search.is_empty() && self.pager.is_moot()
    }
}

impl Titled for ConsoleHome {
    fn title(&self) -> String {
        self.frame.say("console-home")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("console-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        Vec::new()
    }
}
