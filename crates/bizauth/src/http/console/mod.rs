//! `/console`: where developers look after their apps.

pub mod callers;
pub mod errors;
pub mod home;
pub mod items;
pub mod key;
pub mod keys;
mod page;
pub mod permissions;
pub mod preview;
pub mod redirect_uris;
pub mod secret;
pub mod test;
pub mod token;
pub mod tokens;
pub mod usage;

use super::access::{Rule, Who};

/// Every page and action, and who may.
pub fn table() -> Vec<Rule> {
    vec![
        Rule::get("/console", Who::SignedIn, home::get),
        //
        // Apps
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
        Rule::post("/console/apps/{app}/test", Who::Editor, test::open),
        Rule::post("/console/apps/{app}/test/send", Who::Editor, test::send::post),
        Rule::get("/console/apps/{app}/test/issue", Who::Editor, test::issue::get),
        Rule::post("/console/apps/{app}/test/issue", Who::Editor, test::issue::post),
        Rule::post("/console/apps/{app}/test/register", Who::Editor, test::register::post),
        Rule::get("/console/test/callback", Who::SignedIn, test::callback::get),
        Rule::post("/console/apps/{app}/test/redeem", Who::Editor, test::redeem::post),
        Rule::get("/console/apps/{app}/usage", Who::Editor, usage::get),
        Rule::get("/console/errors", Who::SignedIn, errors::get),
    ]
}
