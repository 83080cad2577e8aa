//! `/console/apps/{app}/test/issue`: what the real consent screen shall ask for, then on to it.
//!
//! What may be asked for is judged by the rule of the authorize endpoint itself. The way back is this tool's own
//! address; `state` proves that a consent was asked for by this very browser session, for this app and key.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode};
use bizauth_core::authorize::{Query, Refused};
use bizauth_core::code::Challenge;
use bizauth_core::fault::{KauthFault, Refusal};
use bizauth_core::id::{AppId, KeyId};
use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::redirect::Flaw;
use bizauth_core::scope::{Catalogue, Item, ItemId};
use bizauth_core::time::Time;
use bizauth_store::KeyRecord;
use std::time::Duration;

use super::super::page::app_frame;
use super::call::{Call, Caller};
use super::{CALLBACK, key, key_name, keys, parameters, picks};
use crate::http::door::Door;
use crate::http::pages::html;
use crate::http::reply::see;
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::usage::Endpoint;
use crate::view::Frame;
use crate::view::console::{AppHead, IssueGroup, IssuePage, Register};
use crate::view::kit::{Fields, Pick};
use crate::view::named::{group_name, item_name};

/// How long a consent may take: a screen can be answered for an hour, and a sign-in may come before it.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// Stands in a `state` whose consent was asked for with a PKCE challenge.
const PKCE: &str = ".pkce";

/// The form.
pub async fn get(State(it): State<AppState>, visit: Visit, extensions: Extensions, headers: HeaderMap) -> Page {
    let keys = keys(&it, &visit).await?;
    let first = || rest_keys(&keys).find(|record| !record.key.disabled).or_else(|| rest_keys(&keys).next());
    let chosen = key(&visit, &keys)?.or_else(first);
    let fields = Fields::typed(chosen.map(|record| ("key", record.key.id.to_string())));
    let uri = callback(&it, &Caller { extensions, headers });
    let page = page(&it, &visit, &keys, chosen, (fields, uri)).await?;
    Ok(html(StatusCode::OK, &page, None))
}

/// On to the consent screen, or back with what cannot be asked for.
pub async fn post(State(it): State<AppState>, visit: Visit, extensions: Extensions, headers: HeaderMap) -> Page {
    let keys = keys(&it, &visit).await?;
    let chosen = key(&visit, &keys)?;
    let catalogue = it.store.catalogue().await?;
    let uri = callback(&it, &Caller { extensions, headers });
    let mut page = page(&it, &visit, &keys, chosen, (typed(&visit, &catalogue), uri.clone())).await?;
    let Some(record) = chosen.filter(|record| record.key.kind == KeyKind::RestApi) else {
        page.refuse_key(chosen.is_some());
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page, None));
    };
    let resources = resources(&mut page);
    if !visit.form().all("item").any(|_| true) {
        page.choose_items();
    }
    let mut call = Call::new(parameters::verb(Endpoint::Authorize), Endpoint::Authorize.path());
    let value = record.value.clone().unwrap_or_default();
    let scope: Vec<&str> = visit.form().all("item").collect();
    call.parameter("client_id", &value);
    call.parameter("response_type", "code");
    call.parameter("redirect_uri", &uri);
    call.parameter("scope", &scope.join(","));
    resources.iter().for_each(|resource| call.parameter("resource_ids", resource));
    let (state, verifier) = state(&visit, record);
    call.parameter("state", &state);
    if let Some(verifier) = verifier {
        call.parameter("code_challenge", Challenge::of(&verifier).text());
        call.parameter("code_challenge_method", "S256");
    }
    if page.fields.is_fine() {
        let address = call.target();
        let query = Query::read(address.split_once('?').map_or("", |(_, query)| query));
        let client = match AppKey::read(&value) {
            Some(key) => it.store.client(&key, visit.at()).await?,
            None => None,
        };
        match query.judge(client.as_ref(), &catalogue, it.config.wildcard_redirects) {
            Ok(_) => return Ok(see(&address)),
            Err(Refused::Page(refusal) | Refused::Redirect(_, _, refusal)) => refuse(&mut page, &refusal),
        }
    }
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page, None))
}

/// Why the tool's address could not be registered.
pub(super) enum Why {
    /// It is not one that can be.
    Flaw(Flaw),
    /// The key has as many as it may have.
    Full,
}

/// The form again, after the tool's address could not be registered.
pub(super) async fn refused(it: &AppState, visit: &Visit, uri: &str, why: Why) -> Page {
    let keys = keys(it, visit).await?;
    let chosen = key(visit, &keys)?;
    let fields = Fields::typed(chosen.map(|record| ("key", record.key.id.to_string())));
    let mut page = page(it, visit, &keys, chosen, (fields, uri.to_owned())).await?;
    match why {
        Why::Flaw(flaw) => page.refuse_address(&flaw.to_string()),
        Why::Full => page.refuse_full(),
    }
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &page, None))
}

/// The tool's own redirect URI, as this browser knows the server.
pub(super) fn callback(it: &AppState, from: &Caller) -> String {
    format!("{}{CALLBACK}", from.origin(it, Door::Pages))
}

/// A consent that this browser session asked for.
pub(super) struct Proven {
    /// For this app,
    pub(super) app: AppId,
    /// with this key,
    pub(super) key: KeyId,
    /// and this PKCE verifier, if the key required one then.
    pub(super) verifier: Option<String>,
}

