//! The operator's door, on a listener of its own that is loopback by default: health and metrics for machines, pages for
//! people who are signed in as operators.

pub mod health;
pub mod home;

use std::fmt::Display;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::access::{self, Rule, Who};
use super::observe::{self, Watched};
use super::reply::see;
use super::state::AppState;
use super::{LONGEST_BODY, door, pages};

/// Every page and action, and who may.
pub fn pages_table() -> Vec<Rule> {
    vec![
        Rule::get("/operator", Who::Operator, home::get),
        //
        // Accounts
        //
        // Apps
        //
        // Requests
        //
        // Catalogue, assets
        //
        // Server
    ]
}

/// Everything the operator's listener answers. `probe`: see [`health::router`].
pub fn router<P, F, E>(state: AppState, probe: P) -> Router
where
    P: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send,
    E: Display,
{
    let table = pages_table();
    let watched = Watched::new(&state, table.iter());
    let pages = Router::new()
        .merge(entrance(&state))
        .merge(access::routes(table, &state))
        .fallback(door::unknown)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(watched, observe::observe))
        .with_state(state.clone());
    health::router(state.metrics, probe).merge(pages)
}

/// Signing in and out, and what every page needs.
fn entrance(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/", get(async || see("/operator")))
        .route("/login", get(pages::login::get).post(pages::login::post))
        .route("/logout", post(pages::logout::post))
        .route("/language", get(pages::language::get))
        .route("/static/{file}", get(pages::files::get))
        .route("/favicon.ico", get(pages::files::icon))
        .method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}
