//! Every route on one screen, grouped by door. A URL's last word is the file that answers it.
//!
//! Around the routes lie a few layers: one line and one count for each request, the host that may ask for the path,
//! and for each door its own words when a handler panics or takes too long.

pub mod access;
pub mod console;
pub mod door;
pub mod form;
pub mod gate;
pub mod guard;
pub mod hot;
pub mod kapi;
pub mod kauth;
pub mod limits;
pub mod listen;
pub mod me;
pub mod observe;
pub mod openapi;
pub mod operator;
pub mod pages;
pub mod reply;
pub mod state;
pub mod tls;
mod turn;
pub mod upload;
pub mod visit;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use observe::Watched;
use state::AppState;

/// The longest body that any door reads: a consent form with a page of assets, with room to spare.
const LONGEST_BODY: usize = 128 * 1024;

/// Everything the public listener answers.
pub fn router(state: AppState) -> Router {
    let (console, me) = (console::table(), me::table());
    let watched = Watched::new(&state, console.iter().chain(&me));
    Router::new()
        .merge(kauth(&state))
        .merge(kapi(&state))
        .merge(pages(&state))
        .merge(access::routes(console, &state))
        .merge(access::routes(me, &state))
        .fallback(door::unknown)
        .layer(from_fn_with_state(state.clone(), door::keep_hosts_apart))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(watched, observe::observe))
        .with_state(state)
}

/// Pages and token endpoint of Business Authentication.
fn kauth(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/oauth/business/authorize", get(kauth::authorize::get))
        .route("/oauth/business/token", post(kauth::token::post))
        .method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}

/// The APIs.
fn kapi(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/v1/business/tokeninfo", get(kapi::tokeninfo::get))
        .route("/v1/business/userinfo", get(kapi::userinfo::get))
        .route("/v1/business/revoke", post(kapi::revoke::post))
        .route("/v1/system/ips", get(kapi::ips::get))
        .method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}

/// What people see beside the kauth pages.
fn pages(state: &AppState) -> Router<AppState> {
    let mut routes = Router::new()
        .route("/", get(pages::home::get))
        .route("/login", get(pages::login::get).post(pages::login::post))
        .route("/login/code", get(pages::login::code::get).post(pages::login::code::post))
        .route("/logout", post(pages::logout::post))
        .route("/consent", get(pages::consent::get).post(pages::consent::post))
        .route("/language", get(pages::language::get))
        .route("/static/{file}", get(pages::files::get))
        .route("/icons/{digest}", get(pages::icons::get))
        .route("/favicon.ico", get(pages::files::icon))
        .route("/openapi.json", get(openapi::get));
    if state.dev.is_some() {
        routes = routes.route("/dev/callback", get(pages::callback::get));
    }
    let routes = routes.method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}
