//! The operator's API, on the operator's listener: everything that the pages do, for programs with an operator key.
//!
//! One table of routes with the scope that each needs; the key gate stands before every one. JSON in and out, refusals
//! as RFC 9457 problems. A URL's last word is the file that answers it.

pub mod accounts;
pub mod apps;
pub mod assets;
pub mod audit;
pub mod body;
pub mod catalogue;
pub mod directories;
pub mod gate;
pub mod holders;
pub mod imports;
pub mod ip_list;
pub mod ip_webhooks;
pub mod keys;
pub mod listing;
pub mod maintenance;
pub mod openapi;
pub mod overview;
pub mod problem;
pub mod requests;
pub mod sessions;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use bizauth_core::operator::Scope;

use crate::asset_file;
use crate::http::state::AppState;
use gate::{Terms, answer_always, key_gate};
use problem::Problem;

/// The longest JSON body: a thousand changes of a directory, with room to spare.
const LONGEST_BODY: usize = 2 * 1024 * 1024;

/// One route and the scope it needs.
#[derive(Debug)]
pub struct KeyRule {
    /// The method.
    pub method: Method,
    /// The path, as the router takes it.
    pub path: &'static str,
    /// What a key must be allowed.
    pub scope: Scope,
    /// The longest body in bytes.
    pub body: usize,
    route: MethodRouter<AppState>,
}

impl KeyRule {
    /// A route that a key with `scope` may use.
    pub fn key<H, T>(method: Method, path: &'static str, scope: Scope, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the table names methods that a router knows");
        let body = if method == Method::GET || method == Method::DELETE { 0 } else { LONGEST_BODY };
        KeyRule { method, path, scope, body, route: on(filter, handler) }
    }

    fn body(self, bytes: usize) -> Self {
        KeyRule { body: bytes, ..self }
    }
}

