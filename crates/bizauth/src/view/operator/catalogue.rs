//! The catalogue: asset groups with their consent items, a new group, and the page of a group or an item.

use bizauth_core::scope::{Catalogue, Group, Item};

use super::sheet::{Cell, Field, Part, Sheet, Table, badge, link, mono, text};
use super::{Desk, group_name, item_name, switch};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Tone};

const PATH: &str = "/operator/catalogue";

/// The address of a group's page.
pub fn group_path(id: &str) -> String {
    format!("{PATH}/groups/{id}")
}

/// The address of an item's page.
pub fn item_path(id: &str) -> String {
    format!("{PATH}/items/{id}")
}

/// What an item does, as the names of its ticks and the keys of their words.
const MARKS: [(&str, &str); 5] = [
    ("risky", "op-item-risky"),
    ("never_alone", "op-item-never-alone"),
    ("needs_all", "op-item-needs-all"),
    ("shares_email", "op-item-shares-email"),
    ("yields_channels", "op-item-yields-channels"),
];

fn is_set(item: &Item, mark: &str) -> bool {
    match mark {
        "risky" => item.risky,
        "never_alone" => item.never_alone,
        "needs_all" => item.needs_all,
        "shares_email" => item.shares_email,
        _ => item.yields_channels,
    }
}

/// All groups with their items.
pub fn list(desk: Desk<'_>, catalogue: &Catalogue) -> Sheet {
    let groups = catalogue.groups.iter().enumerate().map(|(nth, group)| {
        let name = group_name(&desk.frame, group);
        let mut acts = Vec::new();
        if nth > 0 {
            acts.push(desk.act(format!("{}/raise", group_path(&group.id.0)), "op-raise", &name, false));
        }
        vec![
            link(&name, group_path(&group.id.0)),
            mono(&group.id),
            text(lends(&desk.frame, group)),
            badge(switch(&desk.frame, group.needs_permission)),
            acts,
        ]
    });
    let table = Table {
        columns: vec![
            desk.say("op-group"),
            desk.say("op-id"),
            desk.say("op-lends"),
            desk.say("op-needs-permission-short"),
            String::new(),
        ],
        rows: groups.collect(),
        empty: "op-no-groups",
        ..Table::default()
    };
    let mut cards = vec![("groups".to_owned(), desk.say("op-groups"), vec![Part::Table(table)])];
    for group in &catalogue.groups {
        let id = format!("group-{}", group.id);
        cards.push((id, group_name(&desk.frame, group), items(&desk, catalogue, group)));
    }
    let heading = desk.say("nav-catalogue");
    let mut sheet =
        Sheet::new(desk.frame, heading).about("op-catalogue-lead").action("op-group-new", format!("{PATH}/new"));
    for (id, heading, parts) in cards {
        sheet.cards.push(super::sheet::Card { id, heading: Some(heading), parts });
    }
    sheet
}

fn lends(frame: &Frame, group: &Group) -> String {
    frame.say(match (group.has_assets, group.has_ad_accounts) {
        (false, _) => "op-lends-nothing",
        (true, true) => "op-lends-all",
        (true, false) => "op-lends-channels",
    })
}

fn items(desk: &Desk<'_>, catalogue: &Catalogue, group: &Group) -> Vec<Part> {
    let of = catalogue.items.iter().filter(|item| item.group == group.id).enumerate();
    let row = |(nth, item): (usize, &Item)| {
        let name = item_name(&desk.frame, item);
        let marks = MARKS.iter().filter(|(mark, _)| is_set(item, mark));
        let marks = marks.map(|(mark, key)| {
            let tone = if *mark == "risky" { Tone::Warn } else { Tone::Plain };
            Cell::Badge(Badge::new(tone, desk.frame.part(key, "short")))
        });
        let mut acts = Vec::new();
        if nth > 0 {
            acts.push(desk.act(format!("{}/raise", item_path(&item.id.0)), "op-raise", &name, false));
        }
        vec![link(name, item_path(&item.id.0)), mono(&item.id), marks.collect(), acts]
    };
    let new = format!("{}/new", group_path(&group.id.0));
    let table = Table {
        columns: vec![desk.say("op-item"), desk.say("op-id"), desk.say("op-marks"), String::new()],
        rows: of.map(row).collect(),
        empty: "op-no-items",
        ..Table::default()
    };
    vec![Part::Table(table), Part::Links(vec![(desk.say("op-item-new"), new)])]
}

fn group_fields(desk: &Desk<'_>) -> Vec<Field> {
    let lends = [("all", "op-lends-all"), ("channels", "op-lends-channels"), ("nothing", "op-lends-nothing")];
    vec![
        Field::Line("name_ko", "op-name-ko", "text"),
        Field::Line("name_en", "op-name-en", "text"),
        Field::Radios("lends", "op-lends", lends.map(|(word, key)| Pick::new(word, desk.say(key))).to_vec()),
        Field::Check("needs_permission", "op-needs-permission"),
    ]
}

fn item_fields(desk: &Desk<'_>, number: usize) -> Vec<Field> {
    let names = NAMES[number];
    let picks = MARKS.map(|(mark, key)| Pick::new(mark, desk.say(key)).hinted(desk.frame.part(key, "means")));
    vec![
        Field::Line(names[1], "op-name-ko", "text"),
        Field::Line(names[2], "op-name-en", "text"),
        Field::Line(names[3], "op-about-ko", "text"),
        Field::Line(names[4], "op-about-en", "text"),
        Field::Checks(names[5], "op-marks", picks.to_vec()),
    ]
}

