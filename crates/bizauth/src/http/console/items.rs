//! `/console/apps/{app}/items`: which consent items an app may ask for, and what it says they are for.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::app::{App, AppKind};
use bizauth_core::scope::{Catalogue, Group, GroupId, Item, ItemId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::{KeptItems, RequestRecord, RequestState, Turn};

use super::page::{app_frame, app_path, head};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::console::{ItemGroup, ItemRow, ItemsPage, Permission};
use crate::view::kit::{Fields, When};
use crate::view::named::risk_text;
use crate::view::named::{group_name, item_about, item_name};

/// The longest purpose, in characters: a person reads it on the consent screen.
const LONGEST_PURPOSE: usize = 200;

/// The items that are on, each with its purpose.
type Switched = Vec<(ItemId, String)>;

/// A refused request for a feature permission: which group, and its form.
pub(super) type Asking = (String, Fields);

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    Ok(show(&it, &visit, None).await?)
}

/// The page as it is stored, with a request for a permission as it was typed.
pub(super) async fn show(it: &AppState, visit: &Visit, asking: Option<Asking>) -> bizauth_store::Result<Response> {
    let current = it.store.items_of(visit.app().app.id).await?;
    let fields = Fields::typed(stored(&current));
    let catalogue = it.store.catalogue().await?;
    page(it, visit, (&catalogue, &current), fields, (false, asking)).await
}

/// The form as it is stored.
fn stored(current: &Switched) -> impl Iterator<Item = (String, String)> {
    let both = |(item, purpose): &(ItemId, String)| {
        [(format!("on.{item}"), "yes".to_owned()), (format!("purpose.{item}"), purpose.clone())]
    };
    current.iter().flat_map(both)
}

/// Tells one set of items from another.
fn mark(current: &Switched) -> String {
    let text: String = current.iter().map(|(item, purpose)| format!("{item}\n{purpose}\n")).collect();
    Digest::of(text.as_bytes()).hex()[..16].to_owned()
}

/// Keeps all of it, or nothing.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let (app, frame) = (visit.app().app.id, visit.frame(&it));
    let catalogue = it.store.catalogue().await?;
    let current = it.store.items_of(app).await?;
    let sent = |name: &str| visit.form().text(name).unwrap_or_default().trim().to_owned();
    let (mut typed, mut wanted, mut refusals) = (Vec::new(), Switched::new(), Vec::new());
    for item in &catalogue.items {
        let (on, purpose) = (format!("on.{}", item.id), format!("purpose.{}", item.id));
        let text = sent(&purpose);
        if visit.form().get(&on) == Some("yes") {
            typed.push((on, "yes".to_owned()));
            // With its group: items of two groups may bear one name.
            let group = catalogue.group(&item.group.0).map(|group| group_name(&it.words, frame.language, group));
            let name = item_name(&it.words, frame.language, item);
            let name = group.map_or(name.clone(), |group| format!("{group}: {name}"));
            match text.chars().count() {
                0 => refusals.push((purpose.clone(), frame.fill("item-purpose-missing", "name", name))),
                n if n > LONGEST_PURPOSE => {
                    let most = &("most", LONGEST_PURPOSE);
                    refusals.push((purpose.clone(), frame.fill2("item-purpose-long", &("name", name), most)));
                }
                _ if text.contains(char::is_control) => {
                    refusals.push((purpose.clone(), frame.fill("item-purpose-lines", "name", name)));
                }
                _ => wanted.push((item.id.clone(), text.clone())),
            }
        }
        typed.push((purpose, text));
    }
    let mut fields = Fields::typed(typed);
    for (name, sentence) in refusals {
        fields.refuse(&name, sentence);
    }
    if !fields.is_fine() {
        return Ok(page(&it, &visit, (&catalogue, &current), fields, (false, None)).await?);
    }
    let kept = match visit.form().get("seen") == Some(mark(&current).as_str()) {
        true => visit.by(&it).keep_items(app, current, wanted).await?,
        false => KeptItems::Meanwhile,
    };
    match kept {
        KeptItems::Kept(_) => Ok(visit.see(&app_path(&visit, "/items"), "items-saved")),
        KeptItems::Meanwhile => {
            let current = it.store.items_of(app).await?;
            Ok(page(&it, &visit, (&catalogue, &current), fields, (true, None)).await?)
        }
        KeptItems::NoSuchItem => Err(PageError::NotFound),
    }
}

