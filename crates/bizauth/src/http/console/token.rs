//! `/console/apps/{app}/tokens/{token}`: one business token, what it speaks for, and its end.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::id::TokenId;
use bizauth_store::{LentOne, LentRecord, TokenRecord};

use super::key;
use super::page::{app_frame, app_path, head};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::turn::turn;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::console::{AgreedGroup, LentRow, TokenPage, key_name};
use crate::view::kit::{Fields, Turning};
use crate::view::named::{group_name, item_name};

/// Lent assets on a page.
const LISTED: i64 = 50;

fn path(visit: &Visit, id: TokenId) -> String {
    app_path(visit, &format!("/tokens/{id}"))
}

/// The token in the path, if it is one of the app in the path.
async fn find(it: &AppState, visit: &Visit) -> Result<TokenRecord, PageError> {
    let found = it.store.token_of(visit.app().app.id, visit.param("token")?).await?;
    found.ok_or(PageError::NotFound)
}

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let found = find(&it, &visit).await?;
    Ok(show(&it, &visit, found, Fields::new().for_form("revoke")).await?)
}

async fn show(it: &AppState, visit: &Visit, found: TokenRecord, fields: Fields) -> bizauth_store::Result<Response> {
    let (token, id) = (&found.token, found.token.id);
    let catalogue = it.store.catalogue().await?;
    let lent = it.store.lent_with(id, &turn(visit.form()), LISTED).await?;
    let here = path(visit, id);
    let pager = Turning { anchor: "lent", ..Turning::alone(&here) }.of(&lent, |lent| lent.position.to_string());
    let frame = app_frame(it, visit, &head(visit), &path(visit, id));
    let row = |lent: &LentRecord| LentRow {
        asset: lent.asset.as_ref().map(|LentOne { id, named }| {
            let name = named.as_ref().map_or_else(|| frame.say("token-asset-unnamed"), |(_, name)| name.clone());
            (id.0.clone(), name)
        }),
        still: lent.still,
    };
    let groups = catalogue.grouped(&token.items).into_iter().map(|(group, items)| AgreedGroup {
        name: group_name(&it.words, frame.language, group),
        items: items.iter().map(|item| (item_name(&it.words, frame.language, item), item.id.0.clone())).collect(),
        has_assets: group.has_assets,
        lent: lent.rows.iter().filter(|lent| lent.group == group.id).map(row).collect(),
    });
    let groups = groups.collect();
    let key_there = it.store.key_by_id(found.key.0, visit.at()).await?.is_some();
    let revoke = visit.form_to(format!("{}/revoke", path(visit, id)));
    let status = if fields.is_fine() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = TokenPage {
        id: id.to_string(),
        user: token.app_user.to_string(),
        of_user: app_path(visit, &format!("/tokens?q={}", token.app_user)),
        standing: token.standing(it.config.token_idle_lifetime, visit.at()),
        ended_by: it.store.ended_by(token).await?,
        key: (key_name(&frame, &found.key.1), key_there.then(|| key::path(visit, found.key.0))),
        agreed: found.agreed_at.into(),
        used: token.used_at.into(),
        updated: token.updated_at.into(),
        groups,
        paged: !pager.is_moot(),
        pager,
        revoke: (revoke, fields),
        frame,
    };
    Ok(html(status, &page, None))
}

/// Ends it, once that is confirmed. From the answer on no node answers for it.
pub async fn revoke(State(it): State<AppState>, visit: Visit) -> Page {
    let found = find(&it, &visit).await?;
    let id = found.token.id;
    if visit.form().get("sure") != Some("yes") {
        let mut fields = Fields::new().for_form("revoke");
        fields.refuse("sure", visit.frame(&it).say("token-revoke-first"));
        return Ok(show(&it, &visit, found, fields).await?);
    }
    // Somebody else may have been faster: it is over either way.
    visit.by(&it).revoke_token_of(visit.app().app.id, id).await?;
    Ok(visit.see(&path(&visit, id), "token-revoked"))
}
