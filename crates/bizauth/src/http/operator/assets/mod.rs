//! `/operator/assets`: the assets of each group, and who holds them.

pub mod import;
pub mod imports;

use axum::extract::State;
use bizauth_core::asset::{AssetId, AssetKind, Holding, Resource};
use bizauth_core::id::{HoldingId, UserId};
use bizauth_core::scope::{Catalogue, Group, GroupId};
use bizauth_store::{AddedAsset, AssetRecord, Leaf};

use super::desk::{ROWS, Typed, refused, shown, turn, turn_by};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Fields;
use crate::view::operator::assets::{list, new, one, path};
use crate::view::operator::slips;

/// `GET /operator/assets`: those of a group whose name begins so, or the one with this id.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let (form, catalogue) = (visit.form(), it.store.catalogue().await?);
    let wanted = form.get("group").unwrap_or_default();
    let lending = |group: &&Group| group.has_assets;
    let named = catalogue.group(wanted).filter(lending);
    let group = named.or_else(|| catalogue.groups.iter().find(lending)).ok_or(PageError::NotFound)?;
    let sought = form.get("q").unwrap_or_default().trim();
    let exact = it.store.asset(&group.id, &AssetId(sought.to_owned())).await?;
    let leaf = match exact {
        Some(record) => Leaf { rows: vec![record], before: false, after: false },
        None => {
            let turn = turn_by(form, |id| Some(AssetId(id.to_owned())));
            it.store.assets_page(&group.id, sought, &turn, ROWS).await?
        }
    };
    shown(&it, &visit, |desk| list(desk, &catalogue, group, sought, leaf))
}

/// `GET /operator/assets/new`.
pub async fn blank(State(it): State<AppState>, visit: Visit) -> Page {
    let catalogue = it.store.catalogue().await?;
    let group = visit.form().get("group").unwrap_or_default();
    let fields = Fields::typed([("group", group), ("kind", AssetKind::AdAccount.word())]);
    shown(&it, &visit, |desk| new(desk, &catalogue, fields))
}

/// `POST /operator/assets/new`.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let catalogue = it.store.catalogue().await?;
    let mut typed = Typed::of(&it, &visit, &["group", "id", "name", "kind"]);
    let group = typed.choice("group", |id| catalogue.group(id).map(|group| group.id.clone()));
    let (id, name) = (typed.line("id"), typed.words("name"));
    if !matches!(Resource::read(&format!("group:{id}")), Some(Resource::One(..))) {
        typed.refuse("id", slips::ID);
    }
    let kind = typed.choice("kind", AssetKind::read);
    if let (Some(group), Some(kind), true) = (group, kind, typed.is_fine()) {
        let asset = AssetRecord { group, id: AssetId(id), kind, name };
        let to = path(&asset);
        match visit.by(&it).add_asset(asset).await? {
            AddedAsset::Added => return Ok(visit.see(&to, "op-asset-made")),
            AddedAsset::AlreadyThere => typed.refuse("id", slips::TAKEN),
            AddedAsset::NoSuchGroup => typed.refuse("group", slips::CHOOSE),
            AddedAsset::NotOfThisKind => typed.refuse("kind", slips::CHANNELS),
        }
    }
    refused(&it, &visit, "/operator/assets/new", |desk| new(desk, &catalogue, typed.fields))
}

/// The asset in the path, with its group.
async fn known(it: &AppState, visit: &Visit) -> Result<(AssetRecord, Catalogue), PageError> {
    let (group, id): (String, String) = (visit.param("group")?, visit.param("asset")?);
    let asset = it.store.asset(&GroupId(group), &AssetId(id)).await?.ok_or(PageError::NotFound)?;
    Ok((asset, it.store.catalogue().await?))
}

/// `GET /operator/assets/{group}/{asset}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let (asset, catalogue) = known(&it, &visit).await?;
    let group = catalogue.group(&asset.group.0).ok_or(PageError::NotFound)?;
    let holders = it.store.holders(&asset.group, &asset.id, &turn(visit.form()), ROWS).await?;
    shown(&it, &visit, |desk| one(desk, &asset, group, holders, None))
}

async fn again(it: &AppState, visit: &Visit, form: &'static str, typed: Typed<'_>) -> Page {
    let (asset, catalogue) = known(it, visit).await?;
    let group = catalogue.group(&asset.group.0).ok_or(PageError::NotFound)?;
    let holders = it.store.holders(&asset.group, &asset.id, &bizauth_store::Turn::First, ROWS).await?;
    refused(it, visit, &path(&asset), |desk| one(desk, &asset, group, holders, Some((form, typed.fields))))
}

/// `POST …/rename`.
pub async fn rename(State(it): State<AppState>, visit: Visit) -> Page {
    let (asset, _) = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["name"]);
    let name = typed.words("name");
    if !typed.is_fine() {
        return again(&it, &visit, "rename", typed).await;
    }
    let to = path(&asset);
    if !visit.by(&it).rename_asset(asset.group, asset.id, name).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&to, "op-asset-changed"))
}

/// `POST …/hold`: an account holds it, or holds it otherwise.
pub async fn hold(State(it): State<AppState>, visit: Visit) -> Page {
    let (asset, _) = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["email", "role", "lendable"]);
    let (email, role) = (typed.email("email"), typed.words("role"));
    let account = if typed.is_fine() { it.store.user_by_email(&email).await? } else { None };
    if typed.is_fine() && account.is_none() {
        typed.refuse("email", slips::NOBODY);
    }
    let Some(account) = account else { return again(&it, &visit, "hold", typed).await };
    let (to, lendable) = (path(&asset), typed.ticked("lendable"));
    // Id, kind and name are the store's to know.
    let AssetRecord { group, id: asset, kind, name } = asset;
    let holding = Holding { id: HoldingId(0), group, asset, kind, name, role, lendable };
    if !visit.by(&it).hold_asset(account.user.id, holding).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&to, "op-asset-held"))
}

/// `POST …/lose`: an account holds it no longer, and it leaves the answer of every token at once.
pub async fn lose(State(it): State<AppState>, visit: Visit) -> Page {
    let (asset, _) = known(&it, &visit).await?;
    let account = visit.form().get("account").and_then(|text| text.parse::<UserId>().ok());
    let to = path(&asset);
    if !visit.by(&it).lose_asset(account.ok_or(PageError::NotFound)?, asset.group, asset.id).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&to, "op-asset-lost"))
}

/// `POST …/remove`: from everyone, once its id was typed.
pub async fn remove(State(it): State<AppState>, visit: Visit) -> Page {
    let (asset, _) = known(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["confirm"]);
    typed.confirm(&asset.id.0);
    if !typed.is_fine() {
        return again(&it, &visit, "remove", typed).await;
    }
    let to = format!("/operator/assets?group={}", asset.group);
    if !visit.by(&it).remove_asset(asset.group, asset.id).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&to, "op-asset-removed"))
}