/// App, key, time and whether there is a PKCE verifier, bound to this session by a MAC. Nothing is stored for it: the
/// verifier is made of the same by the session's secret, so that only the session can make it again.
fn state(visit: &Visit, record: &KeyRecord) -> (String, Option<String>) {
    let bound = if record.key.pkce_required { PKCE } else { "" };
    let plain = format!("{}.{}.{}{bound}", visit.app().app.id, record.key.id, visit.at().millis());
    (format!("{plain}.{}", visit.browser().form_token(&purpose(&plain))), verifier(visit, &plain))
}

fn verifier(visit: &Visit, plain: &str) -> Option<String> {
    plain.ends_with(PKCE).then(|| visit.browser().form_token(&format!("PKCE verifier for the test tool {plain}")))
}

/// What a `state` says, if this browser session was given it not too long ago.
pub(super) fn proven(visit: &Visit, state: &str) -> Option<Proven> {
    let (plain, proof) = state.rsplit_once('.')?;
    visit.browser().owns_form(&purpose(plain), Some(proof)).then_some(())?;
    let mut parts = plain.split('.');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (app, key, at) = (AppId(number()?), KeyId(number()?), Time::from_millis(number()?));
    (visit.at().since(at) <= PATIENCE).then(|| Proven { app, key, verifier: verifier(visit, plain) })
}

fn purpose(plain: &str) -> String {
    format!("consent for the test tool {plain}")
}

fn rest_keys(keys: &[KeyRecord]) -> impl Iterator<Item = &KeyRecord> {
    keys.iter().filter(|record| record.key.kind == KeyKind::RestApi)
}

fn typed(visit: &Visit, catalogue: &Catalogue) -> Fields {
    let form = visit.form();
    let items = form.all("item").map(|item| ("item".to_owned(), item.to_owned()));
    let of_groups = catalogue.groups.iter().flat_map(|group| [all_of(&group.id.0), assets_of(&group.id.0)]);
    let names = of_groups.chain(["key".to_owned()]);
    let others = names.filter_map(|name| form.get(&name).map(str::to_owned).map(|value| (name, value)));
    Fields::typed(items.chain(others).collect::<Vec<_>>())
}

fn all_of(group: &str) -> String {
    format!("all.{group}")
}

fn assets_of(group: &str) -> String {
    format!("assets.{group}")
}

/// `resource_ids`, of the groups of which something is asked for.
fn resources(page: &mut IssuePage) -> Vec<String> {
    let mut resources = Vec::new();
    let mut both = Vec::new();
    for group in &page.groups {
        let Some(assets) = &group.assets else { continue };
        let named = page.fields.value(assets).split([',', ' ']).map(str::trim).filter(|id| !id.is_empty());
        let named: Vec<String> = named.map(|id| format!("{}:{id}", group.id)).collect();
        let all = page.fields.checked(&group.all, "yes");
        if all && !named.is_empty() {
            both.push(assets.clone());
        }
        resources.extend(all.then(|| format!("{}:*", group.id)));
        resources.extend(named);
    }
    both.iter().for_each(|assets| page.refuse_both(assets));
    resources
}

/// Says beside the field that has to do with it why authorize would refuse.
fn refuse(page: &mut IssuePage, refusal: &Refusal<KauthFault>) {
    let field = match refusal.fault {
        KauthFault::UnregisteredRedirectUri => return page.refuse_unregistered(),
        KauthFault::UnknownConsentItem | KauthFault::BadAuthorizeParameter | KauthFault::NoFeaturePermission => "item",
        _ => "key",
    };
    page.refuse(field, refusal.fault.row().code, &refusal.description());
}

async fn page(
    it: &AppState,
    visit: &Visit,
    keys: &[KeyRecord],
    chosen: Option<&KeyRecord>,
    (fields, callback): (Fields, String),
) -> Result<IssuePage, PageError> {
    let head = AppHead::of(&visit.app().app, visit.role());
    let path = format!("{}/test/issue", head.path());
    let frame = app_frame(it, visit, &head, &path);
    let on: Vec<ItemId> = it.store.items_of(head.id).await?.into_iter().map(|(item, _)| item).collect();
    let catalogue = it.store.catalogue().await?;
    let unregistered =
        |record: &&KeyRecord| record.key.kind == KeyKind::RestApi && !record.redirect_uris.contains(&callback);
    Ok(IssuePage {
        keys: picks(&frame, keys, &parameters::REST),
        groups: groups(&frame, &catalogue, &on),
        register: chosen.filter(unregistered).map(|record| Register {
            post: visit.form_to(format!("{}/test/register", head.path())),
            key: record.key.id.to_string(),
            key_name: key_name(&frame, record),
        }),
        post: visit.form_to(path),
        app: head.path(),
        idle_days: it.idle_days(),
        frame,
        callback,
        fields,
    })
}

fn groups(frame: &Frame, catalogue: &Catalogue, on: &[ItemId]) -> Vec<IssueGroup> {
    let pick = |item: &&Item| Pick::new(item.id.0.as_str(), item_name(&frame.words, frame.language, item));
    let group = |(group, items): (&bizauth_core::scope::Group, Vec<&Item>)| IssueGroup {
        name: group_name(&frame.words, frame.language, group),
        items: items.iter().map(pick).collect(),
        assets: group.has_assets.then(|| assets_of(&group.id.0)),
        all: all_of(&group.id.0),
        needs_all: items.iter().filter(|item| item.needs_all).map(|item| item.id.0.clone()).collect(),
        id: group.id.0.clone(),
    };
    catalogue.grouped(on).into_iter().map(group).collect()
}
