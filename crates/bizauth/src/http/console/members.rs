//! `GET /console/apps/{app}/members`, `POST …/members/invite` and `…/members/transfer`.

use std::time::Duration;

use axum::extract::State;
use bizauth_core::app::Role;
use bizauth_core::id::UserId;
use bizauth_core::user;
use bizauth_store::{Invited, NewInvitation};

use super::page::{app_frame, head};
use super::{page, typed};
use crate::http::reply::escape;
use crate::http::state::AppState;
use crate::http::turn::turn;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Frame;
use crate::view::console::{AppHead, InvitedRow, MemberRefusal, MemberRow, MembersPage, member_refusal};
use crate::view::kit::{Fields, Pick, Turning};

/// How long an invitation can be accepted.
const INVITED_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Members on a page.
const ON_A_PAGE: i64 = 25;
/// How many invitations an app may have open.
const MOST_INVITED: i64 = 50;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    show(&it, &visit, Fields::typed([("role", Role::Editor.word())]), Fields::new()).await
}

fn frame(it: &AppState, visit: &Visit, head: &AppHead) -> Frame {
    app_frame(it, visit, head, &format!("{}/members", head.path()))
}

async fn show(it: &AppState, visit: &Visit, invitation: Fields, handing: Fields) -> Page {
    let (head, me, is_owner) = (head(visit), visit.user().id, visit.role() == Role::Owner);
    let to = |end: &str| visit.form_to(format!("{}/members{end}", head.path()));
    let query = visit.form();
    let search = query.get("q").unwrap_or_default().trim().to_owned();
    let path = format!("{}/members", head.path());
    let base = if search.is_empty() { path.clone() } else { format!("{path}?q={}", escape(&search)) };
    let leaf = it.store.members_page(head.id, &search, &turn(query), ON_A_PAGE).await?;
    let pager = Turning::alone(&base).of(&leaf, |member| member.user.to_string());
    // An app is handed to somebody who is seen: whoever is on another page is looked for first.
    let others = leaf.rows.iter().filter(|member| member.user != me);
    let mut heirs: Vec<Pick> = others.map(|member| Pick::new(member.user.to_string(), member.email.clone())).collect();
    if let Some(chosen) = handing.value("to").parse::<UserId>().ok().filter(|chosen| *chosen != me)
        && !heirs.iter().any(|heir| heir.value == chosen.to_string())
        && let Some(member) = it.store.member(head.id, chosen).await?
    {
        heirs.push(Pick::new(chosen.to_string(), member.email));
    }
    let row = |member: bizauth_store::MemberRecord| MemberRow {
        href: (is_owner || member.user == me).then(|| format!("{}/members/{}", head.path(), member.user)),
        role: Role::read(&member.role).unwrap_or(Role::Editor),
        me: member.user == me,
        email: member.email,
    };
    let members = leaf.rows.into_iter().map(row).collect();
    let invited = it.store.invitations_of(head.id, visit.at()).await?.into_iter();
    let invited = invited.map(|one| InvitedRow {
        cancel: is_owner.then(|| to(&format!("/invitations/{}/cancel", one.id))),
        email: one.email,
        role: one.role,
        until: one.expires_at.into(),
    });
    Ok(page(&MembersPage {
        frame: frame(it, visit, &head),
        members,
        searchable: !search.is_empty() || !pager.is_moot(),
        search,
        path,
        pager,
        invited: invited.collect(),
        invitation: invitation.for_form("invite"),
        invite: is_owner.then(|| to("/invite")),
        handing: handing.for_form("transfer"),
        transfer: (is_owner && !heirs.is_empty()).then(|| to("/transfer")),
        heirs,
        head,
    }))
}

/// Invites somebody. The answer is the same whether or not there is an account with the address.
pub async fn invite(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    let (frame, mut fields) = (frame(&it, &visit, &head), typed(&visit, &["email", "role"]));
    let mut refuse = |field: &str, why| fields.refuse(field, member_refusal(&frame, why));
    let email = user::email(visit.form().get("email").unwrap_or_default());
    let role = Role::read(visit.form().get("role").unwrap_or_default());
    if email.is_none() {
        refuse("email", MemberRefusal::NoEmail);
    }
    if role.is_none() {
        refuse("role", MemberRefusal::NoRole);
    }
    if let (Some(email), Some(role)) = (email, role) {
        let expires_at = visit.at().plus(INVITED_FOR);
        let new = NewInvitation { app: head.id, email, role, expires_at, most: MOST_INVITED };
        match visit.by(&it).invite(new).await? {
            Invited::Made(_) => return Ok(visit.see(&format!("{}/members", head.path()), "invited")),
            Invited::AlreadyMember => refuse("email", MemberRefusal::AlreadyMember),
            Invited::TooMany => refuse("email", MemberRefusal::TooMany),
            Invited::NoSuchApp => return Err(PageError::NotFound),
        }
    }
    show(&it, &visit, fields, Fields::new()).await
}

/// Hands the app on to another member.
pub async fn transfer(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    let (frame, mut fields) = (frame(&it, &visit, &head), typed(&visit, &["to", "confirm"]));
    fields.confirm(&frame, &head.name);
    let to = fields.value("to").parse::<UserId>().ok();
    if to.is_none() {
        fields.refuse("to", member_refusal(&frame, MemberRefusal::NoHeir));
    }
    if let (Some(to), true) = (to, fields.is_fine()) {
        if visit.by(&it).transfer_app(head.id, visit.user().id, to).await? {
            return Ok(visit.see(&format!("{}/members", head.path()), "app-transferred"));
        }
        fields.refuse("to", member_refusal(&frame, MemberRefusal::NoHeir));
    }
    show(&it, &visit, Fields::typed([("role", Role::Editor.word())]), fields).await
}
