//! `/console`: where developers look after their apps.

pub mod app;
pub mod callers;
pub mod delete;
pub mod errors;
pub mod home;
pub mod icon;
pub mod invitations;
pub mod items;
pub mod key;
pub mod keys;
pub mod member;
pub mod members;
pub mod new;
mod page;
pub mod permissions;
pub mod preview;
pub mod redirect_uris;
pub mod secret;
pub mod settings;
pub mod test;
pub mod token;
pub mod tokens;
pub mod usage;

use axum::http::StatusCode;
use axum::response::Response;

use super::access::{Rule, Who};
use super::limits::{INVITATIONS, TEST_CALLS};
use super::pages::html;
use super::visit::Visit;
use crate::view::Template;
use crate::view::kit::{Fields, Titled};

/// Every page and action, and who may.
pub fn table() -> Vec<Rule> {
    vec![
        Rule::get("/console", Who::SignedIn, home::get),
        //
        // Apps
        Rule::get("/console/apps/new", Who::SignedIn, new::get),
        Rule::post("/console/apps/new", Who::SignedIn, new::post),
        Rule::get("/console/apps/{app}", Who::Editor, app::get),
        Rule::get("/console/apps/{app}/settings", Who::Editor, settings::get),
        Rule::post("/console/apps/{app}/rename", Who::Editor, settings::rename),
        Rule::post("/console/apps/{app}/icon", Who::Editor, icon::post).body(icon::LONGEST_BODY),
        Rule::post("/console/apps/{app}/icon/delete", Who::Editor, icon::delete),
        Rule::post("/console/apps/{app}/biz/request", Who::Owner, settings::ask_biz),
        Rule::post("/console/apps/{app}/biz/{request}/withdraw", Who::Owner, settings::withdraw_biz),
        Rule::post("/console/apps/{app}/delete", Who::Owner, delete::post),
        Rule::get("/console/apps/{app}/members", Who::Editor, members::get),
        Rule::post("/console/apps/{app}/members/invite", Who::Owner, members::invite).limit(INVITATIONS),
        Rule::post("/console/apps/{app}/members/transfer", Who::Owner, members::transfer),
        Rule::post("/console/apps/{app}/members/invitations/{invitation}/cancel", Who::Owner, invitations::cancel),
        Rule::get("/console/apps/{app}/members/{user}", Who::Editor, member::get),
        Rule::post("/console/apps/{app}/members/{user}/role", Who::Owner, member::role),
        Rule::post("/console/apps/{app}/members/{user}/remove", Who::Editor, member::remove),
        Rule::post("/console/invitations/{invitation}/accept", Who::SignedIn, invitations::accept),
        Rule::post("/console/invitations/{invitation}/decline", Who::SignedIn, invitations::decline),
        //
        // Keys
        Rule::get("/console/apps/{app}/keys", Who::Editor, keys::get),
        Rule::post("/console/apps/{app}/keys/create", Who::Editor, keys::create),
        Rule::get("/console/apps/{app}/keys/{key}", Who::Editor, key::get),
        Rule::post("/console/apps/{app}/keys/{key}/rename", Who::Editor, key::rename),
        Rule::post("/console/apps/{app}/keys/{key}/disable", Who::Editor, key::disable),
        Rule::post("/console/apps/{app}/keys/{key}/enable", Who::Editor, key::enable),
        Rule::post("/console/apps/{app}/keys/{key}/delete", Who::Editor, key::delete),
        Rule::post("/console/apps/{app}/keys/{key}/system-ips", Who::Editor, key::system_ips),
        Rule::post("/console/apps/{app}/keys/{key}/redirect-uris/add", Who::Editor, redirect_uris::add),
        Rule::post("/console/apps/{app}/keys/{key}/redirect-uris/remove", Who::Editor, redirect_uris::remove),
        Rule::post("/console/apps/{app}/keys/{key}/secret/on", Who::Editor, secret::on),
        Rule::post("/console/apps/{app}/keys/{key}/secret/off", Who::Editor, secret::off),
        Rule::post("/console/apps/{app}/keys/{key}/secret/issue", Who::Editor, secret::issue),
        Rule::post("/console/apps/{app}/keys/{key}/secret/end-overlap", Who::Editor, secret::end_overlap),
        Rule::post("/console/apps/{app}/keys/{key}/pkce", Who::Editor, key::pkce),
        Rule::post("/console/apps/{app}/keys/{key}/callers", Who::Editor, callers::post),
        //
        // Business Authentication
        Rule::get("/console/apps/{app}/items", Who::Editor, items::get),
        Rule::post("/console/apps/{app}/items", Who::Editor, items::post),
        Rule::post("/console/apps/{app}/permissions/request", Who::Editor, permissions::request),
        Rule::post("/console/apps/{app}/permissions/{request}/withdraw", Who::Editor, permissions::withdraw),
        Rule::get("/console/apps/{app}/preview", Who::Editor, preview::get),
        Rule::get("/console/apps/{app}/tokens", Who::Editor, tokens::get),
        Rule::get("/console/apps/{app}/tokens/{token}", Who::Editor, token::get),
        Rule::post("/console/apps/{app}/tokens/{token}/revoke", Who::Editor, token::revoke),
        //
        // Tools
        Rule::get("/console/apps/{app}/test", Who::Editor, test::get),
        Rule::post("/console/apps/{app}/test", Who::Editor, test::open).secret(),
        Rule::post("/console/apps/{app}/test/send", Who::Editor, test::send::post).limit(TEST_CALLS).secret(),
        Rule::get("/console/apps/{app}/test/issue", Who::Editor, test::issue::get),
        Rule::post("/console/apps/{app}/test/issue", Who::Editor, test::issue::post).secret(),
        Rule::post("/console/apps/{app}/test/register", Who::Editor, test::register::post),
        Rule::get("/console/test/callback", Who::SignedIn, test::callback::get),
        Rule::post("/console/apps/{app}/test/redeem", Who::Editor, test::redeem::post).limit(TEST_CALLS).secret(),
        Rule::get("/console/apps/{app}/usage", Who::Editor, usage::get),
        Rule::get("/console/errors", Who::SignedIn, errors::get),
        Rule::post("/console/errors", Who::SignedIn, errors::post).secret(),
    ]
}

/// What was typed into these fields.
pub fn typed(visit: &Visit, names: &[&str]) -> Fields {
    let form = visit.form();
    Fields::typed(names.iter().filter_map(|name| form.text(name).map(|value| (*name, value))))
}

/// A page: 422 where a form on it was refused.
pub fn page(page: &(impl Template + Titled)) -> Response {
    let status = if page.refused() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, page, None)
}
