//! `/me`: where people look after what they lent, and their account.

pub mod account;
pub mod app;
pub mod apps;
pub mod consent;
pub mod password;
pub mod two_factor;
pub mod withdraw;

use bizauth_core::id::AppId;
use bizauth_core::scope::{Catalogue, ItemId};
use bizauth_store::{Alive, Connection, Leaf, Turn};

use super::access::{Rule, Who};
use super::form::Form;
use super::state::AppState;
use super::turn::named_by;
use super::visit::{PageError, Visit};
use crate::view::kit::{Pager, Turning};
use crate::view::me::{ItemLine, ItemsLine};
use crate::view::named::{group_name, item_about, item_name, risk_text};
use crate::view::{Frame, Words};

/// Every page and action, and who may.
pub fn table() -> Vec<Rule> {
    vec![
        Rule::get("/me", Who::SignedIn, apps::get),
        //
        // Connected apps
        Rule::get("/me/apps/{connected}", Who::SignedIn, app::get),
        Rule::get("/me/apps/{connected}/withdraw", Who::SignedIn, withdraw::app),
        Rule::post("/me/apps/{connected}/withdraw", Who::SignedIn, withdraw::app_post),
        Rule::get("/me/apps/{connected}/assets/withdraw", Who::SignedIn, withdraw::asset),
        Rule::post("/me/apps/{connected}/assets/withdraw", Who::SignedIn, withdraw::asset_post),
        Rule::get("/me/apps/{connected}/tokens/{token}/withdraw", Who::SignedIn, withdraw::token),
        Rule::post("/me/apps/{connected}/tokens/{token}/withdraw", Who::SignedIn, withdraw::token_post),
        Rule::get("/me/apps/{connected}/consents/{consent}", Who::SignedIn, consent::get),
        //
        // Account
        Rule::get("/me/account", Who::SignedIn, account::get),
        Rule::post("/me/account/sessions/{session}/end", Who::SignedIn, account::end),
        Rule::post("/me/account/sessions/end-others", Who::SignedIn, account::end_others),
        Rule::post("/me/account/devices/{device}/forget", Who::SignedIn, account::forget),
        Rule::post("/me/account/devices/forget-all", Who::SignedIn, account::forget_all),
        Rule::get("/me/account/password", Who::SignedIn, password::get),
        Rule::post("/me/account/password", Who::SignedIn, password::post).secret(),
        Rule::get("/me/account/two-factor", Who::SignedIn, two_factor::get),
        Rule::post("/me/account/two-factor/begin", Who::SignedIn, two_factor::begin).secret(),
        Rule::post("/me/account/two-factor/confirm", Who::SignedIn, two_factor::confirm).secret(),
        Rule::get("/me/account/two-factor/codes", Who::SignedIn, two_factor::codes),
        Rule::post("/me/account/two-factor/codes", Who::SignedIn, two_factor::codes_post).secret(),
        Rule::get("/me/account/two-factor/disable", Who::SignedIn, two_factor::disable),
        Rule::post("/me/account/two-factor/disable", Who::SignedIn, two_factor::disable_post).secret(),
    ]
}

/// The lists of a page that has several: from where on each is read.
struct Lists<'v> {
    form: &'v Form,
    /// The address of the page, with what is looked for in it.
    base: String,
}

impl Lists<'_> {
    /// From where on the list is read whose rows `read` reads the names of.
    fn turn<K>(&self, list: &List, read: impl Fn(&str) -> Option<K>) -> Turn<K> {
        named_by(self.form, (list.after, list.before), read)
    }

    /// The ways on from this page of the list.
    fn pager<T>(&self, list: &List, leaf: &Leaf<T>, key: impl Fn(&T) -> String) -> Pager {
        Turning { base: &self.base, after: list.after, before: list.before, anchor: list.anchor }.of(leaf, key)
    }
}

/// One of several lists: the parameters that say from where on it is read, and where it stands.
struct List {
    after: &'static str,
    before: &'static str,
    anchor: &'static str,
}

/// Since when things must have stirred to be alive now.
fn alive(it: &AppState, visit: &Visit) -> Alive {
    Alive::at(visit.at(), it.config.token_idle_lifetime, it.config.code_lifetime)
}

/// The app in the path with what it reaches, if the person ever agreed to it.
async fn connected(it: &AppState, visit: &Visit) -> Result<Connection, PageError> {
    let id: AppId = visit.param("connected")?;
    it.store.connected_app(visit.user().id, id, alive(it, visit)).await?.ok_or(PageError::NotFound)
}

/// Id and name of the app in the path, if the person ever agreed to it: for pages that tell nothing else of it.
async fn agreed(it: &AppState, visit: &Visit) -> Result<(AppId, String), PageError> {
    let id: AppId = visit.param("connected")?;
    let name = it.store.agreed_app(visit.user().id, id).await?.ok_or(PageError::NotFound)?;
    Ok((id, name))
}

/// The address of an app's page.
fn path_of(app: AppId) -> String {
    format!("/me/apps/{app}")
}

/// Items in a person's words, by their groups.
fn lines(words: &Words, frame: &Frame, catalogue: &Catalogue, items: &[ItemId]) -> Vec<ItemsLine> {
    let line = |item: &&bizauth_core::scope::Item| ItemLine {
        name: item_name(words, frame.language, item),
        about: item_about(words, frame.language, item),
        purpose: None,
        risk: item.risk().map(|risk| risk_text(words, frame.language, risk)),
    };
    let of_group = |(group, items): (&bizauth_core::scope::Group, Vec<&bizauth_core::scope::Item>)| ItemsLine {
        group: group_name(words, frame.language, group),
        items: items.iter().map(line).collect(),
        nowhere: false,
    };
    catalogue.grouped(items).into_iter().map(of_group).collect()
}

/// A group's name, also of one that the catalogue lost.
fn named(it: &AppState, frame: &Frame, catalogue: &Catalogue, group: &str) -> String {
    catalogue.group(group).map_or_else(|| group.to_owned(), |group| group_name(&it.words, frame.language, group))
}
