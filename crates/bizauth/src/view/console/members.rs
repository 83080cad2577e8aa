//! `/console/apps/{app}/members`: who works on an app, who is invited, and one member.

use askama::Template;
use bizauth_core::app::Role;

use super::{AppHead, role_badge};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Pick, Post, Titled, When};

/// A member in the list.
#[derive(Clone, Debug)]
pub struct MemberRow {
    /// The e-mail address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// Whether it is the person themselves.
    pub me: bool,
    /// The member's page, if the person may change something there.
    pub href: Option<String>,
}

/// An open invitation.
#[derive(Clone, Debug)]
pub struct InvitedRow {
    /// Whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Until when it can be accepted.
    pub until: When,
    /// The form that takes it back, for an owner.
    pub cancel: Option<Post>,
}

/// The members of an app.
#[derive(Template)]
#[template(path = "console/members.html")]
pub struct MembersPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app.
    pub head: AppHead,
    /// Its address.
    pub path: String,
    /// The members on this page.
    pub members: Vec<MemberRow>,
    /// What was searched for.
    pub search: String,
    /// Whether there are enough to search.
    pub searchable: bool,
    /// The ways on.
    pub pager: Pager,
    /// Who is invited.
    pub invited: Vec<InvitedRow>,
    /// `email`, `role`.
    pub invitation: Fields,
    /// Where it goes; nothing for an editor.
    pub invite: Option<Post>,
    /// `to`, `confirm`.
    pub handing: Fields,
    /// Where it goes; nothing for an editor, or while there is nobody to hand it to.
    pub transfer: Option<Post>,
    /// To whom.
    pub heirs: Vec<Pick>,
}

impl MembersPage {
    fn role(&self, role: &Role) -> Badge {
        role_badge(&self.frame, *role)
    }

    fn roles(&self) -> Vec<Pick> {
        roles(&self.frame)
    }
}

impl Titled for MembersPage {
    fn title(&self) -> String {
        self.frame.say("app-members")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("members-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.invitation, &self.handing]
    }
}

/// One member: another role, or the end of the membership.
#[derive(Template)]
#[template(path = "console/member.html")]
pub struct MemberPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app.
    pub head: AppHead,
    /// The e-mail address.
    pub email: String,
    /// The role.
    pub role: Role,
    /// Whether it is the person themselves.
    pub me: bool,
    /// `role`.
    pub fields: Fields,
    /// Where it goes; nothing for an editor.
    pub change: Option<Post>,
    /// `confirm`.
    pub confirm: Fields,
    /// Where it goes.
    pub remove: Post,
}

impl MemberPage {
    fn badge(&self) -> Badge {
        role_badge(&self.frame, self.role)
    }

    fn roles(&self) -> Vec<Pick> {
        roles(&self.frame)
    }
}

impl Titled for MemberPage {
    fn title(&self) -> String {
        self.email.clone()
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields, &self.confirm]
    }
}

fn roles(frame: &Frame) -> Vec<Pick> {
    let role = |role: Role, key: &str| Pick::new(role.word(), frame.say(key)).hinted(frame.part(key, "about"));
    vec![role(Role::Editor, "member-editor"), role(Role::Owner, "member-owner")]
}

/// Why a membership cannot be as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRefusal {
    /// What was typed is no e-mail address.
    NoEmail,
    /// Already a member.
    AlreadyMember,
    /// Too many open invitations.
    TooMany,
    /// No role was chosen.
    NoRole,
    /// The app would have no owner.
    LastOwner,
    /// Nobody was chosen, or someone who is no member any more.
    NoHeir,
}

/// The sentence about it.
pub fn member_refusal(frame: &Frame, why: MemberRefusal) -> String {
    let key = match why {
        MemberRefusal::NoEmail => "invite-no-email",
        MemberRefusal::AlreadyMember => "invite-already-member",
        MemberRefusal::TooMany => "invite-too-many",
        MemberRefusal::NoRole => "member-no-role",
        MemberRefusal::LastOwner => "member-last-owner",
        MemberRefusal::NoHeir => "transfer-no-heir",
    };
    frame.say(key)
}
