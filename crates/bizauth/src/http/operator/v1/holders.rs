//! `/operator/v1/assets/{group}/{asset}/holders`: who holds an asset, as what, and who may lend it.

use axum::extract::State;
use bizauth_core::asset::Holding;
use bizauth_core::id::{HoldingId, UserId};
use bizauth_store::HoldingRecord;
use serde_json::{Value, json};

use super::accounts;
use super::assets;
use super::body;
use super::gate::Call;
use super::listing::{self, limit, page, turn};
use super::problem::{Answer, Problem, done, fine};
use crate::http::state::AppState;

fn told((user, HoldingRecord { email, holding }): &(UserId, HoldingRecord)) -> Value {
    json!({ "account": user.to_string(), "email": email, "role": holding.role, "lendable": holding.lendable })
}

/// Those who hold it.
pub async fn list(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let asset = assets::named(&it, &call).await?;
    let leaf = it.store.holders(&asset.group, &asset.id, &turn(&call)?, limit(&call)?).await?;
    Ok(fine(&page(&leaf, told, |(user, _)| user.to_string())))
}

/// Gives the asset to an account, or changes its role. The same once more is the same hold.
pub async fn put(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let role = body.need("role", body::words);
    let lendable = body.take("lendable", body::truth).unwrap_or(true);
    body.finish()?;
    let role = role.ok_or_else(Problem::broken)?;
    let asset = assets::named(&it, &call).await?;
    let user = accounts::named(&it, &call).await?.user;
    let named = [(asset.group.clone(), asset.id.clone())];
    let known = it.store.holdings_named(user.id, &named).await?;
    let told = json!({ "account": user.id.to_string(), "email": user.email, "role": role, "lendable": lendable });
    if !known.first().is_some_and(|held| held.role == role && held.lendable == lendable) {
        let (id, kind, name) = (HoldingId(0), asset.kind, asset.name);
        let holding = Holding { id, group: asset.group, asset: asset.id, kind, name, role, lendable };
        let place = format!("asset {}:{}", holding.group, holding.asset);
        if !call.by(&it).hold_asset(user.id, holding).await? {
            // It went between looking and giving.
            return Err(Problem::not_found(place));
        }
    }
    Ok(fine(&told))
}

/// Takes the asset from an account: it leaves the answer of every token at once.
pub async fn delete(State(it): State<AppState>, call: Call) -> Answer {
    let (group, asset) = assets::place(&call)?;
    call.by(&it).lose_asset(call.id("account")?, group, asset).await?;
    Ok(done())
}
