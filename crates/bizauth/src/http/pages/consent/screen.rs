//! What the consent screen shows: who asks, what for, over which assets, and what is new since last time.

use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, Holding};
use bizauth_core::authorize::Wanted;
use bizauth_core::ips::date_at;
use bizauth_core::scope::{Catalogue, GroupId, Item};
use bizauth_store::{COUNTED, Earlier, Turn};

use super::picks::Picks;
use super::{Screen, purpose};
use crate::http::form::Form;
use crate::http::guard::Browser;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::view::console::icon_url;
use crate::view::named::{group_name, item_about, item_name};
use crate::view::{
    AssetKind, AssetRow, Change, Changes, Choice, ConsentPage, Day, GroupView, ItemView, Language, PickError, Picker,
    Tally, Unlendable,
};

/// Assets on one page of a picker.
const PAGE: i64 = 20;

/// The page. Its policy lets the answer be redirected to the app, and nowhere else.
pub(super) async fn show(
    it: &AppState,
    browser: &Browser,
    found: &Screen,
    query: &Form,
) -> bizauth_store::Result<Response> {
    let Screen { parked, client, .. } = found;
    let (catalogue, earlier, purposes) = tokio::try_join!(
        it.store.catalogue(),
        it.store.earlier_consent(parked.user, client.app.id),
        it.store.items_of(client.app.id),
    )?;
    let purpose_of = |item: &Item| {
        purposes.iter().find(|(id, _)| *id == item.id).map(|(_, text)| text.clone()).filter(|text| !text.is_empty())
    };
    let mut groups = Vec::new();
    for (group, items) in catalogue.grouped(&parked.asked.items) {
        let wanted = parked.asked.wanted.iter().find(|(id, _)| *id == group.id).map(|(_, wanted)| wanted);
        let view = |item: &&Item| ItemView {
            id: item.id.0.clone(),
            name: item_name(&it.words, browser.language, item),
            about: item_about(&it.words, browser.language, item),
            risk: item.risk(),
            purpose: purpose_of(item),
            new: earlier.as_ref().is_some_and(|earlier| !earlier.items.contains(&item.id)),
        };
        groups.push(GroupView {
            id: group.id.0.clone(),
            name: group_name(&it.words, browser.language, group),
            kind: if group.has_ad_accounts { AssetKind::AdAccount } else { AssetKind::Channel },
            items: items.iter().map(view).collect(),
            picker: picker(it, found, (&group.id, wanted), earlier.as_ref(), query).await?,
        });
    }
    let changes = match &earlier {
        Some(earlier) => Some(changes(it, browser.language, found, earlier, &catalogue).await?),
        None => None,
    };
    let page = ConsentPage {
        frame: browser.frame(it),
        id: found.id.clone(),
        form_token: browser.form_token(&purpose(&found.id)),
        app_name: client.app.name.clone(),
        icon: client.app.icon.map(icon_url),
        developer: client.app.company.clone(),
        host: parked.asked.destination.host().to_owned(),
        test_app: client.app.kind == AppKind::Test,
        groups,
        changes,
        idle_days: it.idle_days(),
        connected_url: Some("/me".to_owned()),
        preview: None,
    };
    let wrong =
        page.groups.iter().any(|group| matches!(&group.picker, Picker::Choose(choice) if choice.error.is_some()));
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(html(status, &page, Some(&parked.asked.destination.policy_source())))
}

