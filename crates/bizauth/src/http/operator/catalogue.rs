//! `/operator/catalogue`: asset groups and consent items. A group comes with its items, and without touching code.

use axum::extract::State;
use bizauth_core::asset::Resource;
use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId, Wording, begins_items, belongs_to};
use bizauth_store::{Added, Changed};

use super::desk::{Typed, refused, shown};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::kit::Fields;
use crate::view::operator::catalogue::{NAMES, group, group_path, item, item_path, list, new_group, new_item};
use crate::view::operator::slips;

const PATH: &str = "/operator/catalogue";

/// `GET /operator/catalogue`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let catalogue = it.store.catalogue().await?;
    shown(&it, &visit, |desk| list(desk, &catalogue))
}

/// `GET /operator/catalogue/new`.
pub async fn blank(State(it): State<AppState>, visit: Visit) -> Page {
    shown(&it, &visit, |desk| new_group(desk, Fields::typed([("lends", "all"), ("needs_permission", "yes")])))
}

/// `POST /operator/catalogue/new`: a group with its first items, or nothing of it.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let names: Vec<&str> = ["id", "name_ko", "name_en", "lends", "needs_permission"]
        .into_iter()
        .chain(NAMES[1..].iter().flatten().copied())
        .collect();
    let mut typed = Typed::of(&it, &visit, &names);
    let id = typed.line("id");
    if resource(&id).is_none() || !begins_items(&id.as_str().into()) {
        typed.refuse("id", slips::GROUP_ID);
    }
    let new = read_group(&mut typed, &visit, GroupId(id.clone()), true);
    let mut items = Vec::new();
    for (nth, names) in NAMES[1..].iter().enumerate() {
        if nth == 0 || !typed.line(names[0]).is_empty() {
            let item_id = ItemId(typed.line(names[0]));
            judge_item_id(&mut typed, names[0], &item_id, &new.id);
            items.push(read_item(&mut typed, &visit, names, item_id, new.id.clone(), true));
        }
    }
    if typed.is_fine() {
        match visit.by(&it).add_group(new, items).await? {
            Added::Done => return Ok(visit.see(&group_path(&id), "op-group-made")),
            Added::ItemThere(taken) => {
                let field = NAMES[1..].iter().find(|names| typed.line(names[0]) == taken.0);
                typed.refuse(field.map_or("id", |names| names[0]), slips::TAKEN);
            }
            Added::GroupThere | Added::NoSuchGroup => typed.refuse("id", slips::TAKEN),
        }
    }
    refused(&it, &visit, "/operator/catalogue/new", |desk| new_group(desk, typed.fields))
}

/// Groups and assets are named in `resource_ids`, so what can be named there is what they may be called.
fn resource(id: &str) -> Option<Resource> {
    Resource::read(&format!("{id}:*"))
}

fn judge_item_id(typed: &mut Typed<'_>, name: &str, id: &ItemId, group: &GroupId) {
    if resource(&id.0).is_none() {
        typed.refuse(name, slips::ID);
    } else if !belongs_to(id, group) {
        typed.refuse_about(name, slips::PREFIX, &format!("{group}_"));
    }
}

fn read_group(typed: &mut Typed<'_>, visit: &Visit, id: GroupId, new: bool) -> Group {
    let mut words = |name| if new { typed.words(name) } else { typed.may_words(name) };
    let name = Wording { ko: words("name_ko"), en: words("name_en") };
    let lends = typed.choice("lends", |word| match word {
        "all" => Some((true, true)),
        "channels" => Some((true, false)),
        "nothing" => Some((false, false)),
        _ => None,
    });
    let (has_assets, has_ad_accounts) = lends.unwrap_or_default();
    let needs_permission = visit.form().get("needs_permission") == Some("yes");
    Group { id, name, has_assets, has_ad_accounts, needs_permission }
}

fn read_item(typed: &mut Typed<'_>, visit: &Visit, names: &[&str; 6], id: ItemId, group: GroupId, new: bool) -> Item {
    let mut words = |name| if new { typed.words(name) } else { typed.may_words(name) };
    let name = Wording { ko: words(names[1]), en: words(names[2]) };
    let about = Wording { ko: words(names[3]), en: words(names[4]) };
    let marked = |mark: &str| visit.form().all(names[5]).any(|set| set == mark);
    Item {
        id,
        group,
        name,
        about,
        risky: marked("risky"),
        never_alone: marked("never_alone"),
        needs_all: marked("needs_all"),
        shares_email: marked("shares_email"),
        yields_channels: marked("yields_channels"),
    }
}

fn found(catalogue: &Catalogue, visit: &Visit) -> Result<Group, PageError> {
    let id: String = visit.param("group")?;
    catalogue.group(&id).cloned().ok_or(PageError::NotFound)
}

