//! `GET /me`: the apps that a person is connected with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::id::AppId;
use bizauth_core::scope::Catalogue;
use bizauth_store::ConnectedApp;

use super::{List, Lists, alive, lines, named, path_of};
use crate::http::pages::html;
use crate::http::reply::escape;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::Frame;
use crate::view::console::{icon_url, initial};
use crate::view::me::{AppLine, AppsPage, reach_of};

/// Apps on a page.
const PAGE: i64 = 20;

/// The page. The query: `q`, what the name contains; `after` and `before`, an app that the page lies next to.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let form = visit.form();
    let search = form.get("q").unwrap_or_default().trim().to_owned();
    let base = if search.is_empty() { "/me".to_owned() } else { format!("/me?q={}", escape(&search)) };
    let (lists, list) = (Lists { form, base }, List { after: "after", before: "before", anchor: "" });
    let turn = lists.turn(&list, |text| text.parse::<AppId>().ok());
    let apps = it.store.connected_apps(visit.user().id, &search, &turn, PAGE, alive(&it, &visit)).await?;
    let pager = lists.pager(&list, &apps, |app| app.id.to_string());
    let (frame, catalogue) = (visit.frame(&it), it.store.catalogue().await?);
    let searchable = !pager.is_moot() || !search.is_empty();
    let apps = apps.rows.iter().map(|app| line(&it, &frame, &catalogue, app)).collect();
    Ok(answer(AppsPage { frame, apps, search, searchable, pager }))
}

fn answer(page: AppsPage) -> Response {
    html(StatusCode::OK, &page, None)
}

/// An app in short.
pub(super) fn line(it: &AppState, frame: &Frame, catalogue: &Catalogue, app: &ConnectedApp) -> AppLine {
    let short = |reach: &bizauth_store::Reach| {
        let group = named(it, frame, catalogue, &reach.group.0);
        reach_of(frame, &group, (!reach.whole).then(|| usize::try_from(reach.assets).unwrap_or(0)))
    };
    let items = lines(&it.words, frame, catalogue, &app.items);
    AppLine {
        href: path_of(app.id),
        name: app.name.clone(),
        company: app.company.clone(),
        icon: app.icon.map(icon_url),
        letter: initial(&app.name),
        permissions: items.iter().map(|group| (group.group.clone(), group.names())).collect(),
        reach: app.reach.iter().filter(|reach| reach.whole || reach.assets > 0).map(short).collect(),
        since: app.since.map(Into::into),
        used_at: app.used_at.map(Into::into),
        tokens: usize::try_from(app.tokens).unwrap_or(0),
        test: app.kind == bizauth_core::app::AppKind::Test,
        deleted: app.deleted,
    }
}