async fn picker(
    it: &AppState,
    found: &Screen,
    (group, wanted): (&GroupId, Option<&Wanted>),
    earlier: Option<&Earlier>,
    query: &Form,
) -> bizauth_store::Result<Picker> {
    let user = found.parked.user;
    let lent_before = |held: &Holding| {
        earlier.is_some_and(|earlier| earlier.assets.iter().any(|(of, id)| *of == held.group && *id == held.asset.0))
    };
    match wanted {
        None => Ok(Picker::NoAssets),
        Some(Wanted::All) => {
            let (all, _) = it.store.count_holdings((user, group), "", None).await?;
            Ok(Picker::All { total: Tally::of(all) })
        }
        Some(Wanted::Named(ids)) => {
            let named: Vec<_> = ids.iter().map(|id| (group.clone(), id.clone())).collect();
            let holdings = it.store.holdings_named(user, &named).await?;
            Ok(Picker::Fixed(holdings.iter().map(|held| row(held, true, lent_before(held))).collect()))
        }
        Some(Wanted::Choice) => {
            let picks = Picks::read(&found.parked.picks);
            let search = query.get(&format!("find.{group}")).unwrap_or_default().trim().to_owned();
            let place = turn(query.get(&format!("page.{group}")).unwrap_or_default());
            let mine = (user, group);
            let found = it.store.choice(mine, &search, &place, PAGE).await?;
            let (listed, matching, earlier_rows, total) = (found.listed, found.matching, found.earlier, found.total);
            let picked = picks.picked(group);
            let rows: Vec<AssetRow> =
                listed.rows.iter().map(|held| row(held, picked.contains(&held.asset.0), lent_before(held))).collect();
            let here = listed.rows.iter().filter(|held| picked.contains(&held.asset.0)).count();
            let error = match query.get(&format!("unfit.{group}")) {
                Some("nothing") => Some(PickError::NothingPicked),
                Some("gone") => Some(PickError::NoLongerYours),
                Some("both") => Some(PickError::AllAndSome),
                _ => None,
            };
            Ok(Picker::Choose(Choice {
                rows,
                search,
                // Of more than can be counted nobody asks for the number of the page.
                page: (matching <= COUNTED).then(|| count((earlier_rows + PAGE - 1) / PAGE + 1)),
                pages: count((matching + PAGE - 1) / PAGE).max(1),
                at: match &place {
                    Turn::First => String::new(),
                    Turn::After(id) => format!("after:{id}"),
                    Turn::Before(id) => format!("before:{id}"),
                },
                newer: listed.rows.first().filter(|_| listed.before).map(|held| held.asset.0.clone()),
                older: listed.rows.last().filter(|_| listed.after).map(|held| held.asset.0.clone()),
                total: Tally::of(total),
                matching: Tally::of(matching),
                picked_elsewhere: picked.len() - here,
                all_chosen: picks.choice(group).all,
                error,
            }))
        }
    }
}

/// From where on a group's assets are listed: `after:ID`, `before:ID`, or from the beginning.
pub(super) fn turn(text: &str) -> Turn<AssetId> {
    match text.split_once(':') {
        Some(("after", id)) if !id.is_empty() => Turn::After(AssetId(id.to_owned())),
        Some(("before", id)) if !id.is_empty() => Turn::Before(AssetId(id.to_owned())),
        _ => Turn::First,
    }
}

fn row(held: &Holding, picked: bool, before: bool) -> AssetRow {
    AssetRow {
        id: held.asset.0.clone(),
        name: held.name.clone(),
        kind: match held.kind {
            bizauth_core::asset::AssetKind::AdAccount => AssetKind::AdAccount,
            bizauth_core::asset::AssetKind::Channel => AssetKind::Channel,
        },
        role: held.role.clone(),
        reason: (!held.lendable).then_some(Unlendable::Role),
        picked: picked && held.lendable,
        before,
    }
}

/// The difference from what was agreed to last time.
async fn changes(
    it: &AppState,
    language: Language,
    found: &Screen,
    earlier: &Earlier,
    catalogue: &Catalogue,
) -> bizauth_store::Result<Changes> {
    let asked = &found.parked.asked;
    // With its service: items of two services may bear one name.
    let name = |id: &bizauth_core::scope::ItemId| match catalogue.item(&id.0) {
        None => id.0.clone(),
        Some(item) => {
            let group = catalogue.group(&item.group.0).map(|group| group_name(&it.words, language, group));
            format!("{}: {}", group.unwrap_or_default(), item_name(&it.words, language, item))
        }
    };
    let mut lines = Vec::new();
    lines.extend(asked.items.iter().filter(|id| !earlier.items.contains(id)).map(|id| Change::ItemAdded(name(id))));
    lines.extend(earlier.items.iter().filter(|id| !asked.items.contains(id)).map(|id| Change::ItemDropped(name(id))));
    let one = |lent: &&(GroupId, String)| lent.1 != "*";
    let before: Vec<_> = earlier
        .assets
        .iter()
        .filter(one)
        .map(|(group, id)| (group.clone(), bizauth_core::asset::AssetId(id.clone())))
        .collect();
    let still = it.store.holdings_named(found.parked.user, &before).await?;
    for (group, id) in &before {
        if !still.iter().any(|held| held.group == *group && held.asset == *id && held.lendable) {
            lines.push(Change::AssetGone(
                still.iter().find(|held| held.asset == *id).map_or(id.0.clone(), |h| h.name.clone()),
            ));
        }
    }
    for (group, wanted) in &asked.wanted {
        let was_all = earlier.assets.iter().any(|(of, id)| of == group && id == "*");
        let was_some = earlier.assets.iter().any(|(of, id)| of == group && id != "*");
        let name = catalogue.group(&group.0).map_or(group.0.clone(), |group| group_name(&it.words, language, group));
        match wanted {
            Wanted::All if was_some && !was_all => lines.push(Change::NowAll(name)),
            Wanted::Named(_) if was_all => lines.push(Change::NowFixed(name)),
            _ => {}
        }
    }
    let date = date_at(earlier.agreed_at.millis(), &it.config.ip_zone);
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    Ok(Changes { last: Day { year: date.year(), month: part(date.month()), day: part(date.day()) }, lines })
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