fn found_item(catalogue: &Catalogue, visit: &Visit) -> Result<(Group, Item), PageError> {
    let id: String = visit.param("item")?;
    let item = catalogue.item(&id).ok_or(PageError::NotFound)?;
    let group = catalogue.group(&item.group.0).ok_or(PageError::NotFound)?;
    Ok((group.clone(), item.clone()))
}

/// `GET /operator/catalogue/groups/{group}`.
pub async fn open(State(it): State<AppState>, visit: Visit) -> Page {
    let catalogue = it.store.catalogue().await?;
    let known = found(&catalogue, &visit)?;
    shown(&it, &visit, |desk| group(desk, &catalogue, &known, None))
}

/// `POST /operator/catalogue/groups/{group}`: other words, other flags.
pub async fn change(State(it): State<AppState>, visit: Visit) -> Page {
    let catalogue = it.store.catalogue().await?;
    let known = found(&catalogue, &visit)?;
    let mut typed = Typed::of(&it, &visit, &["name_ko", "name_en", "lends", "needs_permission"]);
    let wanted = read_group(&mut typed, &visit, known.id.clone(), false);
    if typed.is_fine() {
        match visit.by(&it).change_group(wanted).await? {
            Changed::Done => return Ok(visit.see(&group_path(&known.id.0), "op-catalogue-changed")),
            Changed::NotFound => return Err(PageError::NotFound),
            Changed::HasAssets => typed.refuse("lends", slips::HAS_ASSETS),
        }
    }
    let here = group_path(&known.id.0);
    refused(&it, &visit, &here, |desk| group(desk, &catalogue, &known, Some(typed.fields)))
}

/// `POST …/groups/{group}/raise`: one place up.
pub async fn raise(State(it): State<AppState>, visit: Visit) -> Page {
    let known = found(&it.store.catalogue().await?, &visit)?;
    visit.by(&it).raise_group(known.id).await?;
    Ok(visit.see(PATH, "op-catalogue-changed"))
}

/// `GET …/groups/{group}/new`: a new item.
pub async fn blank_item(State(it): State<AppState>, visit: Visit) -> Page {
    let known = found(&it.store.catalogue().await?, &visit)?;
    let fields = Fields::typed([("id", format!("{}_", known.id))]);
    shown(&it, &visit, |desk| new_item(desk, &known, fields))
}

/// `POST …/groups/{group}/new`.
pub async fn create_item(State(it): State<AppState>, visit: Visit) -> Page {
    let known = found(&it.store.catalogue().await?, &visit)?;
    let mut typed = Typed::of(&it, &visit, &NAMES[0]);
    let id = ItemId(typed.line("id"));
    judge_item_id(&mut typed, "id", &id, &known.id);
    let item = read_item(&mut typed, &visit, &NAMES[0], id, known.id.clone(), true);
    if typed.is_fine() {
        match visit.by(&it).add_item(item).await? {
            Added::Done => return Ok(visit.see(&group_path(&known.id.0), "op-item-made")),
            Added::NoSuchGroup => return Err(PageError::NotFound),
            Added::ItemThere(_) | Added::GroupThere => typed.refuse("id", slips::TAKEN),
        }
    }
    let here = format!("{}/new", group_path(&known.id.0));
    refused(&it, &visit, &here, |desk| new_item(desk, &known, typed.fields))
}

/// `GET /operator/catalogue/items/{item}`.
pub async fn open_item(State(it): State<AppState>, visit: Visit) -> Page {
    let (of, known) = found_item(&it.store.catalogue().await?, &visit)?;
    shown(&it, &visit, |desk| item(desk, &of, &known, None))
}

/// `POST /operator/catalogue/items/{item}`.
pub async fn change_item(State(it): State<AppState>, visit: Visit) -> Page {
    let (of, known) = found_item(&it.store.catalogue().await?, &visit)?;
    let mut typed = Typed::of(&it, &visit, &NAMES[0]);
    let wanted = read_item(&mut typed, &visit, &NAMES[0], known.id.clone(), of.id.clone(), false);
    if !typed.is_fine() {
        return refused(&it, &visit, &item_path(&known.id.0), |desk| item(desk, &of, &known, Some(typed.fields)));
    }
    if !visit.by(&it).change_item(wanted).await? {
        return Err(PageError::NotFound);
    }
    Ok(visit.see(&item_path(&known.id.0), "op-catalogue-changed"))
}

/// `POST …/items/{item}/raise`: one place up in its group.
pub async fn raise_item(State(it): State<AppState>, visit: Visit) -> Page {
    let (_, known) = found_item(&it.store.catalogue().await?, &visit)?;
    visit.by(&it).raise_item(known.id).await?;
    Ok(visit.see(PATH, "op-catalogue-changed"))
}
