//! `GET /console/apps/{app}/members/{user}`, `POST …/role` and `…/remove`: one member. Owners look after everybody,
//! editors may go themselves.

use axum::extract::State;
use bizauth_core::app::Role;
use bizauth_core::id::UserId;
use bizauth_store::Membership;

use super::page::{app_frame, head};
use super::{page, typed};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::console::{MemberPage, MemberRefusal, member_refusal};
use crate::view::kit::Fields;
use crate::view::{Frame, Notice};

/// A member, as the page shows them.
struct Member {
    user: UserId,
    email: String,
    role: Role,
}

/// The member in the path, if the person may change anything about them.
async fn member(it: &AppState, visit: &Visit) -> Result<Member, PageError> {
    let user = visit.param::<UserId>("user")?;
    let found = it.store.member(visit.app().app.id, user).await?.ok_or(PageError::NotFound)?;
    if visit.role() != Role::Owner && user != visit.user().id {
        return Err(PageError::Notice(Notice::OwnersOnly));
    }
    Ok(Member { user, email: found.email, role: Role::read(&found.role).unwrap_or(Role::Editor) })
}

fn frame(it: &AppState, visit: &Visit, member: &Member) -> Frame {
    let head = head(visit);
    app_frame(it, visit, &head, &format!("{}/members/{}", head.path(), member.user))
}

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let member = member(&it, &visit).await?;
    let fields = Fields::typed([("role", member.role.word())]);
    Ok(show(&it, &visit, member, fields, Fields::new()))
}

fn show(it: &AppState, visit: &Visit, member: Member, fields: Fields, confirm: Fields) -> axum::response::Response {
    let (head, frame) = (head(visit), frame(it, visit, &member));
    let to = |end: &str| visit.form_to(format!("{}/members/{}{end}", head.path(), member.user));
    page(&MemberPage {
        change: (visit.role() == Role::Owner).then(|| to("/role")),
        remove: to("/remove"),
        me: member.user == visit.user().id,
        fields: fields.for_form("role"),
        confirm: confirm.for_form("remove"),
        email: member.email,
        role: member.role,
        frame,
        head,
    })
}

/// Gives them another role.
pub async fn role(State(it): State<AppState>, visit: Visit) -> Page {
    let member = member(&it, &visit).await?;
    let (head, frame, mut fields) = (head(&visit), frame(&it, &visit, &member), typed(&visit, &["role"]));
    match Role::read(fields.value("role")) {
        None => fields.refuse("role", member_refusal(&frame, MemberRefusal::NoRole)),
        Some(role) => match visit.by(&it).change_role(head.id, member.user, role).await? {
            Membership::Changed => return Ok(visit.see(&format!("{}/members", head.path()), "member-changed")),
            Membership::NotMember => return Err(PageError::NotFound),
            Membership::LastOwner => fields.refuse("role", member_refusal(&frame, MemberRefusal::LastOwner)),
        },
    }
    Ok(show(&it, &visit, member, fields, Fields::new()))
}

/// Ends the membership, once the address was typed; of oneself, the app's name.
pub async fn remove(State(it): State<AppState>, visit: Visit) -> Page {
    let member = member(&it, &visit).await?;
    let (head, frame, mut confirm) = (head(&visit), frame(&it, &visit, &member), typed(&visit, &["confirm"]));
    let me = member.user == visit.user().id;
    confirm.confirm(&frame, if me { &head.name } else { &member.email });
    if confirm.is_fine() {
        match visit.by(&it).end_membership(head.id, member.user).await? {
            Membership::Changed if me => return Ok(visit.see("/console", "app-left")),
            Membership::Changed => return Ok(visit.see(&format!("{}/members", head.path()), "member-removed")),
            Membership::NotMember => return Err(PageError::NotFound),
            Membership::LastOwner => confirm.refuse("confirm", member_refusal(&frame, MemberRefusal::LastOwner)),
        }
    }
    let fields = Fields::typed([("role", member.role.word())]);
    Ok(show(&it, &visit, member, fields, confirm))
}
