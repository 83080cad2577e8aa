//! Apps: the list, and all about one of them.

use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;
use bizauth_core::scope::{Catalogue, Group, GroupId};
use bizauth_store::{AliveTokens, AppRecord, KeyRecord, Leaf, MemberRecord};

use super::accounts::kind;
use super::sheet::{Cell, Danger, Field, Part, Search, Sheet, Table, badge, link, text, when};
use super::{Desk, group_name, listed, pager, switch};
use crate::view::Frame;
use crate::view::console::{key_badge, key_name, kind_key};
use crate::view::kit::{Badge, Fields, Pick, Section, Tone, Turning};

const PATH: &str = "/operator/apps";

/// The address of one app's page.
pub fn path(id: AppId) -> String {
    format!("{PATH}/{id}")
}

fn standing(frame: &Frame, it: &AppRecord) -> Badge {
    match it.app.sanctioned {
        true => Badge::new(Tone::Bad, frame.say("op-sanctioned")),
        false => Badge::new(Tone::Good, frame.say("op-works")),
    }
}

/// The list.
pub fn list(desk: Desk<'_>, sought: &str, sanctioned: bool, leaf: Leaf<AppRecord>) -> Sheet {
    let frame = &desk.frame;
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.app.id.to_string(), b.app.id.to_string()));
    let row = |it: &AppRecord| {
        let app = &it.app;
        vec![
            link(&app.name, path(app.id)),
            text(&app.company),
            text(frame.say(kind(app.kind))),
            badge(standing(frame, it)),
            when(it.created_at),
        ]
    };
    let table = Table {
        columns: ["op-app", "op-company", "op-kind", "op-state", "op-since"].map(|key| frame.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: match sanctioned {
            true => pager(&listed(PATH, &[("show", "sanctioned")]), ends, leaf.before, leaf.after),
            false => pager(&listed(PATH, &[("q", sought)]), ends, leaf.before, leaf.after),
        },
        empty: match (sanctioned, sought.is_empty()) {
            (true, _) => "op-none-sanctioned",
            (false, true) => "op-no-apps",
            (false, false) => "op-none-found",
        },
        empty_link: None,
    };
    let search =
        Search { action: PATH.to_owned(), value: sought.to_owned(), label: "op-search-apps", hidden: Vec::new() };
    let filters = vec![
        Section::new(desk.say("op-show-all"), PATH, !sanctioned),
        Section::new(desk.say("op-show-sanctioned"), listed(PATH, &[("show", "sanctioned")]), sanctioned),
    ];
    let heading = desk.say("nav-apps");
    let mut sheet = Sheet::new(desk.frame, heading).about("op-apps-lead");
    (sheet.search, sheet.filters) = (Some(search), filters);
    sheet.card("list", "", vec![Part::Table(table)])
}

