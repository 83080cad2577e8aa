//! `/console/apps/{app}/keys/{key}`: one key, its name, whether it is on, and its end. What only a REST API key has is in
//! `redirect_uris`, `secret` and `callers`; all of them answer a refusal with this page.

use std::net::IpAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bizauth_core::id::KeyId;
use bizauth_core::key::KeyKind;
use bizauth_store::KeyRecord;

use super::keys::read_name;
use super::page::{app_frame, app_path, head};
use super::secret;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::view::console::{KeyPage, RestView, UriRow};
use crate::view::kit::Fields;

/// What stands in the forms of the page.
pub(super) struct Forms {
    pub(super) rename: Fields,
    pub(super) uri: Fields,
    pub(super) switch: Fields,
    pub(super) issue: Fields,
    pub(super) callers: Fields,
    pub(super) delete: Fields,
}

impl Forms {
    /// As they are before anything was typed.
    pub(super) fn fresh(record: &KeyRecord) -> Self {
        let callers: Vec<String> = record.key.callers.iter().map(ToString::to_string).collect();
        Forms {
            rename: Fields::typed([("name", record.name.as_str())]).for_form("rename"),
            uri: Fields::new().for_form("redirect"),
            switch: Fields::new().for_form("switch"),
            issue: Fields::typed([("overlap", "1d")]).for_form("issue"),
            callers: Fields::typed([("callers", callers.join("\n"))]).for_form("allowed"),
            delete: Fields::new().for_form("delete"),
        }
    }

    fn are_fine(&self) -> bool {
        let all = [&self.rename, &self.uri, &self.switch, &self.issue, &self.callers, &self.delete];
        all.into_iter().all(Fields::is_fine)
    }
}

/// The address of a key's page.
pub(super) fn path(visit: &Visit, id: KeyId) -> String {
    app_path(visit, &format!("/keys/{id}"))
}

/// The key in the path, if it is one of the app in the path.
pub(super) async fn find(it: &AppState, visit: &Visit) -> Result<KeyRecord, PageError> {
    let found = it.store.key_by_id(visit.param("key")?, visit.at()).await?;
    found.filter(|found| found.key.app == visit.app().app.id).ok_or(PageError::NotFound)
}

/// The same for what only a REST API key has.
pub(super) async fn find_rest(it: &AppState, visit: &Visit) -> Result<KeyRecord, PageError> {
    let found = find(it, visit).await?;
    if found.key.kind == KeyKind::RestApi { Ok(found) } else { Err(PageError::NotFound) }
}

/// The page.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find(&it, &visit).await?;
    let forms = Forms::fresh(&record);
    Ok(show(&it, &visit, record, forms, visit.shown_once()))
}

/// The page with what stands in its forms; refused if anything there is.
pub(super) fn show(it: &AppState, visit: &Visit, record: KeyRecord, forms: Forms, shown: Option<String>) -> Response {
    let status = if forms.are_fine() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (id, kind, disabled) = (record.key.id, record.key.kind, record.key.disabled);
    let below = |end: &str| visit.form_to(format!("{}/{end}", path(visit, id)));
    let may_read_ips = record.key.may_read_ips;
    let page = KeyPage {
        frame: app_frame(it, visit, &head(visit), &path(visit, id)),
        kind,
        id: id.to_string(),
        name: record.name.clone(),
        value: record.value.clone(),
        disabled,
        created: record.created_at.into(),
        used: record.used_at.map(Into::into),
        shown,
        confirm: to_confirm(&record),
        rename: (below("rename"), forms.rename),
        switch: below(if disabled { "enable" } else { "disable" }),
        delete: (below("delete"), forms.delete),
        ips: (kind == KeyKind::Admin).then(|| (may_read_ips, below("system-ips"))),
        rest: (kind == KeyKind::RestApi).then(|| RestView {
            uris: record
                .redirect_uris
                .iter()
                .map(|uri| UriRow { uri: uri.clone(), remove: below("redirect-uris/remove") })
                .collect(),
            add: (below("redirect-uris/add"), forms.uri),
            secret_on: record.key.secret_on,
            has_secret: record.secret.is_some(),
            switch: (below(if record.key.secret_on { "secret/off" } else { "secret/on" }), forms.switch),
            issue: (below("secret/issue"), forms.issue),
            seen: secret::mark(&record),
            overlaps: secret::overlaps(&visit.frame(it)),
            overlap: record.old_secret_until.map(|until| (until.into(), below("secret/end-overlap"))),
            pkce: (record.key.pkce_required, below("pkce")),
            callers: (below("callers"), forms.callers),
            left_out: left_out(visit, &record),
        }),
    };
    html(status, &page, None)
}

