//! `/operator/apps`: the apps, and what is done to one of them.

use axum::extract::State;
use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_core::key::AppKey;
use bizauth_core::scope::GroupId;
use bizauth_store::Leaf;

use super::desk::{ROWS, Typed, refused, shown, turn};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Fields;
use crate::view::operator::apps::{AppSeen, list, one, path};
use crate::view::operator::slips;

/// How many of an app's newest tokens are looked at.
const TOKENS: i64 = 1000;

/// Members on an app's page.
const MEMBERS: i64 = 25;

/// `GET /operator/apps`: all, those under sanction, those whose name begins so, or the one with this id or key.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let sought = visit.form().get("q").unwrap_or_default().trim();
    let sanctioned = visit.form().get("show") == Some("sanctioned");
    if sanctioned {
        let leaf = it.store.sanctioned_apps(&turn(visit.form()), ROWS).await?;
        return shown(&it, &visit, |desk| list(desk, sought, sanctioned, leaf));
    }
    let exact = match (AppKey::read(sought), sought.parse::<AppId>()) {
        (Some(key), _) => it.store.key(&key, visit.at()).await?.map(|found| found.app.id),
        (None, Ok(id)) => Some(id),
        (None, Err(_)) => None,
    };
    let exact = match exact {
        Some(id) => it.store.app(id).await?,
        None => None,
    };
    // An admin key is a secret: its app is shown, the key is not repeated.
    let key = AppKey::read(sought).is_some();
    let leaf = match exact {
        Some(record) if key => return Ok(crate::http::reply::see(&path(record.app.id))),
        Some(record) => Leaf { rows: vec![record], before: false, after: false },
        None => it.store.apps_page(sought, &turn(visit.form()), ROWS).await?,
    };
    shown(&it, &visit, |desk| list(desk, sought, sanctioned, leaf))
}

async fn seen(it: &AppState, visit: &Visit, refused: Option<(&'static str, Fields)>) -> Result<AppSeen, PageError> {
    let id = visit.param("application")?;
    let (idle, turn) = (visit.at().minus(it.config.token_idle_lifetime), turn(visit.form()));
    let (record, members, keys, permissions, catalogue, tokens) = tokio::try_join!(
        it.store.app(id),
        it.store.members_page(id, "", &turn, MEMBERS),
        it.store.keys_of(id, visit.at()),
        it.store.permissions_of(id),
        it.store.catalogue(),
        it.store.alive_tokens(id, idle, TOKENS),
    )?;
    let record = record.ok_or(PageError::NotFound)?;
    Ok(AppSeen { record, members, keys, permissions, catalogue, tokens, most: TOKENS, refused })
}

/// `GET /operator/apps/{application}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let seen = seen(&it, &visit, None).await?;
    shown(&it, &visit, |desk| one(desk, seen))
}

async fn again(it: &AppState, visit: &Visit, form: &'static str, typed: Typed<'_>) -> Page {
    let seen = seen(it, visit, Some((form, typed.fields))).await?;
    let here = path(seen.record.app.id);
    refused(it, visit, &here, |desk| one(desk, seen))
}

/// The app in the path, which must be there.
async fn known(it: &AppState, visit: &Visit) -> Result<AppId, PageError> {
    let id = visit.param("application")?;
    it.store.app(id).await?.map(|record| record.app.id).ok_or(PageError::NotFound)
}

/// `POST …/kind`: basic or Biz; what takes Business Authentication away has to be confirmed.
pub async fn kind(State(it): State<AppState>, visit: Visit) -> Page {
    let id = visit.param("application")?;
    let record = it.store.app(id).await?.ok_or(PageError::NotFound)?;
    let mut typed = Typed::of(&it, &visit, &["kind", "reason", "sure"]);
    let kind = typed.choice("kind", |word| AppKind::read(word).filter(|kind| *kind != AppKind::Test));
    let reason = typed.may_reason("reason");
    if record.app.kind == AppKind::Biz && kind == Some(AppKind::Basic) {
        typed.sure("sure");
    }
    let Some(kind) = kind.filter(|_| typed.is_fine()) else { return again(&it, &visit, "kind", typed).await };
    let by = if reason.is_empty() { visit.by(&it) } else { visit.by(&it).because(reason) };
    if !by.set_app_kind(id, kind).await? {
        typed.refuse("kind", slips::TEST_APP);
        return again(&it, &visit, "kind", typed).await;
    }
    Ok(visit.see(&path(id), "op-app-changed"))
}

/// `POST …/sanction`.
pub async fn sanction(State(it): State<AppState>, visit: Visit) -> Page {
    set_sanction(&it, &visit, true).await
}

/// `POST …/lift`.
pub async fn lift(State(it): State<AppState>, visit: Visit) -> Page {
    set_sanction(&it, &visit, false).await
}

async fn set_sanction(it: &AppState, visit: &Visit, on: bool) -> Page {
    let id = known(it, visit).await?;
    let mut typed = Typed::of(it, visit, &["reason", "sure"]);
    let reason = typed.reason("reason");
    if on {
        typed.sure("sure");
    }
    if !typed.is_fine() {
        return again(it, visit, "sanction", typed).await;
    }
    if !visit.by(it).because(reason).set_sanction(id, on).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&path(id), if on { "op-app-sanctioned" } else { "op-app-lifted" }))
}

/// `POST …/quota`: so many calls a day, or as many as it likes.
pub async fn quota(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["quota"]);
    let text = typed.line("quota");
    let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits && !text.is_empty() {
        typed.refuse("quota", slips::NUMBER);
        return again(&it, &visit, "quota", typed).await;
    }
    if !visit.by(&it).set_daily_quota(id, text.parse().ok()).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&path(id), "op-app-changed"))
}

/// `POST …/grant`: the feature permission of a group.
pub async fn grant(State(it): State<AppState>, visit: Visit) -> Page {
    let (id, group) = (known(&it, &visit).await?, group(&visit)?);
    if !visit.by(&it).grant_permission(id, group).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&path(id), "op-app-granted"))
}

/// `POST …/take`: takes it back.
pub async fn take(State(it): State<AppState>, visit: Visit) -> Page {
    let (id, group) = (known(&it, &visit).await?, group(&visit)?);
    visit.by(&it).take_permission(id, group).await?;
    Ok(visit.see(&path(id), "op-app-taken"))
}

fn group(visit: &Visit) -> Result<GroupId, PageError> {
    visit.form().get("group").map(GroupId::from).ok_or(PageError::NotFound)
}

/// `POST …/delete`: for good, once its name was typed.
pub async fn delete(State(it): State<AppState>, visit: Visit) -> Page {
    let id = known(&it, &visit).await?;
    let record = it.store.app(id).await?.ok_or(PageError::NotFound)?;
    let mut typed = Typed::of(&it, &visit, &["confirm"]);
    typed.confirm(&record.app.name);
    if !typed.is_fine() {
        return again(&it, &visit, "delete", typed).await;
    }
    if !visit.by(&it).delete_app(id).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see("/operator/apps", "op-app-deleted"))
}