/// All that the page of one app shows.
pub struct AppSeen {
    /// The app.
    pub record: AppRecord,
    /// Its members.
    pub members: Leaf<MemberRecord>,
    /// Its keys.
    pub keys: Vec<KeyRecord>,
    /// The groups it has the feature permission of.
    pub permissions: Vec<GroupId>,
    /// All groups.
    pub catalogue: Catalogue,
    /// How many of its newest tokens are alive.
    pub tokens: AliveTokens,
    /// How many tokens are looked at at most.
    pub most: i64,
    /// The form that was refused, by its name.
    pub refused: Option<(&'static str, Fields)>,
}

/// One app.
pub fn one(desk: Desk<'_>, it: AppSeen) -> Sheet {
    let desk = desk.below("nav-apps", PATH);
    let (app, frame, at) = (&it.record.app, &desk.frame, path(it.record.app.id));
    let form = |name: &'static str, fresh: Fields| match &it.refused {
        Some((refused, fields)) if *refused == name => fields.clone().for_form(name),
        _ => fresh.for_form(name),
    };
    let number = |n: i64| usize::try_from(n).unwrap_or(0);
    let tokens = match it.tokens.seen < it.most {
        true => frame.fill("op-tokens-all", "n", number(it.tokens.alive)),
        false => frame.fill2("op-tokens-newest", &("n", number(it.tokens.alive)), &("of", number(it.tokens.seen))),
    };
    let mut facts = vec![
        (desk.say("op-id"), vec![Cell::Copy("app-id".to_owned(), app.id.to_string())]),
        (desk.say("op-company"), text(if app.company.is_empty() { "–" } else { &app.company })),
        (desk.say("op-kind"), text(desk.say(kind(app.kind)))),
        (desk.say("op-since"), when(it.record.created_at)),
        (desk.say("op-tokens"), text(tokens)),
    ];
    if let Some(parent) = it.record.parent {
        facts.insert(3, (desk.say("op-parent"), link(parent.to_string(), path(parent))));
    }
    let mut kinds = Vec::new();
    if app.kind == AppKind::Test {
        kinds.push(Part::Text(desk.say("op-kind-test-text")));
    } else {
        let picks = [(AppKind::Basic, "op-kind-basic-text"), (AppKind::Biz, "op-kind-biz-text")];
        let picks = picks.map(|(each, hint)| Pick::new(each.word(), desk.say(kind(each))).hinted(desk.say(hint)));
        let mut list = vec![Field::Radios("kind", "op-kind", picks.to_vec()), Field::MayArea("reason", "op-reason")];
        if app.kind == AppKind::Biz {
            list.push(Field::Check("sure", "op-sure-basic"));
        }
        kinds.push(desk.form(
            format!("{at}/kind"),
            form("kind", Fields::typed([("kind", app.kind.word())])),
            list,
            "op-save",
        ));
    }
    // What a member's or the parent's sanction brings along cannot be lifted here, but what is said here is so.
    let reason = vec![Field::Area("reason", "op-reason")];
    let sanction = match app.sanctioned {
        true => vec![
            Part::Warn(desk.say("op-app-sanctioned-text")),
            desk.form(format!("{at}/lift"), form("sanction", Fields::new()), reason, "op-sanction-lift"),
        ],
        false => vec![
            Part::Text(desk.say("op-app-sanction-text")),
            desk.form(
                format!("{at}/sanction"),
                form("sanction", Fields::new()),
                vec![Field::Area("reason", "op-reason"), Field::Check("sure", "op-sure-sanction")],
                "op-sanction-begin",
            )
            .grave_if(true),
        ],
    };
    let quota = app.daily_quota.map(|most| most.to_string()).unwrap_or_default();
    let quota = desk.form(
        format!("{at}/quota"),
        form("quota", Fields::typed([("quota", quota)])),
        vec![Field::MayLine("quota", "op-quota", "number")],
        "op-save",
    );
    let cards = [
        ("facts", "op-account-facts", vec![Part::Facts(facts)]),
        ("members", "op-members", vec![members(&desk, &at, &it.members)]),
        ("kind", "op-kind", kinds),
        (
            "permissions",
            "op-permissions",
            vec![Part::Text(desk.say("op-permissions-text")), permissions(&desk, &at, &it)],
        ),
        ("quota", "op-quota-title", vec![quota]),
        ("keys", "op-keys", vec![keys(&desk, &it.keys)]),
        ("sanction", "op-sanction", sanction),
    ];
    let danger = Danger {
        key: "op-app-delete",
        post: desk.post(format!("{at}/delete")),
        fields: form("delete", Fields::new()),
        name: app.name.clone(),
    };
    let (heading, standing) = (app.name.clone(), standing(frame, &it.record));
    let audit = listed("/operator/audit", &[("kind", "app"), ("id", &app.id.to_string())]);
    let mut sheet = Sheet::new(desk.frame, heading).action("op-audit-of", audit).badge(standing);
    sheet.dangers.push(danger);
    cards.into_iter().fold(sheet, |sheet, (id, key, parts)| sheet.card(id, key, parts))
}

fn members(desk: &Desk<'_>, at: &str, leaf: &Leaf<MemberRecord>) -> Part {
    let row = |it: &MemberRecord| {
        let role = desk.say(if it.role == "owner" { "op-role-owner" } else { "op-role-editor" });
        vec![link(&it.email, super::accounts::path(it.user)), text(role)]
    };
    Part::Table(Table {
        columns: ["op-email", "op-role"].map(|key| desk.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: Turning { anchor: "members", ..Turning::alone(at) }.of(leaf, |member| member.user.to_string()),
        empty: "op-no-members",
        ..Table::default()
    })
}

fn permissions(desk: &Desk<'_>, at: &str, it: &AppSeen) -> Part {
    let row = |group: &Group| {
        let (granted, name) = (it.permissions.contains(&group.id), group_name(&desk.frame, group));
        let (key, to) = if granted { ("op-take", "take") } else { ("op-grant", "grant") };
        let along = vec![("group", group.id.0.clone())];
        let act = desk.act_with(format!("{at}/{to}"), (key, granted), &name, along);
        vec![text(name), badge(switch(&desk.frame, granted)), vec![act]]
    };
    let groups =
        it.catalogue.groups.iter().filter(|group| group.needs_permission || it.permissions.contains(&group.id));
    Part::Table(Table {
        columns: vec![desk.say("op-group"), desk.say("op-granted"), String::new()],
        rows: groups.map(row).collect(),
        empty: "op-no-permissions",
        ..Table::default()
    })
}

fn keys(desk: &Desk<'_>, list: &[KeyRecord]) -> Part {
    let row = |it: &KeyRecord| {
        // The value of an admin key is not known to anyone but its holder.
        let value = it.value.clone().map_or_else(
            || text(desk.say("op-key-hidden")),
            |value| vec![Cell::Copy(format!("key-{}", it.key.id), value)],
        );
        vec![
            text(key_name(&desk.frame, &it.name)),
            text(desk.say(kind_key(it.key.kind))),
            value,
            badge(key_badge(&desk.frame, it.key.disabled)),
        ]
    };
    Part::Table(Table {
        columns: ["op-name", "op-kind", "op-key-value", "op-state"].map(|key| desk.say(key)).to_vec(),
        rows: list.iter().map(row).collect(),
        empty: "op-no-keys",
        ..Table::default()
    })
}