/// The visitor's own address, if the key may not be used from there.
fn left_out(visit: &Visit, record: &KeyRecord) -> Option<String> {
    let from = visit.from_address();
    let address: IpAddr = from.parse().ok()?;
    (!record.key.admits_caller(address)).then_some(from)
}

/// What has to be typed to delete a key: its name, or what is known of one without.
fn to_confirm(record: &KeyRecord) -> String {
    match &record.name {
        name if !name.is_empty() => name.clone(),
        _ => last_four(record),
    }
}

fn last_four(record: &KeyRecord) -> String {
    let text = record.value.clone().unwrap_or_else(|| record.key.id.to_string());
    text.chars().skip(text.chars().count().saturating_sub(4)).collect()
}

/// Gives it another name.
pub async fn rename(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find(&it, &visit).await?;
    let mut forms = Forms::fresh(&record);
    forms.rename = Fields::typed([("name", visit.form().text("name").unwrap_or_default())]).for_form("rename");
    let Some(name) = read_name(&visit.frame(&it), &mut forms.rename) else {
        return Ok(show(&it, &visit, record, forms, None));
    };
    done(&visit, record.key.id, visit.by(&it).rename_key(record.key.id, name).await?, "key-renamed")
}

/// Switches it off.
pub async fn disable(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find(&it, &visit).await?.key.id;
    done(&visit, id, visit.by(&it).set_key_disabled(id, true).await?, "key-disabled")
}

/// Switches it on again.
pub async fn enable(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find(&it, &visit).await?.key.id;
    done(&visit, id, visit.by(&it).set_key_disabled(id, false).await?, "key-enabled")
}

/// Lets an admin key call `system/ips`, or not.
pub async fn system_ips(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find(&it, &visit).await?.key.id;
    let may = visit.form().get("may") == Some("yes");
    done(&visit, id, visit.by(&it).set_may_read_ips(id, may).await?, if may { "ips-allowed" } else { "ips-forbidden" })
}

/// Asks authorize requests with a REST API key for a PKCE challenge, or lets them through without one.
pub async fn pkce(State(it): State<AppState>, visit: Visit) -> Page {
    let id = find_rest(&it, &visit).await?.key.id;
    let required = visit.form().get("required") == Some("yes");
    let said = if required { "pkce-required" } else { "pkce-optional" };
    done(&visit, id, visit.by(&it).set_pkce_required(id, required).await?, said)
}

/// Deletes it for good, once its name or its last four characters are typed.
pub async fn delete(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find(&it, &visit).await?;
    let mut forms = Forms::fresh(&record);
    forms.delete = Fields::typed([("confirm", visit.form().text("confirm").unwrap_or_default())]).for_form("delete");
    if forms.delete.value("confirm").trim() != last_four(&record) {
        forms.delete.confirm(&visit.frame(&it), &to_confirm(&record));
    }
    if !forms.delete.is_fine() {
        return Ok(show(&it, &visit, record, forms, None));
    }
    // Somebody else may have been faster: it is gone either way.
    visit.by(&it).delete_key(record.key.id).await?;
    Ok(visit.see(&app_path(&visit, "/keys"), "key-deleted"))
}

/// Back to the key's page, if there still was a key to change.
pub(super) fn done(visit: &Visit, id: KeyId, found: bool, done: &'static str) -> Page {
    match found {
        true => Ok(visit.see(&path(visit, id), done)),
        false => Err(PageError::NotFound),
    }
}