async fn page(
    it: &AppState,
    visit: &Visit,
    (catalogue, current): (&Catalogue, &Switched),
    fields: Fields,
    (meanwhile, asking): (bool, Option<Asking>),
) -> bizauth_store::Result<Response> {
    let app = &visit.app().app;
    let path = app_path(visit, "/items");
    let frame = app_frame(it, visit, &head(visit), &path);
    let grants = it.store.grants_of(app.id).await?;
    let requests = it.store.last_requests(app.id).await?;
    let biz_asked = biz_asked(it, app).await?;
    let refused = !fields.is_fine() || meanwhile || asking.is_some();
    let row = |item: &Item| ItemRow {
        id: item.id.0.clone(),
        name: item_name(&it.words, frame.language, item),
        about: item_about(&it.words, frame.language, item),
        risk: item.risk().map(|risk| risk_text(&it.words, frame.language, risk)),
        needs_all: item.needs_all,
        never_alone: item.never_alone,
    };
    let mut groups = Vec::new();
    for group in &catalogue.groups {
        let items: Vec<ItemRow> = catalogue.items.iter().filter(|item| item.group == group.id).map(row).collect();
        if items.is_empty() {
            continue;
        }
        let fresh = Fields::new().for_form(&format!("ask-{}", group.id));
        let typed = asking.as_ref().filter(|(of, _)| *of == group.id.0).map(|(_, fields)| fields.clone());
        groups.push(ItemGroup {
            id: group.id.0.clone(),
            name: group_name(&it.words, frame.language, group),
            items,
            permission: permission(visit, group, &grants, &requests),
            ask: (visit.form_to(app_path(visit, "/permissions/request")), typed.unwrap_or(fresh)),
        });
    }
    let view = ItemsPage {
        app_path: app_path(visit, ""),
        is_biz: app.counts_as_biz(),
        biz_asked,
        groups,
        save: visit.form_to(path),
        fields,
        seen: mark(current),
        meanwhile,
        frame,
    };
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(html(status, &view, None))
}

/// Since when a request to become a Biz app waits for the operator.
pub(super) async fn biz_asked(it: &AppState, app: &App) -> bizauth_store::Result<Option<When>> {
    if app.kind != AppKind::Basic {
        return Ok(None);
    }
    let newest = it.store.biz_requests(app.id, &Turn::First, 1).await?.rows.pop();
    Ok(newest.filter(|it| it.state == RequestState::Open).map(|it| it.asked_at.into()))
}

/// How a group's feature permission stands: what is granted counts, then what was asked last.
fn permission(visit: &Visit, group: &Group, grants: &[(GroupId, Time)], requests: &[RequestRecord]) -> Permission {
    if !group.needs_permission {
        return Permission::NotNeeded;
    }
    let last = requests.iter().find(|it| it.group.as_ref() == Some(&group.id));
    if let Some((_, since)) = grants.iter().find(|(granted, _)| *granted == group.id) {
        // What was granted since by another way was not granted with these words.
        let stands = |it: &&RequestRecord| it.decided_at.is_some_and(|decided| decided >= *since);
        let said = last.filter(|it| it.state == RequestState::Granted && !it.answer.is_empty()).filter(stands);
        return Permission::Granted(said.map(|it| (it.decided_at.unwrap_or(it.asked_at).into(), it.answer.clone())));
    }
    match last.map(|it| (it, it.state)) {
        Some((it, RequestState::Open)) => {
            let withdraw = app_path(visit, &format!("/permissions/{}/withdraw", it.id));
            Permission::Asked(it.asked_at.into(), it.reason.clone(), visit.form_to(withdraw))
        }
        Some((it, RequestState::Refused)) => {
            Permission::Refused(it.decided_at.unwrap_or(it.asked_at).into(), it.answer.clone())
        }
        _ => Permission::NotAsked,
    }
}
