//! The operator's door, on a listener of its own that is loopback by default: health and metrics for machines, pages for
//! people who are signed in as operators.

pub mod accounts;
pub mod apps;
pub mod assets;
pub mod audit;
pub mod catalogue;
pub mod desk;
pub mod health;
pub mod home;
pub mod ip_list;
pub mod keys;
pub mod platform;
pub mod requests;
pub mod v1;

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

/// A file of assets with the form around it.
const LONGEST_FILE: usize = crate::asset_file::LONGEST + LONGEST_BODY;

/// Every page and action, and who may.
pub fn pages_table() -> Vec<Rule> {
    vec![
        Rule::get("/operator", Who::Operator, home::get),
        //
        // Accounts
        Rule::get("/operator/accounts", Who::Operator, accounts::get),
        Rule::get("/operator/accounts/new", Who::Operator, accounts::blank),
        Rule::post("/operator/accounts/new", Who::Operator, accounts::create),
        Rule::get("/operator/accounts/{account}", Who::Operator, accounts::open),
        Rule::post("/operator/accounts/{account}/state", Who::Operator, accounts::state),
        Rule::post("/operator/accounts/{account}/centre", Who::Operator, accounts::centre),
        Rule::post("/operator/accounts/{account}/verified", Who::Operator, accounts::verified),
        Rule::post("/operator/accounts/{account}/sanction", Who::Operator, accounts::sanction),
        Rule::post("/operator/accounts/{account}/lift", Who::Operator, accounts::lift),
        Rule::post("/operator/accounts/{account}/make", Who::Operator, accounts::make),
        Rule::post("/operator/accounts/{account}/unmake", Who::Operator, accounts::unmake),
        Rule::post("/operator/accounts/{account}/password", Who::Operator, accounts::reset),
        Rule::post("/operator/accounts/{account}/factor", Who::Operator, accounts::factor),
        Rule::post("/operator/accounts/{account}/end", Who::Operator, accounts::end),
        Rule::post("/operator/accounts/{account}/end-all", Who::Operator, accounts::end_all),
        //
        // Apps
        Rule::get("/operator/apps", Who::Operator, apps::get),
        Rule::get("/operator/apps/{application}", Who::Operator, apps::open),
        Rule::post("/operator/apps/{application}/kind", Who::Operator, apps::kind),
        Rule::post("/operator/apps/{application}/sanction", Who::Operator, apps::sanction),
        Rule::post("/operator/apps/{application}/lift", Who::Operator, apps::lift),
        Rule::post("/operator/apps/{application}/quota", Who::Operator, apps::quota),
        Rule::post("/operator/apps/{application}/grant", Who::Operator, apps::grant),
        Rule::post("/operator/apps/{application}/take", Who::Operator, apps::take),
        Rule::post("/operator/apps/{application}/delete", Who::Operator, apps::delete),
        //
        // Requests
        Rule::get("/operator/requests", Who::Operator, requests::get),
        Rule::get("/operator/requests/{request}", Who::Operator, requests::open),
        Rule::post("/operator/requests/{request}/decide", Who::Operator, requests::decide),
        //
        // Catalogue, assets
        Rule::get("/operator/catalogue", Who::Operator, catalogue::get),
        Rule::get("/operator/catalogue/new", Who::Operator, catalogue::blank),
        Rule::post("/operator/catalogue/new", Who::Operator, catalogue::create),
        Rule::get("/operator/catalogue/groups/{group}", Who::Operator, catalogue::open),
        Rule::post("/operator/catalogue/groups/{group}", Who::Operator, catalogue::change),
        Rule::post("/operator/catalogue/groups/{group}/raise", Who::Operator, catalogue::raise),
        Rule::get("/operator/catalogue/groups/{group}/new", Who::Operator, catalogue::blank_item),
        Rule::post("/operator/catalogue/groups/{group}/new", Who::Operator, catalogue::create_item),
        Rule::get("/operator/catalogue/items/{item}", Who::Operator, catalogue::open_item),
        Rule::post("/operator/catalogue/items/{item}", Who::Operator, catalogue::change_item),
        Rule::post("/operator/catalogue/items/{item}/raise", Who::Operator, catalogue::raise_item),
        Rule::get("/operator/assets", Who::Operator, assets::get),
        Rule::get("/operator/assets/new", Who::Operator, assets::blank),
        Rule::post("/operator/assets/new", Who::Operator, assets::create),
        Rule::get("/operator/assets/{group}/{asset}", Who::Operator, assets::open),
        Rule::post("/operator/assets/{group}/{asset}/rename", Who::Operator, assets::rename),
        Rule::post("/operator/assets/{group}/{asset}/hold", Who::Operator, assets::hold),
        Rule::post("/operator/assets/{group}/{asset}/lose", Who::Operator, assets::lose),
        Rule::post("/operator/assets/{group}/{asset}/remove", Who::Operator, assets::remove),
        Rule::get("/operator/assets/import", Who::Operator, assets::import::get),
        Rule::post("/operator/assets/import", Who::Operator, assets::import::post).body(LONGEST_FILE).slow(),
        Rule::get("/operator/assets/imports/{import}", Who::Operator, assets::imports::get),
        Rule::post("/operator/assets/imports/{import}/apply", Who::Operator, assets::imports::apply),
        //
        // IP list
        Rule::get("/operator/ip-list", Who::Operator, ip_list::get),
        Rule::get("/operator/ip-list/versions/{serial}", Who::Operator, ip_list::version),
        Rule::get("/operator/ip-list/preview", Who::Operator, ip_list::preview),
        Rule::get("/operator/ip-list/draft", Who::Operator, ip_list::draft::get),
        Rule::post("/operator/ip-list/draft/publish", Who::Operator, ip_list::draft::publish),
        Rule::post("/operator/ip-list/draft/discard", Who::Operator, ip_list::draft::discard),
        Rule::get("/operator/ip-list/draft/new", Who::Operator, ip_list::draft::blank_service),
        Rule::post("/operator/ip-list/draft/new", Who::Operator, ip_list::draft::create_service),
        Rule::get("/operator/ip-list/draft/{list}/{place}", Who::Operator, ip_list::draft::service),
        Rule::post("/operator/ip-list/draft/{list}/{place}", Who::Operator, ip_list::draft::change_service),
        Rule::post("/operator/ip-list/draft/{list}/{place}/remove", Who::Operator, ip_list::draft::remove_service),
        Rule::get("/operator/ip-list/draft/{list}/{place}/new", Who::Operator, ip_list::draft::blank_step),
        Rule::post("/operator/ip-list/draft/{list}/{place}/new", Who::Operator, ip_list::draft::create_step),
        Rule::get("/operator/ip-list/draft/{list}/{place}/{change}/{nth}", Who::Operator, ip_list::draft::step),
        Rule::post("/operator/ip-list/draft/{list}/{place}/{change}/{nth}", Who::Operator, ip_list::draft::change_step),
        Rule::post(
            "/operator/ip-list/draft/{list}/{place}/{change}/{nth}/remove",
            Who::Operator,
            ip_list::draft::remove_step,
        ),
        Rule::get("/operator/ip-list/webhooks", Who::Operator, ip_list::webhooks::get),
        Rule::get("/operator/ip-list/webhooks/new", Who::Operator, ip_list::webhooks::blank),
        Rule::post("/operator/ip-list/webhooks/new", Who::Operator, ip_list::webhooks::create),
        Rule::get("/operator/ip-list/webhooks/{webhook}", Who::Operator, ip_list::webhooks::open),
        Rule::post("/operator/ip-list/webhooks/{webhook}/retry", Who::Operator, ip_list::webhooks::retry),
        Rule::post("/operator/ip-list/webhooks/{webhook}/remove", Who::Operator, ip_list::webhooks::remove),
        //
        // Server
        Rule::get("/operator/platform", Who::Operator, platform::get),
        Rule::post("/operator/platform/close", Who::Operator, platform::close),
        Rule::post("/operator/platform/open", Who::Operator, platform::open),
        Rule::get("/operator/keys", Who::Operator, keys::get),
        Rule::get("/operator/keys/new", Who::Operator, keys::blank),
        Rule::post("/operator/keys/new", Who::Operator, keys::create),
        Rule::post("/operator/keys/{key}/revoke", Who::Operator, keys::revoke),
        Rule::get("/operator/audit", Who::Operator, audit::get),
        Rule::get("/operator/audit/export", Who::Operator, audit::export),
        Rule::get("/operator/audit/verify", Who::Operator, audit::verify).slow(),
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
    let watched = Watched::new(&state, table.iter()).with(v1::table().iter().map(|rule| rule.path));
    let pages = Router::new()
        .merge(entrance(&state))
        .merge(access::routes(table, &state))
        .merge(v1::routes(&state))
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
        .route("/login/code", get(pages::login::code::get).post(pages::login::code::post))
        .route("/logout", post(pages::logout::post))
        .route("/language", get(pages::language::get))
        .route("/static/{file}", get(pages::files::get))
        .route("/favicon.ico", get(pages::files::icon))
        .method_not_allowed_fallback(door::wrong_method);
    door::guarded(routes, state)
}
