//! What is written down of a consent screen: enough to answer a dispute, in the words the person read.

use bizauth_core::asset::Holding;
use bizauth_core::consent::Grant;
use bizauth_core::scope::{Catalogue, GroupId, ItemId};
use serde_json::{Value, json};

use super::Screen;
use crate::http::guard::Browser;
use crate::http::state::AppState;
use crate::view::named::{group_name, item_about, item_name, risk_text};

/// What went into a screen and its answer.
pub(super) struct Shown<'s> {
    pub(super) screen: &'s Screen,
    pub(super) purposes: &'s [(ItemId, String)],
    pub(super) catalogue: &'s Catalogue,
    pub(super) grants: &'s [(GroupId, Grant)],
    pub(super) holdings: &'s [Holding],
    /// What was there to choose from, in the groups where the person chose.
    pub(super) listed: &'s [Holding],
}

/// A JSON document of what was shown and agreed to.
pub(super) fn to_json(it: &AppState, browser: &Browser, shown: &Shown<'_>) -> String {
    let Shown { screen, purposes, catalogue, grants, holdings, listed } = shown;
    let Screen { client, parked, .. } = screen;
    let asked = &parked.asked;
    let language = browser.language;
    let account = browser.session.as_ref().map(|session| session.user.email.as_str());
    let items = |group: &[&bizauth_core::scope::Item]| -> Vec<Value> {
        let text = |item: &&bizauth_core::scope::Item| {
            let (name, about) = (item_name(&it.words, language, item), item_about(&it.words, language, item));
            let purpose = purposes.iter().find(|(id, _)| *id == item.id).map(|(_, purpose)| purpose);
            let risk = item.risk().map(|risk| risk_text(&it.words, language, risk));
            json!({ "id": item.id.0, "name": name, "about": about, "purpose": purpose, "risk_marked": risk.is_some(), "risk": risk })
        };
        group.iter().map(text).collect()
    };
    let groups: Vec<Value> = catalogue
        .grouped(&asked.items)
        .iter()
        .map(|(group, of_group)| {
            let lent = grants.iter().find(|(id, _)| *id == group.id).map(|(_, grant)| lent(grant, holdings));
            json!({ "group": group.id.0, "name": group_name(&it.words, language, group), "items": items(of_group), "listed": offered(&group.id, listed), "lent": lent })
        })
        .collect();
    json!({
        "language": language.code(),
        "app": client.app.name,
        "developer": client.app.company,
        "client_id": parked.client_id,
        "account": account,
        "returns_to": asked.destination.uri(),
        "groups": groups,
    })
    .to_string()
}

/// The assets of a group that the screen listed, ticked or not.
fn offered(group: &GroupId, listed: &[Holding]) -> Value {
    let of_group = listed.iter().filter(|held| held.group == *group);
    of_group.map(|held| json!({ "id": held.asset.0, "name": held.name, "lendable": held.lendable })).collect()
}

fn lent(grant: &Grant, holdings: &[Holding]) -> Value {
    match grant {
        Grant::All => json!("*"),
        Grant::These(these) => {
            let name = |id| holdings.iter().find(|held| held.id == id).map_or("", |held| held.name.as_str());
            these.iter().map(|(holding, asset)| json!({ "id": asset.0, "name": name(*holding) })).collect()
        }
    }
}
