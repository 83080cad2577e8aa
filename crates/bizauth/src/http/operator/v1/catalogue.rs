//! `/operator/v1/catalogue`: asset groups and consent items, without touching code.

use axum::extract::State;
use bizauth_core::scope::{Group, GroupId, Item, ItemId, Wording, begins_items, belongs_to};
use bizauth_store::{Added, Changed};
use serde_json::{Value, json};

use super::body::{self, Object, group_named};
use super::gate::Call;
use super::problem::{Answer, Mistake, Problem, done, fine};
use crate::http::state::AppState;

fn words(it: &Wording) -> Value {
    json!({ "ko": it.ko, "en": it.en })
}

fn told_group(it: &Group) -> Value {
    json!({
        "id": it.id.0,
        "name": words(&it.name),
        "has_assets": it.has_assets,
        "has_ad_accounts": it.has_ad_accounts,
        "needs_permission": it.needs_permission,
    })
}

fn told_item(it: &Item) -> Value {
    json!({
        "id": it.id.0,
        "group": it.group.0,
        "name": words(&it.name),
        "about": words(&it.about),
        "risky": it.risky,
        "never_alone": it.never_alone,
        "needs_all": it.needs_all,
        "shares_email": it.shares_email,
        "yields_channels": it.yields_channels,
    })
}

/// All of it, in its order.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let all = it.store.catalogue().await?;
    let groups: Vec<Value> = all.groups.iter().map(told_group).collect();
    let items: Vec<Value> = all.items.iter().map(told_item).collect();
    Ok(fine(&json!({ "groups": groups, "items": items })))
}

fn wording(body: &mut Object, name: &str) -> Wording {
    body.object(name).map(body::wording).unwrap_or_default()
}

/// The most items that a group comes with.
const MOST_ITEMS: usize = 100;

/// What an item is beside its id and group.
fn item_of(body: &mut Object, id: ItemId, group: GroupId) -> Item {
    let mut flag = |name| body.take(name, body::truth).unwrap_or(false);
    let (risky, never_alone, needs_all) = (flag("risky"), flag("never_alone"), flag("needs_all"));
    let (shares_email, yields_channels) = (flag("shares_email"), flag("yields_channels"));
    let (name, about) = (wording(body, "name"), wording(body, "about"));
    Item { id, group, name, about, risky, never_alone, needs_all, shares_email, yields_channels }
}

fn prefix(group: &GroupId) -> String {
    format!("must begin with its group's id and _, such as {group}_read")
}

/// The items that a new group comes with.
fn first_items(body: &mut Object, group: &GroupId) -> Vec<Item> {
    let read = |mut element: Object| {
        let id = element.need("id", body::group_id).map(|id| ItemId(id.0));
        if id.as_ref().is_some_and(|id| !belongs_to(id, group)) {
            element.refuse(element.at("id"), prefix(group));
        }
        let item = item_of(&mut element, id.unwrap_or_else(|| ItemId(String::new())), group.clone());
        element.close();
        item
    };
    body.objects("items", MOST_ITEMS).into_iter().map(read).collect()
}

