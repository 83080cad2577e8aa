//! Assets: the list of a group, a new one, and one of them with those who hold it.

use bizauth_core::asset::AssetKind;
use bizauth_core::id::UserId;
use bizauth_core::scope::{Catalogue, Group};
use bizauth_store::{AssetRecord, HoldingRecord, Leaf};

use super::sheet::{Danger, Field, Part, Search, Sheet, Table, badge, link, mono, text};
use super::{Desk, group_name, listed, pager, switch};
use crate::view::Frame;
use crate::view::kit::{Fields, Pick, Section};
use crate::view::words::ROLES;

const PATH: &str = "/operator/assets";

/// The address of one asset's page.
pub fn path(it: &AssetRecord) -> String {
    format!("{PATH}/{}/{}", it.group, it.id)
}

fn kind(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::AdAccount => "op-ad-account",
        AssetKind::Channel => "op-channel",
    }
}

/// The list of a group.
pub fn list(desk: Desk<'_>, catalogue: &Catalogue, group: &Group, sought: &str, leaf: Leaf<AssetRecord>) -> Sheet {
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.id.0.clone(), b.id.0.clone()));
    let row = |it: &AssetRecord| vec![link(&it.name, path(it)), mono(&it.id), text(desk.say(kind(it.kind)))];
    let new = format!("{PATH}/new?group={}", group.id);
    let base = listed(PATH, &[("group", &group.id.0), ("q", sought)]);
    let table = Table {
        columns: ["op-name", "op-id", "op-kind"].map(|key| desk.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: pager(&base, ends, leaf.before, leaf.after),
        empty: if sought.is_empty() { "op-no-assets" } else { "op-none-found" },
        empty_link: sought.is_empty().then(|| (desk.say("op-asset-new"), new.clone())),
    };
    let groups = catalogue.groups.iter().filter(|each| each.has_assets);
    let filters = groups.map(|each| {
        Section::new(group_name(&desk.frame, each), format!("{PATH}?group={}", each.id), each.id == group.id)
    });
    let filters = filters.collect();
    let hidden = vec![("group", group.id.0.clone())];
    let search = Search { action: PATH.to_owned(), value: sought.to_owned(), label: "op-search-assets", hidden };
    let heading = desk.say("nav-assets");
    let mut sheet = Sheet::new(desk.frame, heading)
        .about("op-assets-lead")
        .action("op-asset-new", new)
        .action("op-import", format!("{PATH}/import"));
    (sheet.search, sheet.filters) = (Some(search), filters);
    sheet.card("list", "", vec![Part::Table(table)])
}

/// The form of a new asset.
pub fn new(desk: Desk<'_>, catalogue: &Catalogue, fields: Fields) -> Sheet {
    let desk = desk.below("nav-assets", PATH);
    let groups = catalogue.groups.iter().filter(|each| each.has_assets);
    let groups = groups.map(|each| Pick::new(each.id.0.as_str(), group_name(&desk.frame, each))).collect();
    let kinds = [AssetKind::AdAccount, AssetKind::Channel].map(|each| Pick::new(each.word(), desk.say(kind(each))));
    let list = vec![
        Field::Select("group", "op-group", groups),
        Field::Id("id", "op-asset-id"),
        Field::Line("name", "op-asset-name", "text"),
        Field::Radios("kind", "op-kind", kinds.to_vec()),
    ];
    let form = desk.making(format!("{PATH}/new"), fields, list, PATH);
    let heading = desk.say("op-asset-new");
    Sheet::new(desk.frame, heading).about("op-asset-new-lead").card("form", "op-asset", vec![form])
}

/// One asset with those who hold it.
pub fn one(
    desk: Desk<'_>,
    it: &AssetRecord,
    group: &Group,
    holders: Leaf<(UserId, HoldingRecord)>,
    refused: Option<(&'static str, Fields)>,
) -> Sheet {
    let name = group_name(&desk.frame, group);
    let desk = desk.below("nav-assets", PATH).under(name.clone(), format!("{PATH}?group={}", it.group));
    let at = path(it);
    let form = |name: &'static str, fresh: Fields| match &refused {
        Some((refused, fields)) if *refused == name => fields.clone().for_form(name),
        _ => fresh.for_form(name),
    };
    let facts = vec![
        (desk.say("op-group"), text(name)),
        (desk.say("op-id"), mono(&it.id)),
        (desk.say("op-kind"), text(desk.say(kind(it.kind)))),
    ];
    let rename = desk.form(
        format!("{at}/rename"),
        form("rename", Fields::typed([("name", it.name.clone())])),
        vec![Field::Line("name", "op-asset-name", "text")],
        "op-save",
    );
    let ends = holders.rows.first().zip(holders.rows.last()).map(|(a, b)| (a.0.to_string(), b.0.to_string()));
    let row = |(id, held): &(UserId, HoldingRecord)| {
        let role = desk.frame.words.role(&held.holding.role, desk.frame.language);
        let along = vec![("account", id.to_string())];
        vec![
            link(&held.email, super::accounts::path(*id)),
            text(role),
            badge(switch(&desk.frame, held.holding.lendable)),
            vec![desk.act_with(format!("{at}/lose"), ("op-lose", true), &held.email, along)],
        ]
    };
    let table = Table {
        columns: vec![desk.say("op-email"), desk.say("op-role"), desk.say("op-lendable"), String::new()],
        rows: holders.rows.iter().map(row).collect(),
        pager: pager(&at, ends, holders.before, holders.after),
        empty: "op-no-holders",
        empty_link: None,
    };
    let holding = form("hold", Fields::typed([("role", "owner"), ("lendable", "yes")]));
    let roles = roles(&desk.frame, holders.rows.iter().map(|(_, held)| &*held.holding.role), holding.value("role"));
    let hold = desk.form(
        format!("{at}/hold"),
        holding,
        vec![
            Field::Line("email", "op-email", "email"),
            Field::Select("role", "op-role-field", roles),
            Field::Check("lendable", "op-lendable-field"),
        ],
        "op-hold",
    );
    let danger = Danger {
        key: "op-asset-remove",
        post: desk.post(format!("{at}/remove")),
        fields: form("remove", Fields::new()),
        name: it.id.0.clone(),
    };
    let audit = listed("/operator/audit", &[("kind", "asset"), ("id", &format!("{}:{}", it.group, it.id))]);
    let mut sheet = Sheet::new(desk.frame, it.name.clone()).action("op-audit-of", audit);
    sheet.dangers.push(danger);
    sheet
        .card("facts", "op-asset", vec![Part::Facts(facts), rename])
        .card("holders", "op-holders", vec![Part::Table(table)])
        .card("hold", "op-hold-title", vec![hold])
}

/// The roles to choose from: those that there are words for, and those of a file or a directory that are here already.
fn roles<'a>(frame: &Frame, here: impl Iterator<Item = &'a str>, typed: &'a str) -> Vec<Pick> {
    let mut all: Vec<&'a str> = ROLES.to_vec();
    for role in here.chain([typed]) {
        if !role.is_empty() && !all.contains(&role) {
            all.push(role);
        }
    }
    all.into_iter().map(|role| Pick::new(role, frame.words.role(role, frame.language))).collect()
}