/// Every route, and what a key must be allowed.
pub fn table() -> Vec<KeyRule> {
    use Method as M;
    use Scope as S;
    vec![
        KeyRule::key(M::GET, "/operator/v1/accounts", S::AccountsRead, accounts::list),
        KeyRule::key(M::POST, "/operator/v1/accounts", S::AccountsWrite, accounts::post),
        KeyRule::key(M::GET, "/operator/v1/accounts/{account}", S::AccountsRead, accounts::get),
        KeyRule::key(M::PATCH, "/operator/v1/accounts/{account}", S::AccountsWrite, accounts::patch),
        KeyRule::key(M::POST, "/operator/v1/accounts/{account}/password", S::AccountsWrite, accounts::password),
        KeyRule::key(M::DELETE, "/operator/v1/accounts/{account}/second-factor", S::AccountsWrite, accounts::factor),
        KeyRule::key(M::GET, "/operator/v1/accounts/{account}/apps", S::AccountsRead, accounts::apps),
        KeyRule::key(M::GET, "/operator/v1/accounts/{account}/lent", S::AccountsRead, accounts::lent),
        KeyRule::key(M::GET, "/operator/v1/accounts/{account}/assets", S::AccountsRead, accounts::assets),
        KeyRule::key(M::GET, "/operator/v1/accounts/{account}/sessions", S::AccountsRead, sessions::list),
        KeyRule::key(M::DELETE, "/operator/v1/accounts/{account}/sessions", S::AccountsWrite, sessions::delete_all),
        KeyRule::key(
            M::DELETE,
            "/operator/v1/accounts/{account}/sessions/{session}",
            S::AccountsWrite,
            sessions::delete,
        ),
        KeyRule::key(M::GET, "/operator/v1/apps", S::AppsRead, apps::list),
        KeyRule::key(M::POST, "/operator/v1/apps/find", S::AppsRead, apps::find),
        KeyRule::key(M::GET, "/operator/v1/apps/{app}", S::AppsRead, apps::get),
        KeyRule::key(M::GET, "/operator/v1/apps/{app}/keys", S::AppsRead, apps::keys),
        KeyRule::key(M::GET, "/operator/v1/apps/{app}/tokens", S::AppsRead, apps::tokens),
        KeyRule::key(M::PATCH, "/operator/v1/apps/{app}", S::AppsWrite, apps::patch),
        KeyRule::key(M::GET, "/operator/v1/apps/{app}/members", S::AppsRead, apps::members),
        KeyRule::key(M::DELETE, "/operator/v1/apps/{app}", S::AppsWrite, apps::delete),
        KeyRule::key(M::PUT, "/operator/v1/apps/{app}/permissions/{group}", S::AppsWrite, apps::grant),
        KeyRule::key(M::DELETE, "/operator/v1/apps/{app}/permissions/{group}", S::AppsWrite, apps::take),
        KeyRule::key(M::GET, "/operator/v1/requests", S::AppsRead, requests::list),
        KeyRule::key(M::GET, "/operator/v1/requests/{request}", S::AppsRead, requests::get),
        KeyRule::key(M::POST, "/operator/v1/requests/{request}/decision", S::AppsWrite, requests::decide),
        KeyRule::key(M::GET, "/operator/v1/catalogue", S::CatalogueRead, catalogue::get),
        KeyRule::key(M::PUT, "/operator/v1/catalogue/groups/{group}", S::CatalogueWrite, catalogue::put_group),
        KeyRule::key(M::POST, "/operator/v1/catalogue/groups/{group}/raise", S::CatalogueWrite, catalogue::raise_group),
        KeyRule::key(M::PUT, "/operator/v1/catalogue/items/{item}", S::CatalogueWrite, catalogue::put_item),
        KeyRule::key(M::POST, "/operator/v1/catalogue/items/{item}/raise", S::CatalogueWrite, catalogue::raise_item),
        KeyRule::key(M::GET, "/operator/v1/assets", S::AssetsRead, assets::list),
        KeyRule::key(M::GET, "/operator/v1/assets/{group}/{asset}", S::AssetsRead, assets::get),
        KeyRule::key(M::PUT, "/operator/v1/assets/{group}/{asset}", S::AssetsWrite, assets::put),
        KeyRule::key(M::DELETE, "/operator/v1/assets/{group}/{asset}", S::AssetsWrite, assets::delete),
        KeyRule::key(M::GET, "/operator/v1/assets/{group}/{asset}/holders", S::AssetsRead, holders::list),
        KeyRule::key(M::PUT, "/operator/v1/assets/{group}/{asset}/holders/{account}", S::AssetsWrite, holders::put),
        KeyRule::key(
            M::DELETE,
            "/operator/v1/assets/{group}/{asset}/holders/{account}",
            S::AssetsWrite,
            holders::delete,
        ),
        KeyRule::key(M::GET, "/operator/v1/directories", S::AssetsRead, directories::list),
        KeyRule::key(M::GET, "/operator/v1/directories/{source}", S::AssetsRead, directories::get),
        KeyRule::key(M::GET, "/operator/v1/directories/{source}/assets", S::AssetsRead, directories::assets),
        KeyRule::key(M::POST, "/operator/v1/directories/{source}/changes", S::AssetsWrite, directories::changes),
        KeyRule::key(
            M::PUT,
            "/operator/v1/directories/{source}/assets/{external_id}",
            S::AssetsWrite,
            directories::put,
        ),
        KeyRule::key(
            M::DELETE,
            "/operator/v1/directories/{source}/assets/{external_id}",
            S::AssetsWrite,
            directories::delete,
        ),
        KeyRule::key(M::GET, "/operator/v1/imports", S::AssetsRead, imports::list),
        KeyRule::key(M::POST, "/operator/v1/imports", S::AssetsWrite, imports::post).body(asset_file::LONGEST),
        KeyRule::key(M::GET, "/operator/v1/imports/{import}", S::AssetsRead, imports::get),
        KeyRule::key(M::GET, "/operator/v1/imports/{import}/refusals", S::AssetsRead, imports::refusals),
        KeyRule::key(M::POST, "/operator/v1/imports/{import}/apply", S::AssetsWrite, imports::apply),
        KeyRule::key(M::GET, "/operator/v1/ip-list", S::IpListRead, ip_list::get),
        KeyRule::key(M::GET, "/operator/v1/ip-list/versions", S::IpListRead, ip_list::versions),
        KeyRule::key(M::POST, "/operator/v1/ip-list/versions", S::IpListWrite, ip_list::publish)
            .body(asset_file::LONGEST),
        KeyRule::key(M::GET, "/operator/v1/ip-list/versions/{serial}", S::IpListRead, ip_list::one),
        KeyRule::key(M::GET, "/operator/v1/ip-list/diff", S::IpListRead, ip_list::diff),
        KeyRule::key(M::GET, "/operator/v1/ip-list/draft", S::IpListRead, ip_list::draft),
        KeyRule::key(M::PUT, "/operator/v1/ip-list/draft", S::IpListWrite, ip_list::put_draft)
            .body(asset_file::LONGEST),
        KeyRule::key(M::DELETE, "/operator/v1/ip-list/draft", S::IpListWrite, ip_list::discard),
        KeyRule::key(M::GET, "/operator/v1/ip-list/webhooks", S::IpListRead, ip_webhooks::list),
        KeyRule::key(M::POST, "/operator/v1/ip-list/webhooks", S::IpListWrite, ip_webhooks::post),
        KeyRule::key(M::DELETE, "/operator/v1/ip-list/webhooks/{webhook}", S::IpListWrite, ip_webhooks::delete),
        KeyRule::key(
            M::GET,
            "/operator/v1/ip-list/webhooks/{webhook}/deliveries",
            S::IpListRead,
            ip_webhooks::deliveries,
        ),
        KeyRule::key(
            M::POST,
            "/operator/v1/ip-list/webhooks/{webhook}/deliveries/{delivery}/retry",
            S::IpListWrite,
            ip_webhooks::retry,
        ),
        KeyRule::key(M::GET, "/operator/v1/overview", S::PlatformRead, overview::get),
        KeyRule::key(M::GET, "/operator/v1/settings", S::PlatformRead, overview::settings),
        KeyRule::key(M::GET, "/operator/v1/maintenance", S::PlatformRead, maintenance::get),
        KeyRule::key(M::PUT, "/operator/v1/maintenance", S::PlatformWrite, maintenance::put),
        KeyRule::key(M::GET, "/operator/v1/keys", S::PlatformRead, keys::list),
        KeyRule::key(M::POST, "/operator/v1/keys", S::PlatformWrite, keys::post),
        KeyRule::key(M::DELETE, "/operator/v1/keys/{key}", S::PlatformWrite, keys::delete),
        KeyRule::key(M::GET, "/operator/v1/audit", S::AuditRead, audit::list),
        KeyRule::key(M::GET, "/operator/v1/audit/head", S::AuditRead, audit::head),
        KeyRule::key(M::GET, "/operator/v1/audit/verdict", S::AuditRead, audit::verdict),
        KeyRule::key(M::GET, "/operator/v1/audit/export", S::AuditRead, audit::export),
    ]
}

/// The routes of the table, each behind the key gate; the description of all of them is open.
pub fn routes(state: &AppState) -> Router<AppState> {
    let lay = |routes: Router<AppState>, rule: KeyRule| {
        let terms = Terms { scope: rule.scope, body: rule.body };
        let gate = from_fn_with_state((state.clone(), terms), key_gate);
        routes.route(rule.path, rule.route.route_layer(gate))
    };
    table()
        .into_iter()
        .fold(Router::new(), lay)
        .route("/operator/v1/openapi.json", get(openapi::get))
        .route("/operator/v1/{*rest}", any(async || Problem::unknown_path().into_response()))
        .method_not_allowed_fallback(async || Problem::wrong_method().into_response())
        .layer(from_fn_with_state(state.clone(), answer_always))
}