/// Adds a group, with its first items if there are some, or changes its words and flags.
pub async fn put_group(State(it): State<AppState>, call: Call) -> Answer {
    let bad = || Problem::invalid(vec![Mistake::of("group", "must be 1 to 64 letters, digits, _ or -")]);
    let id = group_named(call.piece("group")).ok_or_else(bad)?;
    let mut body = call.object()?;
    let group = Group {
        id: id.clone(),
        name: wording(&mut body, "name"),
        has_assets: body.take("has_assets", body::truth).unwrap_or(true),
        has_ad_accounts: body.take("has_ad_accounts", body::truth).unwrap_or(false),
        needs_permission: body.take("needs_permission", body::truth).unwrap_or(true),
    };
    if group.has_ad_accounts && !group.has_assets {
        body.refuse(body.at("has_ad_accounts"), "a group without assets has no ad accounts");
    }
    let items = first_items(&mut body, &id);
    body.finish()?;
    let by = call.by(&it);
    let known = it.store.catalogue().await?;
    // The same once more is fine; otherwise items of a group that is there are put one by one.
    if known.group(&id.0).is_some() && items.iter().any(|item| known.item(&item.id.0) != Some(item)) {
        return Err(Problem::conflict("the group is there; put its items at /operator/v1/catalogue/items"));
    }
    let changed = match known.group(&id.0) {
        Some(found) if *found == group => Changed::Done,
        Some(_) => by.change_group(group.clone()).await?,
        None if !begins_items(&id) => {
            let why = "must hold no _: an item's group is what stands before the item's first _";
            return Err(Problem::invalid(vec![Mistake::of("group", why)]));
        }
        None => match by.add_group(group.clone(), items).await? {
            Added::Done => Changed::Done,
            Added::ItemThere(item) => {
                return Err(Problem::conflict(format!("there is an item {item} already; nothing was added")));
            }
            Added::GroupThere | Added::NoSuchGroup => return Err(Problem::conflict("it was added just now")),
        },
    };
    match changed {
        Changed::Done => Ok(fine(&told_group(&group))),
        Changed::NotFound => Err(Problem::broken()),
        Changed::HasAssets => Err(Problem::conflict("there are assets in the group that it then could not have")),
    }
}

/// Adds an item, or changes its words and flags; the group it is in stays.
pub async fn put_item(State(it): State<AppState>, call: Call) -> Answer {
    let bad = || Problem::invalid(vec![Mistake::of("item", "must be 1 to 64 letters, digits, _ or -")]);
    let id = ItemId(group_named(call.piece("item")).ok_or_else(bad)?.0);
    let mut body = call.object()?;
    let group = body.need("group", body::group_id);
    let item = item_of(&mut body, id, group.clone().unwrap_or_else(|| GroupId(String::new())));
    body.finish()?;
    if group.is_none() {
        return Err(Problem::broken());
    }
    let known = it.store.catalogue().await?;
    let by = call.by(&it);
    match known.item(&item.id.0) {
        Some(found) if *found == item => {}
        Some(found) if found.group != item.group => {
            return Err(Problem::conflict(format!("the item is in the group {} and stays there", found.group)));
        }
        Some(_) => {
            if !by.change_item(item.clone()).await? {
                return Err(Problem::not_found(format!("item {}", item.id)));
            }
        }
        None if !belongs_to(&item.id, &item.group) => {
            return Err(Problem::invalid(vec![Mistake::of("item", prefix(&item.group))]));
        }
        None => match by.add_item(item.clone()).await? {
            Added::NoSuchGroup => {
                return Err(Problem::invalid(vec![Mistake::at("/group", format!("there is no group {}", item.group))]));
            }
            Added::ItemThere(_) | Added::GroupThere => return Err(Problem::conflict("it was added just now")),
            Added::Done => {}
        },
    }
    Ok(fine(&told_item(&item)))
}

/// Moves a group up by one place. The first one stays where it is.
pub async fn raise_group(State(it): State<AppState>, call: Call) -> Answer {
    let known = it.store.catalogue().await?;
    let group =
        known.group(call.piece("group")).ok_or_else(|| Problem::not_found(format!("group {}", call.piece("group"))))?;
    call.by(&it).raise_group(group.id.clone()).await?;
    Ok(done())
}

/// Moves an item up by one place in its group. The first one stays where it is.
pub async fn raise_item(State(it): State<AppState>, call: Call) -> Answer {
    let known = it.store.catalogue().await?;
    let item =
        known.item(call.piece("item")).ok_or_else(|| Problem::not_found(format!("item {}", call.piece("item"))))?;
    call.by(&it).raise_item(item.id.clone()).await?;
    Ok(done())
}
