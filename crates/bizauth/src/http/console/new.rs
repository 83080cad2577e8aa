//! `GET` and `POST /console/apps/new`: making an app. Whoever makes it owns it. A form makes one app, however often it is
//! sent.

use std::time::Duration;

use axum::extract::State;
use bizauth_core::app::{AppKind, Role, name};
use bizauth_core::id::AppId;
use bizauth_core::secret::Digest;
use bizauth_store::NewApp;

use super::{page, typed};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::Frame;
use crate::view::console::{NewAppPage, kind_refusal, name_refusal, parent_refusal};
use crate::view::kit::{Crumb, Fields, Pick};

/// How long a form is known again.
const FORM: Duration = Duration::from_secs(24 * 60 * 60);
/// How many Biz apps are offered as parents.
const MOST_PARENTS: i64 = 200;

/// The empty form.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let kind = visit.form().get("parent").map_or("basic", |_| "test");
    let parent = visit.form().get("parent").unwrap_or_default();
    let once = it.entropy.secret().digest().hex();
    show(&it, &visit, Fields::typed([("kind", kind), ("parent", parent), ("once", &once)])).await
}

async fn show(it: &AppState, visit: &Visit, fields: Fields) -> Page {
    let frame = frame(it, visit);
    let owner = visit.user().id;
    let mut found = it.store.biz_apps_owned_by(owner, MOST_PARENTS + 1).await?;
    let most = usize::try_from(MOST_PARENTS).unwrap_or(0);
    let more = (found.len() > most).then_some(most);
    found.truncate(most);
    // The app whose page led here is among them, however many there are.
    if let Ok(id) = fields.value("parent").parse::<AppId>()
        && found.iter().all(|known| known.app.id != id)
        && let Some((record, Role::Owner)) = it.store.app_for_member(id, owner).await?
        && record.app.kind == AppKind::Biz
    {
        found.push(record);
    }
    let parents = found.into_iter().map(|it| Pick::new(it.app.id.to_string(), it.app.name)).collect();
    Ok(page(&NewAppPage { frame, fields, post: visit.form_to("/console/apps/new"), parents, more }))
}

fn frame(it: &AppState, visit: &Visit) -> Frame {
    let frame = visit.frame(it);
    let crumb = Crumb::new(frame.say("nav-console"), "/console");
    frame.below([crumb])
}

/// Makes it.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let (frame, mut fields) = (frame(&it, &visit), typed(&visit, &["name", "company", "kind", "parent", "once"]));
    let names = read_names(&frame, &mut fields);
    let parent = parent(&it, &visit, &frame, &mut fields).await?;
    let (Some((name, company)), true) = (names, fields.is_fine()) else { return show(&it, &visit, fields).await };
    let kind = if parent.is_some() { AppKind::Test } else { AppKind::Basic };
    let form = (this_form(&visit, &fields), visit.at().plus(FORM));
    let new = NewApp { name, company, kind, parent, owner: Some(visit.user().id) };
    match visit.by(&it).create_app_once(new, form).await? {
        Some(id) => Ok(visit.see(&format!("/console/apps/{id}"), "app-made")),
        // The parent went between looking and making.
        None => {
            fields.refuse("parent", parent_refusal(&frame, true));
            show(&it, &visit, fields).await
        }
    }
}

/// What tells this form from all others: whose it is, what it was given when it was shown, and what was typed, so that a
/// form that was gone back to makes another app if it asks for another.
fn this_form(visit: &Visit, fields: &Fields) -> String {
    let typed = ["once", "name", "company", "kind", "parent"].map(|field| fields.value(field));
    Digest::of(format!("{}\n{}", visit.user().id, typed.join("\n")).as_bytes()).hex()
}

/// Name and company as they can be kept; refuses the fields otherwise.
pub fn read_names(frame: &Frame, fields: &mut Fields) -> Option<(String, String)> {
    let mut read = |field: &str| {
        let read = name(fields.value(field));
        read.map_err(|why| fields.refuse(field, name_refusal(frame, field, why))).ok()
    };
    let (name, company) = (read("name"), read("company"));
    name.zip(company)
}

/// The Biz app that the new one is a test app of, if it is to be one.
async fn parent(it: &AppState, visit: &Visit, frame: &Frame, fields: &mut Fields) -> Result<Option<AppId>, PageError> {
    match fields.value("kind") {
        "basic" => return Ok(None),
        "test" => {}
        _ => {
            fields.refuse("kind", kind_refusal(frame));
            return Ok(None);
        }
    }
    let Ok(id) = fields.value("parent").parse::<AppId>() else {
        fields.refuse("parent", parent_refusal(frame, false));
        return Ok(None);
    };
    match it.store.app_for_member(id, visit.user().id).await? {
        Some((record, Role::Owner)) if record.app.kind == AppKind::Biz => Ok(Some(id)),
        _ => {
            fields.refuse("parent", parent_refusal(frame, true));
            Ok(None)
        }
    }
}
