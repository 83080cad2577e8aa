//! `/console/apps/{app}/keys`: the keys of an app, and another one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::key::{KEYS_PER_KIND, KeyKind};
use bizauth_core::secret::Digest;
use bizauth_store::{KeyRecord, NewKey};

use super::key;
use super::page::{app_frame, app_path, head};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::Frame;
use crate::view::console::{KeyRow, KeysPage, KindView, key_badge, key_name, kind_key};
use crate::view::kit::{Fields, Pick};

/// The longest name of a key, in characters.
const LONGEST_NAME: usize = 50;

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let chosen = visit.form().get("kind").and_then(KeyKind::read).unwrap_or(KeyKind::RestApi);
    let fields = Fields::typed([("kind", chosen.word())]).for_form("create");
    Ok(show(&it, &visit, fields).await?)
}

async fn show(it: &AppState, visit: &Visit, fields: Fields) -> bizauth_store::Result<Response> {
    let keys = it.store.keys_of(visit.app().app.id, visit.at()).await?;
    let path = app_path(visit, "/keys");
    let frame = app_frame(it, visit, &head(visit), &path);
    let of_kind = |kind: KeyKind| keys.iter().filter(move |it| it.key.kind == kind);
    let row = |record: &KeyRecord| KeyRow {
        id: record.key.id.to_string(),
        name: key_name(&frame, &record.name),
        value: record.value.clone(),
        state: key_badge(&frame, record.key.disabled),
        created: record.created_at.into(),
        used: record.used_at.map(Into::into),
    };
    let pick = |kind: KeyKind| {
        let hint = match of_kind(kind).count() >= KEYS_PER_KIND {
            true => frame.fill("key-kind-full", "most", KEYS_PER_KIND),
            false => frame.part(kind_key(kind), "about"),
        };
        Pick::new(kind.word(), frame.say(kind_key(kind))).hinted(hint)
    };
    // The kind that Business Authentication is about comes first.
    let kinds = [KeyKind::RestApi, KeyKind::Native, KeyKind::JavaScript, KeyKind::Admin];
    let create = app_path(visit, "/keys/create");
    let status = if fields.is_fine() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = KeysPage {
        path,
        kinds: kinds.map(|kind| KindView { kind, rows: of_kind(kind).map(row).collect() }).into(),
        create: visit.form_to(create),
        fields,
        picks: kinds.map(pick).into(),
        frame,
    };
    Ok(html(status, &page, None))
}

/// Makes a key. What is shown once of it waits on its own page.
pub async fn create(State(it): State<AppState>, visit: Visit) -> Page {
    let sent = |name| visit.form().text(name).unwrap_or_default();
    let mut fields = Fields::typed([("kind", sent("kind")), ("name", sent("name"))]).for_form("create");
    let frame = visit.frame(&it);
    let kind = KeyKind::read(sent("kind"));
    if kind.is_none() {
        fields.refuse("kind", frame.say("key-kind-missing"));
    }
    let name = read_name(&frame, &mut fields);
    let (Some(kind), Some(name)) = (kind, name) else { return Ok(show(&it, &visit, fields).await?) };
    let (value, secret) = (it.entropy.app_key(), it.entropy.client_secret());
    let is_rest = kind == KeyKind::RestApi;
    let digest = is_rest.then(|| Digest::of(secret.as_bytes()));
    let new = NewKey { app: visit.app().app.id, kind, value: value.clone(), name, secret: digest };
    let Some(id) = visit.by(&it).create_key(new).await? else {
        fields.refuse("kind", frame.fill("key-kind-full", "most", KEYS_PER_KIND));
        return Ok(show(&it, &visit, fields).await?);
    };
    let made = visit.see(&key::path(&visit, id), "key-created");
    Ok(match kind {
        KeyKind::RestApi => visit.show_once(made, &secret),
        KeyKind::Admin => visit.show_once(made, value.expose()),
        KeyKind::Native | KeyKind::JavaScript => made,
    })
}

/// The name of a key as it was typed, if it can be one; if not, the field says why.
pub(super) fn read_name(frame: &Frame, fields: &mut Fields) -> Option<String> {
    let text = fields.value("name").trim();
    let why = match text.chars().count() {
        0 => "key-name-missing",
        _ if text.contains(char::is_control) => "key-name-control",
        n if n > LONGEST_NAME => "key-name-long",
        _ => return Some(text.to_owned()),
    };
    fields.refuse("name", frame.fill(why, "most", LONGEST_NAME));
    None
}
