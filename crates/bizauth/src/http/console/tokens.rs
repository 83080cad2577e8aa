//! `/console/apps/{app}/tokens`: the business tokens of an app, newest first, with a search by either of two ids.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::id::{AppUserId, TokenId};
use bizauth_store::TokenRecord;

use super::page::{app_frame, app_path, head};
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::console::{TokenRow, TokensPage, token_badge};
use crate::view::kit::Pager;

/// Tokens on one page.
const PAGE: usize = 25;

/// The page. `q` is an id, `before` and `after` a token that this page lies next to.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let app = visit.app().app.id;
    let search = visit.form().get("q").unwrap_or_default().trim().to_owned();
    let place = |name| visit.form().get(name).and_then(|text| text.parse().ok());
    let (before, after): (Option<TokenId>, Option<TokenId>) = (place("before"), place("after"));
    let path = app_path(&visit, "/tokens");
    let id: Option<i64> = search.bytes().all(|b| b.is_ascii_digit()).then(|| search.parse().ok()).flatten();
    // One more than is shown tells whether there is another page.
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let (mut rows, backwards) = match (search.is_empty(), id, after) {
        (true, _, Some(after)) => (it.store.tokens_after(app, after, most).await?, true),
        (true, ..) => (it.store.tokens_of(app, before, most).await?, false),
        (false, None, _) => (Vec::new(), false),
        (false, Some(id), _) => {
            let found =
                if before.is_none() && after.is_none() { it.store.token_of(app, TokenId(id)).await? } else { None };
            match found {
                Some(found) => (vec![found], false),
                None => match after {
                    Some(after) => (it.store.tokens_of_person_after((app, AppUserId(id)), after, most).await?, true),
                    None => (it.store.tokens_of_person((app, AppUserId(id)), before, most).await?, false),
                },
            }
        }
    };
    let more = rows.len() > PAGE;
    match backwards {
        true => drop(rows.drain(..rows.len().saturating_sub(PAGE))),
        false => rows.truncate(PAGE),
    }
    let to = |name: &str, id: TokenId| match search.is_empty() {
        true => format!("{path}?{name}={id}"),
        false => format!("{path}?q={search}&{name}={id}"),
    };
    let newest = rows.first().map(|it| it.token.id);
    let oldest = rows.last().map(|it| it.token.id);
    let first = if search.is_empty() { path.clone() } else { format!("{path}?q={search}") };
    let pager = match backwards {
        true => Pager {
            newer: newest.filter(|_| more).map(|id| to("after", id)).or(newest.is_none().then(|| first.clone())),
            older: oldest.map(|id| to("before", id)),
        },
        false => Pager {
            newer: before.map(|_| newest.map_or(first, |newest| to("after", newest))),
            older: oldest.filter(|_| more).map(|id| to("before", id)),
        },
    };
    let frame = app_frame(&it, &visit, &head(&visit), &path);
    let (idle, now) = (it.config.token_idle_lifetime, visit.at());
    let row = |found: &TokenRecord| TokenRow {
        id: found.token.id.to_string(),
        user: found.token.app_user.to_string(),
        agreed: found.agreed_at.into(),
        used: found.token.used_at.into(),
        state: token_badge(&frame, found.token.standing(idle, now)),
    };
    let page = TokensPage {
        rows: rows.iter().map(row).collect(),
        not_a_number: !search.is_empty() && id.is_none(),
        search,
        path,
        pager,
        frame,
    };
    Ok(html(StatusCode::OK, &page, None))
}
