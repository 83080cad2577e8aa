//! `GET /console/apps/{app}/settings`, `POST …/rename` and the requests to become a Biz app. The icon is in `icon.rs`,
//! the end of an app in `delete.rs`.

use axum::extract::State;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::RequestId;
use bizauth_store::{Asked, RequestRecord, RequestState, Turn};

use super::new::read_names;
use super::page::{app_frame, head};
use super::permissions::answered;
use super::{page, typed};
use crate::http::state::AppState;
use crate::http::turn::turn;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Frame;
use crate::view::console::{
    AppHead, BizRequest, LONGEST_REASON, RequestWord, SettingsPage, reason_refusal, request_refusal,
};
use crate::view::kit::{Fields, Turning};

/// Requests to become a Biz app on a page.
const REQUESTS: i64 = 5;

/// The forms of the page: what was typed into the one that was refused.
#[derive(Default)]
pub struct Forms {
    /// Name and company; what is stored, if nothing was typed.
    pub naming: Option<Fields>,
    /// The icon.
    pub picture: Fields,
    /// The reason to become a Biz app.
    pub biz: Fields,
    /// The confirmation of the end.
    pub confirm: Fields,
}

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    show(&it, &visit, Forms::default()).await
}

/// The frame of the page, for sentences about its forms.
pub fn frame(it: &AppState, visit: &Visit, head: &AppHead) -> Frame {
    app_frame(it, visit, head, &format!("{}/settings", head.path()))
}

/// The page with these forms.
pub async fn show(it: &AppState, visit: &Visit, forms: Forms) -> Page {
    let (head, app) = (head(visit), &visit.app().app);
    let is_owner = visit.role() == Role::Owner;
    let to = |end: &str| visit.form_to(format!("{}{end}", head.path()));
    let turn = turn(visit.form());
    let requests = it.store.biz_requests(app.id, &turn, REQUESTS).await?;
    // While one is open there is no newer one.
    let newest = match turn {
        Turn::First => requests.rows.first().map(|request| request.state),
        _ => it.store.biz_requests(app.id, &Turn::First, 1).await?.rows.first().map(|request| request.state),
    };
    let is_open = newest == Some(RequestState::Open);
    let list = format!("{}/settings", head.path());
    let pager = Turning { anchor: "biz", ..Turning::alone(&list) }.of(&requests, |request| request.id.to_string());
    let may_become_biz = app.kind == AppKind::Basic;
    let test_apps = match app.kind {
        AppKind::Biz => usize::try_from(it.store.count_test_apps(app.id).await?).unwrap_or(0),
        AppKind::Basic | AppKind::Test => 0,
    };
    let stored = || Fields::typed([("name", app.name.as_str()), ("company", app.company.as_str())]);
    let request = |request: RequestRecord| BizRequest {
        withdraw: (is_owner && request.state == RequestState::Open)
            .then(|| to(&format!("/biz/{}/withdraw", request.id))),
        state: match request.state {
            RequestState::Open => RequestWord::Open,
            RequestState::Granted => RequestWord::Granted,
            RequestState::Refused => RequestWord::Refused,
            RequestState::Withdrawn => RequestWord::Withdrawn,
        },
        reason: request.reason,
        answer: request.answer,
        asked: request.asked_at.into(),
    };
    Ok(page(&SettingsPage {
        frame: frame(it, visit, &head),
        naming: forms.naming.unwrap_or_else(stored).for_form("naming"),
        rename: to("/rename"),
        picture: forms.picture.for_form("picture"),
        icon: to("/icon"),
        remove_icon: app.icon.is_some().then(|| to("/icon/delete")),
        may_become_biz,
        requests: requests.rows.into_iter().map(request).collect(),
        requests_pager: pager,
        biz: forms.biz.for_form("biz"),
        ask_biz: (may_become_biz && is_owner && !is_open).then(|| to("/biz/request")),
        confirm: forms.confirm.for_form("delete"),
        delete: is_owner.then(|| to("/delete")),
        test_apps,
        head,
    }))
}

/// Changes the name and the company.
pub async fn rename(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    let mut naming = typed(&visit, &["name", "company"]);
    let Some((name, company)) = read_names(&frame(&it, &visit, &head), &mut naming) else {
        return show(&it, &visit, Forms { naming: Some(naming), ..Forms::default() }).await;
    };
    match visit.by(&it).rename_app(head.id, name, company).await? {
        true => Ok(visit.see(&format!("{}/settings", head.path()), "app-renamed")),
        false => Err(PageError::NotFound),
    }
}

/// Asks the operator to make it a Biz app.
pub async fn ask_biz(State(it): State<AppState>, visit: Visit) -> Page {
    let head = head(&visit);
    let (frame, mut biz) = (frame(&it, &visit, &head), typed(&visit, &["reason"]));
    let reason = biz.value("reason").trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        biz.refuse("reason", reason_refusal(&frame, reason.is_empty()));
    }
    if biz.is_fine() {
        match visit.by(&it).ask_permission(head.id, None, reason).await? {
            Asked::Made(_) => return Ok(visit.see(&format!("{}/settings", head.path()), "biz-asked")),
            Asked::AlreadyOpen => biz.refuse("reason", request_refusal(&frame, true)),
            Asked::AlreadyGranted => biz.refuse("reason", request_refusal(&frame, false)),
            Asked::NoSuchApp => return Err(PageError::NotFound),
        }
    }
    show(&it, &visit, Forms { biz, ..Forms::default() }).await
}

/// Takes the request back.
pub async fn withdraw_biz(State(it): State<AppState>, visit: Visit) -> Page {
    let (head, id) = (head(&visit), visit.param::<RequestId>("request")?);
    let list = format!("{}/settings", head.path());
    if !visit.by(&it).withdraw_biz_request(head.id, id).await? {
        // Somebody else took it back, or the operator was faster.
        let known = it.store.request_of(head.id, id).await?.filter(|known| known.group.is_none());
        answered(known, &list)?;
    }
    Ok(visit.see(&list, "request-withdrawn-now"))
}
