//! `GET /me/apps/{connected}`: what one app may do, on what, with which tokens, and what was agreed to.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::{ConsentId, TokenId};

use super::apps::line;
use super::{alive, connected, lines, named, path_of};
use crate::http::form::Form;
use crate::http::pages::html;
use crate::http::reply::escape;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::kit::{Crumb, Pager};
use crate::view::me::{AppPage, AssetLine, ConsentLine, ConsentState, TokenLine};

/// Assets and tokens on a page.
const PAGE: usize = 20;
/// Consents on a page.
const CONSENTS: usize = 10;

/// The page. The query: `q`, how an asset's name begins; `assets`, `tokens`, `consents`, where each list goes on.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let app = connected(&it, &visit).await?;
    let (form, path, now) = (visit.form(), path_of(app.id), alive(&it, &visit));
    let mine = (visit.user().id, app.id);
    let search = form.get("q").unwrap_or_default().trim().to_owned();

    let after = form.get("assets").and_then(|text| {
        let (group, rest) = text.split_once(':')?;
        let (id, sort) = rest.split_once(':')?;
        Some((group.to_owned(), sort.to_owned(), id.to_owned()))
    });
    let searched = after.is_some() || !search.is_empty();
    let assets = it.store.reached_assets(mine, &search, after, more_than(PAGE), now).await?;
    let (assets, next) = page(assets, PAGE);
    let next = next.map(|it| format!("{}:{}:{}", it.group, it.id, it.sort));
    let assets_pager = pager(&path, form, "assets", next, "assets");

    let before: Option<TokenId> = form.get("tokens").and_then(|text| text.parse().ok());
    let tokens = it.store.living_tokens(mine, before, more_than(PAGE), now).await?;
    let (tokens, next) = page(tokens, PAGE);
    let tokens_pager = pager(&path, form, "tokens", next.map(|it| it.id.to_string()), "tokens");

    let before: Option<ConsentId> = form.get("consents").and_then(|text| text.parse().ok());
    let consents = it.store.consents_given(mine, before, more_than(CONSENTS), now).await?;
    let (consents, next) = page(consents, CONSENTS);
    let consents_pager = pager(&path, form, "consents", next.map(|it| it.id.to_string()), "consents");

    let (frame, catalogue) = (visit.frame(&it), it.store.catalogue().await?);
    let frame = frame.clone().below([Crumb::new(frame.say("nav-connected"), "/me")]);
    let wholes = app.reach.iter().filter(|reach| reach.whole);
    let wholes = wholes.map(|reach| named(&it, &frame, &catalogue, &reach.group.0)).collect();
    let asset = |held: &bizauth_store::ReachedAsset| AssetLine {
        id: held.id.0.clone(),
        name: held.name.clone(),
        group: named(&it, &frame, &catalogue, &held.group.0),
        withdraw: format!("{path}/assets/withdraw?asset={}", escape(&format!("{}:{}", held.group, held.id))),
    };
    let token = |token: &bizauth_store::LivingToken| TokenLine {
        id: token.id.to_string(),
        issued: token.id.drawn_at().into(),
        used_at: token.used_at.into(),
        consent: format!("{path}/consents/{}", token.consent),
        agreed_at: token.agreed_at.into(),
        withdraw: format!("{path}/tokens/{}/withdraw", token.id),
    };
    let consent = |given: &bizauth_store::ConsentRecord| ConsentLine {
        href: format!("{path}/consents/{}", given.id),
        agreed_at: given.agreed_at.into(),
        groups: lines(&it.words, &frame, &catalogue, &given.items),
        state: match (given.withdrawn_at, given.tokens) {
            (Some(_), _) => ConsentState::Withdrawn.badge(&frame),
            (None, 0) => ConsentState::Idle.badge(&frame),
            (None, _) => ConsentState::Live.badge(&frame),
        },
    };
    let view = AppPage {
        app: line(&it, &frame, &catalogue, &app),
        groups: lines(&it.words, &frame, &catalogue, &app.items),
        wholes,
        assets: assets.iter().map(asset).collect(),
        searchable: searched || assets_pager.older.is_some(),
        search,
        assets_pager,
        tokens: tokens.iter().map(token).collect(),
        tokens_pager,
        consents: consents.iter().map(consent).collect(),
        consents_pager,
        withdraw: app.since.map(|_| format!("{path}/withdraw")),
        path,
        frame,
    };
    Ok(html(StatusCode::OK, &view, None))
}

fn more_than(most: usize) -> i64 {
    i64::try_from(most + 1).unwrap_or(i64::MAX)
}

/// The rows of this page, and the last of them if there is another page.
fn page<T: Clone>(mut rows: Vec<T>, most: usize) -> (Vec<T>, Option<T>) {
    let more = rows.len() > most;
    rows.truncate(most);
    let last = rows.last().filter(|_| more).cloned();
    (rows, last)
}

/// The ways on in one of the lists. What is looked for among the assets stays.
fn pager(path: &str, form: &Form, name: &str, next: Option<String>, anchor: &str) -> Pager {
    let search = form.get("q").map(|text| format!("q={}", escape(text)));
    let address = |place: Option<String>| {
        let query: Vec<String> = search.iter().cloned().chain(place).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{mark}{}#{anchor}", query.join("&"))
    };
    Pager {
        newer: form.get(name).map(|_| address(None)),
        older: next.map(|next| address(Some(format!("{name}={}", escape(&next))))),
    }
}
