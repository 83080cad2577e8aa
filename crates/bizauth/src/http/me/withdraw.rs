//! Taking back: the whole app, one asset, one token. A page that says what will happen, then the action.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::asset::{AssetId, Resource};
use bizauth_core::id::{AppId, TokenId};
use bizauth_core::scope::GroupId;
use bizauth_store::Turn;

use super::{agreed, alive, connected, named, path_of};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Crumb;
use crate::view::me::{WithdrawPage, Withdrawal};

/// `GET …/withdraw`.
pub async fn app(State(it): State<AppState>, visit: Visit) -> Page {
    let app = connected(&it, &visit).await?.app;
    app.since.ok_or(PageError::NotFound)?;
    let tokens = usize::try_from(app.tokens).unwrap_or(0);
    Ok(ask(&it, &visit, (app.id, app.name), Withdrawal::App { tokens }, None))
}

/// `POST …/withdraw`.
pub async fn app_post(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, _) = agreed(&it, &visit).await?;
    match visit.by(&it).withdraw_consents(visit.user().id, app).await? {
        0 => Err(PageError::NotFound),
        _ => Ok(visit.see("/me", "app-withdrawn")),
    }
}

/// `GET …/assets/withdraw?asset=moment:11`.
pub async fn asset(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, name) = agreed(&it, &visit).await?;
    let (group, id) = resource(&visit)?;
    let mine = (visit.user().id, app);
    let (asset, whole) = it.store.lent_asset(mine, &group, &id).await?.ok_or(PageError::NotFound)?;
    let group = named(&it, &visit.frame(&it), &it.store.catalogue().await?, &group.0);
    let what = Withdrawal::Asset { name: asset.name, id: asset.id.0.clone(), group, whole };
    Ok(ask(&it, &visit, (app, name), what, Some(format!("{}:{}", asset.group, asset.id))))
}

/// `POST …/assets/withdraw`.
pub async fn asset_post(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, _) = agreed(&it, &visit).await?;
    let (group, id) = resource(&visit)?;
    match visit.by(&it).withdraw_asset(visit.user().id, app, group, id).await? {
        false => Err(PageError::NotFound),
        true => Ok(visit.see(&path_of(app), "asset-withdrawn")),
    }
}

/// `GET …/tokens/{token}/withdraw`.
pub async fn token(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, name) = agreed(&it, &visit).await?;
    let id: TokenId = visit.param("token")?;
    let mine = (visit.user().id, app);
    let at = Turn::After(TokenId(id.0.saturating_add(1)));
    let found = it.store.living_tokens(mine, &at, 1, alive(&it, &visit)).await?;
    let token = found.rows.into_iter().find(|token| token.id == id).ok_or(PageError::NotFound)?;
    let last = it.store.living_tokens(mine, &Turn::First, 2, alive(&it, &visit)).await?.rows.len() == 1;
    let what = Withdrawal::Token { id: token.id.to_string(), used_at: token.used_at.into(), last };
    Ok(ask(&it, &visit, (app, name), what, None))
}

/// `POST …/tokens/{token}/withdraw`.
pub async fn token_post(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, _) = agreed(&it, &visit).await?;
    match visit.by(&it).withdraw_token(visit.user().id, app, visit.param("token")?).await? {
        false => Err(PageError::NotFound),
        true => Ok(visit.see(&path_of(app), "token-withdrawn")),
    }
}

/// The asset that a form or an address names.
fn resource(visit: &Visit) -> Result<(GroupId, AssetId), PageError> {
    match visit.form().get("asset").and_then(Resource::read) {
        Some(Resource::One(group, id)) => Ok((group, id)),
        _ => Err(PageError::NotFound),
    }
}

fn ask(
    it: &AppState,
    visit: &Visit,
    (app, name): (AppId, String),
    what: Withdrawal,
    asset: Option<String>,
) -> Response {
    let (frame, back) = (visit.frame(it), path_of(app));
    let crumbs = [Crumb::new(frame.say("nav-connected"), "/me"), Crumb::new(name.clone(), back.clone())];
    let post = visit.form_to(visit.path());
    let page = WithdrawPage { frame: frame.below(crumbs), app: name, what, post, asset, back };
    html(StatusCode::OK, &page, None)
}
