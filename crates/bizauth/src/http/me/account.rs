//! `GET /me/account`: password, second factor, sessions and known browsers; signing out elsewhere, forgetting browsers.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::{DeviceId, SessionId};

use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Pager;
use crate::view::me::{AccountPage, DeviceLine, SessionLine, agent};

/// Lines of each list on a page.
const PAGE: usize = 20;

/// The page. The query: `sessions`, `devices`, where each list goes on.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (form, user, now) = (visit.form(), visit.user(), visit.at());
    let before: Option<SessionId> = form.get("sessions").and_then(|text| text.parse().ok());
    let mut sessions = it.store.sessions_of(user.id, before, more(), now).await?;
    let next = (sessions.len() > PAGE).then(|| sessions[PAGE - 1].id.to_string());
    sessions.truncate(PAGE);
    let sessions_pager = pager("sessions", before.is_some(), next);
    let before: Option<DeviceId> = form.get("devices").and_then(|text| text.parse().ok());
    let mut devices = it.store.devices_of(user.id, before, more(), now).await?;
    let next = (devices.len() > PAGE).then(|| devices[PAGE - 1].id.to_string());
    devices.truncate(PAGE);
    let devices_pager = pager("devices", before.is_some(), next);
    let second = it.store.second_factor(user.id).await?.filter(|second| second.confirmed_at.is_some());

    let frame = visit.frame(&it);
    let act = |path: String| visit.form_to(path);
    let this_device = visit.browser().device.as_ref().map(|(id, _)| *id);
    let session = |found: &bizauth_store::SessionRecord| SessionLine {
        this: found.id == visit.session().id,
        agent: agent(&frame, found.agent.as_deref()),
        address: found.address.clone(),
        created_at: found.created_at.into(),
        used_at: found.used_at.into(),
        end: act(format!("/me/account/sessions/{}/end", found.id)),
    };
    let device = |found: &bizauth_store::DeviceRecord| DeviceLine {
        this: Some(found.id) == this_device,
        agent: agent(&frame, found.agent.as_deref()),
        created_at: found.created_at.into(),
        forget: act(format!("/me/account/devices/{}/forget", found.id)),
    };
    let page = AccountPage {
        email: user.email.clone(),
        email_verified: user.email_verified,
        state: user.state,
        second_since: second.as_ref().and_then(|second| second.confirmed_at).map(Into::into),
        recovery_left: second.map_or(0, |second| usize::try_from(second.recovery_left).unwrap_or(0)),
        sessions: sessions.iter().map(session).collect(),
        sessions_pager,
        end_others: act("/me/account/sessions/end-others".to_owned()),
        devices: devices.iter().map(device).collect(),
        devices_pager,
        forget_all: act("/me/account/devices/forget-all".to_owned()),
        frame,
    };
    Ok(html(StatusCode::OK, &page, None))
}

/// `POST …/sessions/{session}/end`.
pub async fn end(State(it): State<AppState>, visit: Visit) -> Page {
    match visit.by(&it).end_session(visit.user().id, visit.param("session")?).await? {
        false => Err(PageError::NotFound),
        true => Ok(visit.see("/me/account", "session-ended")),
    }
}

/// `POST …/sessions/end-others`.
pub async fn end_others(State(it): State<AppState>, visit: Visit) -> Page {
    visit.by(&it).end_other_sessions(visit.user().id, visit.session().id).await?;
    Ok(visit.see("/me/account", "sessions-ended"))
}

/// `POST …/devices/{device}/forget`.
pub async fn forget(State(it): State<AppState>, visit: Visit) -> Page {
    match visit.by(&it).forget_device(visit.user().id, visit.param("device")?).await? {
        false => Err(PageError::NotFound),
        true => Ok(visit.see("/me/account", "device-forgotten")),
    }
}

/// `POST …/devices/forget-all`.
pub async fn forget_all(State(it): State<AppState>, visit: Visit) -> Page {
    visit.by(&it).forget_devices(visit.user().id).await?;
    Ok(visit.see("/me/account", "devices-forgotten"))
}

fn more() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

fn pager(name: &str, later: bool, next: Option<String>) -> Pager {
    Pager {
        newer: later.then(|| format!("/me/account#{name}")),
        older: next.map(|next| format!("/me/account?{name}={next}#{name}")),
    }
}
