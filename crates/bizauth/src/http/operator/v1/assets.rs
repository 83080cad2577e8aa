//! `/operator/v1/assets`: what can be lent, group by group.

use axum::extract::State;
use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::scope::GroupId;
use bizauth_store::{AssetRecord, Turn};
use serde_json::{Value, json};

use super::body::{self, asset_named, group_named};
use super::gate::Call;
use super::listing::{self, limit, page};
use super::problem::{Answer, Mistake, Problem, done, fine};
use crate::http::state::AppState;

/// An asset, as it is told.
pub fn told(it: &AssetRecord) -> Value {
    json!({ "group": it.group.0, "id": it.id.0, "kind": it.kind.word(), "name": it.name })
}

/// The asset in the path, which there may not be.
pub fn place(call: &Call) -> Result<(GroupId, AssetId), Problem> {
    let (group, id) = (call.piece("group"), call.piece("asset"));
    let found = group_named(group).zip(asset_named(id));
    found.ok_or_else(|| Problem::not_found(format!("asset {group}:{id}")))
}

/// The asset in the path.
pub async fn named(it: &AppState, call: &Call) -> Result<AssetRecord, Problem> {
    let (group, id) = place(call)?;
    let found = it.store.asset(&group, &id).await?;
    found.ok_or_else(|| Problem::not_found(format!("asset {group}:{id}")))
}

/// A group's assets by name.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["limit", "after", "group", "q"])?;
    let query = call.query();
    let bad = || Problem::invalid(vec![Mistake::of("group", "must name a group; /operator/v1/catalogue lists them")]);
    let group = query.get("group").and_then(group_named).ok_or_else(bad)?;
    let turn = match query.get("after") {
        None => Turn::First,
        Some(text) => Turn::After(asset_named(text).ok_or_else(listing::stale)?),
    };
    let leaf = it.store.assets_page(&group, query.get("q").unwrap_or_default(), &turn, limit(&call)?).await?;
    Ok(fine(&page(&leaf, told, |it| it.id.0.clone())))
}

/// One asset.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    Ok(fine(&told(&named(&it, &call).await?)))
}

/// Adds an asset, or changes its name and kind. Who holds it stays.
pub async fn put(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let kind = body.need("kind", body::one_of(AssetKind::read, "ad_account, channel"));
    let name = body.need("name", body::words);
    body.finish()?;
    let (Some(kind), Some(name)) = (kind, name) else { return Err(Problem::broken()) };
    let bad = |name, what| Problem::invalid(vec![Mistake::of(name, what)]);
    let id = "must be 1 to 64 letters, digits, _ or -";
    let group = group_named(call.piece("group")).ok_or_else(|| bad("group", id))?;
    let asset =
        AssetRecord { group, id: asset_named(call.piece("asset")).ok_or_else(|| bad("asset", id))?, kind, name };
    let catalogue = it.store.catalogue().await?;
    match catalogue.group(&asset.group.0) {
        Some(group) if group.has_assets && (group.has_ad_accounts || kind == AssetKind::Channel) => {}
        Some(group) if group.has_assets => {
            return Err(Problem::invalid(vec![Mistake::at("/kind", "the group has no ad accounts")]));
        }
        _ => return Err(bad("group", "there is no such group with assets")),
    }
    let known = it.store.asset(&asset.group, &asset.id).await?;
    if known.as_ref().map(told) != Some(told(&asset)) && !call.by(&it).keep_asset(asset.clone()).await? {
        return Err(bad("group", "there is no such group with assets"));
    }
    Ok(fine(&told(&asset)))
}

/// Takes an asset away from everyone. That it is gone already is fine.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    let (group, id) = place(&call)?;
    call.by(&it).remove_asset(group, id).await?;
    Ok(done())
}
