//! `POST /console/invitations/{invitation}/accept` and `…/decline` by whom it is addressed to, and
//! `POST /console/apps/{app}/members/invitations/{invitation}/cancel` by the app's owners.

use axum::extract::State;
use bizauth_core::id::InvitationId;

use super::page::head;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};

/// Becomes a member.
pub async fn accept(State(it): State<AppState>, visit: Visit) -> Page {
    let id = visit.param::<InvitationId>("invitation")?;
    match visit.by(&it).accept_invitation(id, visit.user().id).await? {
        Some(app) => Ok(visit.see(&format!("/console/apps/{app}"), "invitation-accepted")),
        None => Err(PageError::NotFound),
    }
}

/// Puts it away.
pub async fn decline(State(it): State<AppState>, visit: Visit) -> Page {
    let id = visit.param::<InvitationId>("invitation")?;
    match visit.by(&it).decline_invitation(id, visit.user().id).await? {
        true => Ok(visit.see("/console", "invitation-declined")),
        false => Err(PageError::NotFound),
    }
}

/// Takes it back.
pub async fn cancel(State(it): State<AppState>, visit: Visit) -> Page {
    let (head, id) = (head(&visit), visit.param::<InvitationId>("invitation")?);
    match visit.by(&it).cancel_invitation(head.id, id).await? {
        true => Ok(visit.see(&format!("{}/members", head.path()), "invitation-cancelled")),
        false => Err(PageError::NotFound),
    }
}
