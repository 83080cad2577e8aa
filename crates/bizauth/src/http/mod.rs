//! Every route on one screen, grouped by door. A URL's last word is the file that answers it.
//!
//! Around the routes lie a few layers: one line and one count for each request, the host that may ask for the path,
//! and for each door its own words when a handler panics or takes too long.

pub mod access;
pub mod conditional;
pub mod console;
pub mod door;
pub mod form;
pub mod gate;
pub mod given;
pub mod guard;
pub mod hot;
pub mod ip_list;
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
        .merge(ip_list(&state))
        .merge(pages(&state))
        .merge(access::routes(console, &state))
        .merge(access::routes(me, &state))
        .fallback(door::unknown_in_public)
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

/// Beside the documented endpoint of the IP list: what it was and will be, for people and for programs that know no keys.
fn ip_list(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/ip-list", get(ip_list::view::get))
        .route("/ip-list/history", get(ip_list::history::get))
        .route("/ip-list/history/{serial}", get(ip_list::history::one))
        .route("/ip-list/diff", get(ip_list::diff::get))
        .route("/ip-list/feed.atom", get(ip_list::feed::get))
        .route("/ip-list/calendar.ics", get(ip_list::calendar::get))
        .route("/ip-list/list.txt", get(ip_list::exports::text))
        .route("/ip-list/list.csv", get(ip_list::exports::csv))
        .route("/ip-list/list.json", get(ip_list::exports::json))
        .route("/ip-list/list.json.minisig", get(ip_list::signature::get))
        .route("/ip-list/minisign.pub", get(ip_list::signature::key))
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
