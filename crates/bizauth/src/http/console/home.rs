//! `GET /console`: the apps of the signed-in person, and invitations to others.

use axum::extract::State;
use bizauth_core::app::Role;
use bizauth_core::id::AppId;
use bizauth_store::{AppRecord, Place, ReceivedInvitation};

use super::page;
use crate::http::reply::escape;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::console::{AppHead, AppRow, ConsoleHome, InvitationRow, icon_url};
use crate::view::kit::Pager;

/// How many apps stand on a page.
const ON_A_PAGE: usize = 20;
/// How many invitations are shown at a time; those that are answered make room for the next.
const INVITATIONS: u8 = 20;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let form = visit.form();
    let search: String = form.get("q").unwrap_or_default().trim().chars().take(100).collect();
    let id = |name: &str| form.get(name).and_then(|id| id.parse::<AppId>().ok());
    let place = id("after").map(Place::After).or(id("before").map(Place::Before));
    let most = i64::try_from(ON_A_PAGE + 1).unwrap_or(i64::MAX);
    let mut apps = it.store.apps_of(visit.user().id, &search, place, most).await?;
    let pager = cut(&mut apps, place, &search);
    let mut invitations = it.store.invitations_for(visit.user().id, visit.at(), INVITATIONS + 1).await?;
    let more_invitations = invitations.len() > usize::from(INVITATIONS);
    invitations.truncate(usize::from(INVITATIONS));
    let row = |(record, role): &(AppRecord, Role)| AppRow {
        head: AppHead::of(&record.app, *role),
        company: record.app.company.clone(),
        created: record.created_at.into(),
    };
    Ok(page(&ConsoleHome {
        frame: visit.frame(&it),
        apps: apps.iter().map(row).collect(),
        pager,
        search,
        invitations: invitations.into_iter().map(|one| invitation(&visit, one)).collect(),
        more_invitations,
        email_verified: visit.user().email_verified,
    }))
}

/// Cuts off the one that tells that there are more, and says which ways lead on.
fn cut(apps: &mut Vec<(AppRecord, Role)>, place: Option<Place<AppId>>, search: &str) -> Pager {
    let more = apps.len() > ON_A_PAGE;
    let back = matches!(place, Some(Place::Before(_)));
    if more {
        apps.remove(if back { 0 } else { ON_A_PAGE });
    }
    let to = |way: &str, app: Option<&(AppRecord, Role)>| {
        let way = app.map(|(record, _)| format!("{way}={}", record.app.id));
        let search = (!search.is_empty()).then(|| format!("q={}", escape(search)));
        let query = search.into_iter().chain(way).collect::<Vec<_>>().join("&");
        if query.is_empty() { "/console".to_owned() } else { format!("/console?{query}") }
    };
    let newer = (place.is_some() && (!back || more)).then(|| to("before", apps.first()));
    let older = (back || more).then(|| to("after", apps.last()));
    Pager { newer, older }
}

fn invitation(visit: &Visit, one: ReceivedInvitation) -> InvitationRow {
    let to = |act: &str| visit.form_to(format!("/console/invitations/{}/{act}", one.id));
    InvitationRow {
        icon: one.app.icon.map(icon_url),
        accept: to("accept"),
        decline: to("decline"),
        name: one.app.name,
        company: one.app.company,
        invited_by: one.invited_by,
        role: one.role,
        until: one.expires_at.into(),
    }
}
