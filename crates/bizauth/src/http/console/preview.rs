//! `/console/apps/{app}/preview`: the consent screen as a person will see it, with made-up assets. Nothing can be agreed
//! there: the page holds no form that could.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::app::AppKind;
use bizauth_core::redirect::Destination;
use bizauth_core::scope::{Item, ItemId};

use super::page::app_path;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::console::{Preview, icon_url};
use crate::view::kit::{Fields, Pick};
use crate::view::named::{group_name, item_about, item_name};
use crate::view::{
    AssetKind, AssetRow, Choice, ConsentPage, Frame, GroupView, ItemView, Picker, Place, Tally, Unlendable,
};

/// The page, for the items in `scope`; without any for those that are on, or for all if none is.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let app = &visit.app().app;
    let catalogue = it.store.catalogue().await?;
    let on = it.store.items_of(app.id).await?;
    let permissions = it.store.permissions_of(app.id).await?;
    let sent: Vec<&str> = visit.form().all("scope").flat_map(|text| text.split([',', ' '])).collect();
    let is_on = |item: &Item| on.iter().any(|(id, _)| *id == item.id);
    let is_chosen = |item: &Item| match sent.is_empty() {
        false => sent.contains(&item.id.0.as_str()),
        true => on.is_empty() || is_on(item),
    };
    let chosen: Vec<&Item> = catalogue.items.iter().filter(|item| is_chosen(item)).collect();

    let mut frame = visit.frame(&it);
    // As the screen itself: without the navigation of the console.
    frame.place = Place::Public;
    let name = |item: &Item| item_name(&it.words, frame.language, item);
    let full_name = |item: &Item| {
        let group = catalogue.group(&item.group.0).map(|group| group_name(&it.words, frame.language, group));
        format!("{}: {}", group.unwrap_or_default(), name(item))
    };
    let mut flaws = Vec::new();
    flaws.extend((!app.counts_as_biz()).then(|| frame.say("preview-not-biz")));
    flaws.extend(chosen.iter().filter(|item| !is_on(item)).map(|it| frame.fill("preview-off", "name", full_name(it))));
    for group in catalogue.groups.iter().filter(|it| it.needs_permission && !permissions.contains(&it.id)) {
        if chosen.iter().any(|item| item.group == group.id) {
            let name = group_name(&it.words, frame.language, group);
            flaws.push(frame.fill("preview-no-permission", "name", name));
        }
    }
    if let [item] = chosen[..]
        && item.never_alone
    {
        flaws.push(frame.fill("preview-alone", "name", full_name(item)));
    }
    if chosen.is_empty() {
        flaws.push(frame.say("preview-nothing"));
    }
    let view = |item: &&Item| ItemView {
        id: item.id.0.clone(),
        name: name(item),
        about: item_about(&it.words, frame.language, item),
        risk: item.risk(),
        purpose: on.iter().find(|(id, text)| *id == item.id && !text.is_empty()).map(|(_, text)| text.clone()),
        new: false,
    };
    let ids: Vec<ItemId> = chosen.iter().map(|item| item.id.clone()).collect();
    let groups = catalogue.grouped(&ids).into_iter().map(|(group, items)| GroupView {
        id: group.id.0.clone(),
        name: group_name(&it.words, frame.language, group),
        kind: if group.has_ad_accounts { AssetKind::AdAccount } else { AssetKind::Channel },
        picker: match (group.has_assets, items.iter().any(|item| item.needs_all)) {
            (false, _) => Picker::NoAssets,
            (true, true) => Picker::All { total: choice(&frame).total },
            (true, false) => Picker::Choose(choice(&frame)),
        },
        items: items.iter().map(view).collect(),
    });
    let preview = Preview {
        to: app_path(&visit, "/preview"),
        back: app_path(&visit, "/items"),
        picks: catalogue.items.iter().map(|item| Pick::new(item.id.0.clone(), full_name(item))).collect(),
        fields: Fields::typed(ids.iter().map(|id| ("scope", id.0.clone()))).for_form("preview"),
        flaws,
    };
    let page = ConsentPage {
        id: String::new(),
        form_token: String::new(),
        app_name: app.name.clone(),
        icon: app.icon.map(icon_url),
        developer: app.company.clone(),
        host: host(&it, &visit).await?,
        test_app: app.kind == AppKind::Test,
        groups: groups.collect(),
        changes: None,
        idle_days: it.idle_days(),
        connected_url: Some("/me".to_owned()),
        preview: Some(preview),
        frame,
    };
    Ok(html(StatusCode::OK, &page, None))
}

/// Where the answer would go: the first redirect URI that the app has.
async fn host(it: &AppState, visit: &Visit) -> bizauth_store::Result<String> {
    let keys = it.store.keys_of(visit.app().app.id, visit.at()).await?;
    let uri = keys.into_iter().flat_map(|key| key.redirect_uris).next();
    let uri = uri.unwrap_or_else(|| "https://app.example.com/callback".to_owned());
    Ok(Destination::recall(uri).host().to_owned())
}

fn choice(frame: &Frame) -> Choice {
    let rows = samples(frame);
    let total = Tally::of(i64::try_from(rows.len()).unwrap_or(0));
    Choice { rows, page: Some(1), pages: 1, total, matching: total, ..Choice::default() }
}

/// Assets that nobody has.
fn samples(frame: &Frame) -> Vec<AssetRow> {
    let row = |number: usize, role: &str| AssetRow {
        id: (1000 + number).to_string(),
        name: frame.fill("preview-asset", "number", number),
        role: role.to_owned(),
        ..AssetRow::default()
    };
    let viewer = AssetRow { reason: Some(Unlendable::Role), ..row(3, "viewer") };
    vec![row(1, "owner"), row(2, "manager"), viewer]
}
