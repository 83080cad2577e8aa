//! `GET /console/apps/{app}`: what an app is, and what it lacks for its first token.

use axum::extract::State;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_store::AppRecord;

use super::items::biz_asked;
use super::page;
use super::page::{app_frame, head};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::console::{OverviewPage, Relative, Step};

/// How many test apps are named.
const MOST_TEST_APPS: i64 = 20;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (head, record) = (head(&visit), visit.app());
    let app = &record.app;
    let progress = it.store.app_progress(app.id).await?;
    let path = head.path();
    let step = |key, end: &str, done| Step { key, href: format!("{path}{end}"), done, asked: None };
    let biz = match record.parent {
        None => Step { asked: biz_asked(&it, app).await?, ..step("step-biz", "/settings#biz", app.counts_as_biz()) },
        Some(parent) => {
            Step { href: format!("/console/apps/{parent}"), ..step("step-parent", "", app.counts_as_biz()) }
        }
    };
    let steps = vec![
        biz,
        step("step-key", "/keys", progress.has_key),
        step("step-redirect", "/keys", progress.has_redirect_uri),
        step("step-item", "/items", progress.has_item),
        step("step-permission", "/items", progress.has_usable_item),
        step("step-token", "/test", progress.has_token),
    ];
    let parent = match record.parent {
        Some(parent) => relative(&it, &visit, parent).await?,
        None => None,
    };
    let test_apps = match app.kind {
        AppKind::Biz => it.store.test_apps_of(app.id, visit.user().id, MOST_TEST_APPS).await?,
        AppKind::Basic | AppKind::Test => Vec::new(),
    };
    let test_app = |(child, is_member): (AppRecord, bool)| Relative {
        href: is_member.then(|| format!("/console/apps/{}", child.app.id)),
        name: child.app.name,
    };
    Ok(page(&OverviewPage {
        frame: app_frame(&it, &visit, &head, &path),
        company: app.company.clone(),
        created: record.created_at.into(),
        quota: app.daily_quota.and_then(|most| usize::try_from(most).ok()),
        head,
        parent,
        test_apps: test_apps.into_iter().map(test_app).collect(),
        new_test_app: (app.kind == AppKind::Biz && visit.role() == Role::Owner)
            .then(|| format!("/console/apps/new?parent={}", app.id)),
        steps,
    }))
}

/// The app that a test app belongs to: with a link, if the person is a member of it.
async fn relative(it: &AppState, visit: &Visit, id: AppId) -> Result<Option<Relative>, PageError> {
    if let Some((record, _)) = it.store.app_for_member(id, visit.user().id).await? {
        return Ok(Some(Relative { name: record.app.name, href: Some(format!("/console/apps/{id}")) }));
    }
    let found = it.store.app(id).await?;
    Ok(found.map(|record| Relative { name: record.app.name, href: None }))
}