/// The names of the fields of an item: alone, and as the first items of a new group.
pub const NAMES: [[&str; 6]; 4] = [
    ["id", "name_ko", "name_en", "about_ko", "about_en", "marks"],
    ["id_1", "name_ko_1", "name_en_1", "about_ko_1", "about_en_1", "marks_1"],
    ["id_2", "name_ko_2", "name_en_2", "about_ko_2", "about_en_2", "marks_2"],
    ["id_3", "name_ko_3", "name_en_3", "about_ko_3", "about_en_3", "marks_3"],
];

/// A new group with its items: the first must be there, of the others those with an id count.
pub fn new_group(desk: Desk<'_>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-catalogue", PATH);
    let mut list = vec![Field::Id("id", "op-group-id")];
    list.extend(group_fields(&desk));
    for (number, names) in NAMES.iter().enumerate().skip(1) {
        let begun = |name: &&str| !fields.value(name).is_empty() || fields.error(name).is_some();
        let (first, heading) = (number == 1, desk.frame.fill("op-item-nth", "number", number.to_string()));
        list.push(Field::Begin(heading, first || names.iter().any(begun)));
        list.push(Field::Id(names[0], "op-item-id"));
        list.extend(item_fields(&desk, number));
        list.push(Field::End);
    }
    let form = desk.making(format!("{PATH}/new"), fields, list, PATH);
    let heading = desk.say("op-group-new");
    Sheet::new(desk.frame, heading).about("op-group-new-lead").card("form", "op-group-with-items", vec![form])
}

/// One group: its words and flags, its items, and what else is in it.
pub fn group(desk: Desk<'_>, catalogue: &Catalogue, group: &Group, fields: Option<Fields>) -> Sheet {
    let desk = desk.below("nav-catalogue", PATH);
    let lends = match (group.has_assets, group.has_ad_accounts) {
        (false, _) => "nothing",
        (true, true) => "all",
        (true, false) => "channels",
    };
    let mut now = vec![("name_ko", group.name.ko.as_str()), ("name_en", group.name.en.as_str()), ("lends", lends)];
    if group.needs_permission {
        now.push(("needs_permission", "yes"));
    }
    let list = group_fields(&desk).into_iter().map(may_be_empty).collect();
    let form = desk.form(group_path(&group.id.0), fields.unwrap_or_else(|| Fields::typed(now)), list, "op-save");
    let (heading, items) = (group_name(&desk.frame, group), items(&desk, catalogue, group));
    let mut links = Vec::new();
    if group.has_assets {
        links.push((desk.say("op-assets-of"), format!("/operator/assets?group={}", group.id)));
    }
    let built_in = desk.frame.words.group_name(&group.id.0, desk.frame.language).is_some();
    let sheet = with_words(Sheet::new(desk.frame, heading), built_in);
    let mut sheet = sheet.card("group", "op-group", vec![form]).card("items", "nav-catalogue", items);
    sheet.actions = links;
    sheet
}

/// The sheet, which says what empty words mean where there are built-in ones.
fn with_words(sheet: Sheet, built_in: bool) -> Sheet {
    if built_in { sheet.about("op-words-built-in") } else { sheet }
}

/// The words of the platform's own groups and items are built in: they may stay empty.
fn may_be_empty(field: Field) -> Field {
    match field {
        Field::Line(name, key, kind) => Field::MayLine(name, key, kind),
        other => other,
    }
}

/// A new item of a group.
pub fn new_item(desk: Desk<'_>, group: &Group, fields: Fields) -> Sheet {
    let name = group_name(&desk.frame, group);
    let at = group_path(&group.id.0);
    let desk = desk.below("nav-catalogue", PATH).under(name, at.clone());
    let mut list = vec![Field::Id("id", "op-item-id")];
    list.extend(item_fields(&desk, 0));
    let form = desk.making(format!("{at}/new"), fields, list, at);
    let heading = desk.say("op-item-new");
    Sheet::new(desk.frame, heading).about("op-item-new-lead").card("form", "op-item", vec![form])
}

/// One item: its words and flags.
pub fn item(desk: Desk<'_>, group: &Group, item: &Item, fields: Option<Fields>) -> Sheet {
    let name = group_name(&desk.frame, group);
    let desk = desk.below("nav-catalogue", PATH).under(name, group_path(&group.id.0));
    let mut now = vec![
        ("name_ko", item.name.ko.as_str()),
        ("name_en", item.name.en.as_str()),
        ("about_ko", item.about.ko.as_str()),
        ("about_en", item.about.en.as_str()),
    ];
    now.extend(MARKS.iter().filter(|(mark, _)| is_set(item, mark)).map(|(mark, _)| ("marks", *mark)));
    let list = item_fields(&desk, 0).into_iter().map(may_be_empty).collect();
    let form = desk.form(item_path(&item.id.0), fields.unwrap_or_else(|| Fields::typed(now)), list, "op-save");
    let heading = item_name(&desk.frame, item);
    let facts = Part::Facts(vec![(desk.say("op-id"), mono(&item.id))]);
    let built_in = desk.frame.words.item_name(&item.id.0, desk.frame.language).is_some();
    with_words(Sheet::new(desk.frame, heading), built_in).card("item", "op-item", vec![facts, form])
}
