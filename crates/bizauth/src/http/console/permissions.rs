//! `/console/apps/{app}/permissions/…`: asking the operator for the feature permission of a group, and taking that back.
//! How it stands is on the page of the consent items.

use axum::extract::State;
use bizauth_core::id::RequestId;
use bizauth_core::scope::GroupId;
use bizauth_store::{Asked, RequestRecord, RequestState};

use super::items::show;
use super::page::app_path;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Notice;
use crate::view::kit::Fields;

/// How long a reason is, in characters: enough to decide on, and short enough to be read.
const REASON: std::ops::RangeInclusive<usize> = 10..=1000;

/// Asks for it.
pub async fn request(State(it): State<AppState>, visit: Visit) -> Page {
    let group = visit.form().get("group").unwrap_or_default().to_owned();
    let reason = visit.form().text("reason").unwrap_or_default();
    let mut fields = Fields::typed([("reason", reason)]).for_form(&format!("ask-{group}"));
    let (frame, reason) = (visit.frame(&it), reason.trim().to_owned());
    let catalogue = it.store.catalogue().await?;
    if !catalogue.group(&group).is_some_and(|group| group.needs_permission) {
        return Err(PageError::NotFound);
    }
    match reason.chars().count() {
        n if n < *REASON.start() => {
            fields.refuse("reason", frame.fill("permission-reason-short", "least", *REASON.start()));
        }
        n if n > *REASON.end() => fields.refuse("reason", frame.fill("permission-reason-long", "most", *REASON.end())),
        _ => {}
    }
    if !fields.is_fine() {
        return Ok(show(&it, &visit, Some((group, fields))).await?);
    }
    let done = match visit.by(&it).ask_permission(visit.app().app.id, Some(GroupId(group)), reason).await? {
        Asked::Made(_) => "permission-asked",
        Asked::AlreadyOpen => "permission-open",
        Asked::AlreadyGranted => "permission-there",
        Asked::NoSuchApp => return Err(PageError::NotFound),
    };
    Ok(visit.see(&app_path(&visit, "/items"), done))
}

/// Takes a request back that the operator has not decided.
pub async fn withdraw(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, id): (_, RequestId) = (visit.app().app.id, visit.param("request")?);
    let list = app_path(&visit, "/items");
    if !visit.by(&it).withdraw_request(app, id).await? {
        // Somebody else took it back, or the operator was faster.
        let known = it.store.request_of(app, id).await?.filter(|known| known.group.is_some());
        answered(known, &list)?;
    }
    Ok(visit.see(&list, "permission-withdrawn"))
}

/// What became of a request that could not be taken back. That it was taken back before is as good.
///
/// # Errors
/// The operator has answered it, which `list` shows, or there is no such request.
pub(super) fn answered(known: Option<RequestRecord>, list: &str) -> Result<(), PageError> {
    match known.map(|known| known.state) {
        Some(RequestState::Withdrawn) => Ok(()),
        Some(_) => Err(PageError::Leads(Notice::RequestAnswered, list.to_owned())),
        None => Err(PageError::NotFound),
    }
}
