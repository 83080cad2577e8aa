//! Operator keys: the list, and a new one.

use bizauth_core::operator::Scope;
use bizauth_core::time::Time;
use bizauth_store::{Leaf, OperatorKeyRecord};

use super::Desk;
use super::sheet::{Field, Part, Sheet, Table, badge, mono, text, when};
use crate::view::kit::{Badge, Fields, Pick, Tone, Turning};

const PATH: &str = "/operator/keys";

/// The list; a new key's value is shown once.
pub fn list(desk: Desk<'_>, keys: &Leaf<OperatorKeyRecord>, now: Time, value: Option<String>) -> Sheet {
    let row = |it: &OperatorKeyRecord| {
        let state = match (it.revoked_at, it.is_alive(now)) {
            (Some(_), _) => Badge::new(Tone::Bad, desk.say("op-key-revoked")),
            (None, false) => Badge::new(Tone::Warn, desk.say("op-key-expired")),
            (None, true) => Badge::new(Tone::Good, desk.say("op-key-alive")),
        };
        let scopes: Vec<&str> = it.scopes.iter().map(|scope| scope.word()).collect();
        let act = desk.act(format!("{PATH}/{}/revoke", it.id), "op-key-revoke", &it.name, true);
        let acts = if it.is_alive(now) { vec![act] } else { Vec::new() };
        vec![
            text(&it.name),
            mono(scopes.join(" ")),
            when(it.made_at),
            when(it.used_at),
            when(it.expires_at),
            badge(state),
            acts,
        ]
    };
    let columns = ["op-name", "op-scopes", "op-since", "op-used", "op-ends", "op-state"].map(|key| desk.say(key));
    let table = Table {
        columns: columns.into_iter().chain([String::new()]).collect(),
        rows: keys.rows.iter().map(row).collect(),
        pager: Turning::alone(PATH).of(keys, |key| key.id.to_string()),
        empty: "op-no-operator-keys",
        empty_link: Some((desk.say("op-key-new"), format!("{PATH}/new"))),
    };
    let secret = value.map(|value| (desk.say("op-key-once"), value));
    let heading = desk.say("nav-keys");
    let mut sheet = Sheet::new(desk.frame, heading).about("op-keys-lead").action("op-key-new", format!("{PATH}/new"));
    sheet.secret = secret;
    let used = (!table.rows.is_empty()).then(|| Part::Text(sheet.frame.say("used-minutes")));
    sheet.card("list", "", [Part::Table(table)].into_iter().chain(used).collect())
}

/// What a scope lets its holder do.
fn means(scope: Scope) -> &'static str {
    match scope {
        Scope::AccountsRead => "op-scope-accounts-read",
        Scope::AccountsWrite => "op-scope-accounts-write",
        Scope::AppsRead => "op-scope-apps-read",
        Scope::AppsWrite => "op-scope-apps-write",
        Scope::AssetsRead => "op-scope-assets-read",
        Scope::AssetsWrite => "op-scope-assets-write",
        Scope::CatalogueRead => "op-scope-catalogue-read",
        Scope::CatalogueWrite => "op-scope-catalogue-write",
        Scope::IpListRead => "op-scope-ip-list-read",
        Scope::IpListWrite => "op-scope-ip-list-write",
        Scope::PlatformRead => "op-scope-platform-read",
        Scope::PlatformWrite => "op-scope-platform-write",
        Scope::AuditRead => "op-scope-audit-read",
    }
}

/// The form of a new key.
pub fn new(desk: Desk<'_>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-keys", PATH);
    let scopes = Scope::ALL.map(|scope| Pick::new(scope.word(), scope.word()).hinted(desk.say(means(scope))));
    let list = vec![
        Field::Line("name", "op-key-name", "text"),
        Field::Checks("scopes", "op-scopes", scopes.to_vec()),
        Field::MayLine("expires", "op-key-expires", "date"),
    ];
    let form = desk.making(format!("{PATH}/new"), fields, list, PATH);
    let heading = desk.say("op-key-new");
    Sheet::new(desk.frame, heading).about("op-key-new-lead").card("form", "op-key", vec![form])
}
