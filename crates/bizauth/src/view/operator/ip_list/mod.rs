//! The IP list: what is in force, what is announced, its versions, a day's preview. The draft is in `draft.rs`, who is told
//! in `webhooks.rs`, what lint says in `remarks.rs`.

pub mod draft;
mod remarks;
#[cfg(test)]
pub mod sample;
pub mod webhooks;

use bizauth_core::ips::{Change, Cidr, IpList, Revised, Revision, RuleType, Service, Step, Why};
use bizauth_store::{Draft, Leaf, Published, Version};
use jiff::civil::Date;

use super::sheet::{Cell, Field, Form, Part, Sheet, Table, badge, link, text, when};
use super::{Desk, pager};
use crate::ip_list::hex;
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Post, Tone};

/// Where the pages begin.
pub const PATH: &str = "/operator/ip-list";
/// So many entries of a service are shown; the exports have all.
const SHOWN: usize = 100;

/// The address of a version's page.
pub fn version_path(serial: i64) -> String {
    format!("{PATH}/versions/{serial}")
}

/// What there is.
pub struct Seen {
    /// The newest version, if there is one.
    pub published: Option<Published>,
    /// What the records say of the draft.
    pub draft: Option<Draft>,
    /// The versions.
    pub versions: Leaf<Version>,
    /// What day it is.
    pub today: Date,
}

/// The list in force today, what is announced, and every version.
pub fn home(desk: Desk<'_>, seen: &Seen) -> Sheet {
    let heading = desk.say("nav-ip-list");
    let mut facts = Vec::new();
    let mut cards = Vec::new();
    if let Some(published) = &seen.published {
        let next = published.list.next_change(seen.today);
        let serial = link(published.serial.to_string(), version_path(published.serial));
        facts.push((desk.say("ip-serial"), serial));
        facts.push((desk.say("ip-published"), when(published.version.published_at)));
        facts.push((desk.say("ip-next"), text(next.map_or_else(|| desk.say("ip-none"), |day| day.to_string()))));
        cards.push(("services", "ip-in-force", vec![Part::Table(services(&desk, &published.list, seen.today))]));
        cards.push(("announced", "ip-announced", vec![Part::Table(announced(&desk, &published.list, seen.today))]));
    }
    if let Some(draft) = &seen.draft {
        let by = desk.frame.fill("ip-draft-by", "name", draft.changed_by.as_str());
        facts.push((desk.say("ip-draft"), link(by, format!("{PATH}/draft"))));
    }
    let ends = seen.versions.rows.first().zip(seen.versions.rows.last());
    let ends = ends.map(|(a, b)| (a.serial.to_string(), b.serial.to_string()));
    let row = |it: &Version| {
        vec![
            link(it.serial.to_string(), version_path(it.serial)),
            when(it.published_at),
            text(if it.author.is_empty() { "–" } else { &it.author }),
            text(if it.reason.is_empty() { "–" } else { &it.reason }),
        ]
    };
    let versions = Table {
        columns: ["ip-serial", "ip-published", "ip-author", "op-reason"].map(|key| desk.say(key)).to_vec(),
        rows: seen.versions.rows.iter().map(row).collect(),
        pager: pager(PATH, ends, seen.versions.before, seen.versions.after),
        empty: "ip-no-versions",
        empty_link: Some((desk.say("ip-draft-open"), format!("{PATH}/draft"))),
    };
    let mut sheet = Sheet::new(desk.frame, heading).about("ip-lead").action("ip-draft-open", format!("{PATH}/draft"));
    if seen.published.is_some() {
        sheet = sheet.action("ip-preview", format!("{PATH}/preview"));
    }
    sheet = sheet.action("ip-webhooks", format!("{PATH}/webhooks"));
    if !facts.is_empty() {
        sheet = sheet.card("facts", "ip-list", vec![Part::Facts(facts)]);
    }
    for (id, key, parts) in cards {
        sheet = sheet.card(id, key, parts);
    }
    sheet.card("versions", "ip-versions", vec![Part::Table(versions)])
}

/// The name of one of the two lists.
pub(super) fn direction(frame: &Frame, rule: RuleType) -> String {
    frame.say(match rule {
        RuleType::Inbound => "ip-inbound",
        RuleType::Outbound => "ip-outbound",
    })
}

/// Whether addresses come or go.
pub(super) fn kind(frame: &Frame, change: Change) -> Badge {
    match change {
        Change::Addition => Badge::new(Tone::Good, frame.say("ip-addition")),
        Change::Exclusion => Badge::new(Tone::Warn, frame.say("ip-exclusion")),
    }
}

fn ports(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Entries as published, as many as a page holds.
fn entries(frame: &Frame, ips: &[Cidr]) -> Vec<Cell> {
    let (shown, more) = shown(frame, ips);
    shown.into_iter().map(Cell::Network).chain(more.map(Cell::Text)).collect()
}

/// The same as words, and how many more there are.
fn shown(frame: &Frame, ips: &[Cidr]) -> (Vec<String>, Option<String>) {
    let more = (ips.len() > SHOWN).then(|| frame.fill("ip-more", "count", (ips.len() - SHOWN).to_string()));
    (ips.iter().take(SHOWN).map(ToString::to_string).collect(), more)
}

fn services(desk: &Desk<'_>, list: &IpList, day: Date) -> Table {
    let row = |(rule, it): (RuleType, &Service)| {
        let now = it.on(day);
        vec![
            text(&it.name),
            text(direction(&desk.frame, rule)),
            text(ports(&it.ports)),
            entries(&desk.frame, &now.ips),
            text(now.updated.to_string()),
        ]
    };
    Table {
        columns: ["ip-service", "ip-direction", "ip-ports", "ip-networks", "ip-updated"]
            .map(|key| desk.say(key))
            .to_vec(),
        rows: list.services().map(row).collect(),
        empty: "ip-no-services",
        ..Table::default()
    }
}

fn announced(desk: &Desk<'_>, list: &IpList, day: Date) -> Table {
    let pending = |(_, it): (RuleType, &Service)| -> Vec<(String, Step)> {
        it.on(day).steps.into_iter().map(|step| (it.name.clone(), step)).collect()
    };
    let mut steps: Vec<(String, Step)> = list.services().flat_map(pending).collect();
    steps.sort_by_key(|(_, step)| (step.date, step.change));
    let row = |(name, it): (String, Step)| {
        vec![
            text(it.date.to_string()),
            text(name),
            badge(kind(&desk.frame, it.change)),
            entries(&desk.frame, &it.ips),
            text(if it.note.is_empty() { "–".to_owned() } else { it.note }),
            text(if it.announced_by.is_empty() { "–".to_owned() } else { it.announced_by }),
        ]
    };
    let columns = ["ip-date", "ip-service", "ip-change", "ip-networks", "ip-note", "ip-announced-by"];
    Table {
        columns: columns.map(|key| desk.say(key)).to_vec(),
        rows: steps.into_iter().map(row).collect(),
        empty: "ip-nothing-announced",
        ..Table::default()
    }
}

/// One version, with what it changed in the one before.
pub fn version(desk: Desk<'_>, published: &Published, changes: &[Revised], day: Date) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH);
    let (it, frame) = (&published.version, &desk.frame);
    let content = it.content.map(|content| hex(&content.0));
    let facts = vec![
        (desk.say("ip-published"), when(it.published_at)),
        (desk.say("ip-author"), text(if it.author.is_empty() { "–" } else { &it.author })),
        (desk.say("op-reason"), text(if it.reason.is_empty() { "–" } else { &it.reason })),
        (
            desk.say("ip-content"),
            content.map_or_else(|| text("–"), |content| vec![Cell::Copy("content".to_owned(), content)]),
        ),
    ];
    let heading = frame.fill("ip-version", "serial", it.serial.to_string());
    let differs = difference(&desk, changes, "ip-no-changes");
    let (services, announced) = (services(&desk, &published.list, day), announced(&desk, &published.list, day));
    let preview = format!("{PATH}/preview?serial={}", it.serial);
    Sheet::new(desk.frame, heading)
        .action("ip-preview", preview)
        .card("facts", "ip-list", vec![Part::Facts(facts)])
        .card("changes", "ip-changes", vec![Part::Table(differs)])
        .card("services", "ip-services", vec![Part::Table(services)])
        .card("announced", "ip-announced", vec![Part::Table(announced)])
}

/// What one version changes in another.
pub(super) fn difference(desk: &Desk<'_>, changes: &[Revised], empty: &'static str) -> Table {
    let frame = &desk.frame;
    let row = |it: &Revised| {
        let mut cells = Vec::new();
        match it.revision {
            Revision::Come => cells.push(Cell::Badge(Badge::new(Tone::Good, frame.say("ip-service-come")))),
            Revision::Gone => cells.push(Cell::Badge(Badge::new(Tone::Bad, frame.say("ip-service-gone")))),
            Revision::Changed => {}
        }
        if let Some((before, after)) = it.ports.as_ref().filter(|_| it.revision != Revision::Gone) {
            cells.push(Cell::Change(frame.say("ip-ports"), ports(before), ports(after)));
        }
        let line = |badge, ips: &[Cidr], note: &str| {
            let (shown, more) = shown(frame, ips);
            let said: Vec<String> = more.into_iter().chain([note.to_owned()]).filter(|it| !it.is_empty()).collect();
            Cell::Line(badge, shown, said.join(" · "))
        };
        let mut listed = |tone, key: &str, ips: &[Cidr]| {
            if !ips.is_empty() {
                cells.push(line(Badge::new(tone, frame.say(key)), ips, ""));
            }
        };
        listed(Tone::Bad, "ip-gone", &it.gone);
        listed(Tone::Good, "ip-come", &it.come);
        for (key, steps) in [("ip-step-withdrawn", &it.withdrawn), ("ip-step-announced", &it.announced)] {
            for step in steps {
                let day = (&("date", step.date.to_string()), kind(frame, step.change).text);
                let badge = Badge::new(Tone::Warn, frame.fill2(key, day.0, &("change", day.1)));
                cells.push(line(badge, &step.ips, &step.note));
            }
        }
        vec![text(&it.service), text(direction(frame, it.rule)), cells]
    };
    Table {
        columns: ["ip-service", "ip-direction", "ip-what"].map(|key| desk.say(key)).to_vec(),
        rows: changes.iter().map(row).collect(),
        empty,
        ..Table::default()
    }
}

/// Of what a preview is.
pub struct Preview<'p> {
    /// The list.
    pub list: &'p IpList,
    /// The day.
    pub day: Date,
    /// What goes along when another day is asked for.
    pub of: Option<(&'static str, String)>,
    /// The serial of the version, if it is one.
    pub serial: Option<i64>,
    /// What was typed.
    pub fields: Fields,
}

/// The list on a day, each entry with its reason.
pub fn preview(desk: Desk<'_>, it: Preview<'_>) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH);
    let mut list = vec![Field::Line("at", "ip-day", "date")];
    let mut fields = it.fields;
    if let Some((name, _)) = &it.of {
        list.push(Field::Hidden(name));
    }
    if fields.value("at").is_empty() {
        let mut typed = vec![("at", it.day.to_string())];
        typed.extend(it.of.clone());
        fields = Fields::typed(typed);
    }
    let post = Post::new(format!("{PATH}/preview"), String::new());
    let find = Part::Find(Form { post, fields, list, button: "ip-show", cancel: String::new(), grave: false });
    let mut sheet_cards = Vec::new();
    for (at, (rule, service)) in it.list.services().enumerate() {
        let row = |entry: bizauth_core::ips::Reasoned| {
            let until = entry.until.map_or_else(|| "–".to_owned(), |day| day.to_string());
            vec![
                vec![Cell::Network(entry.cidr.to_string())],
                vec![Cell::Network(entry.cidr.network().to_string())],
                text(reason(&desk.frame, service, &entry.why)),
                text(until),
            ]
        };
        let reasons = service.reasons(it.day);
        let more = reasons.len().saturating_sub(SHOWN);
        let table = Table {
            columns: ["ip-network", "ip-canonical", "ip-reason", "ip-until"].map(|key| desk.say(key)).to_vec(),
            rows: reasons.into_iter().take(SHOWN).map(row).collect(),
            empty: "ip-no-networks",
            ..Table::default()
        };
        let mut parts = vec![Part::Table(table)];
        if more > 0 {
            parts.push(Part::Text(desk.frame.fill("ip-more", "count", more.to_string())));
        }
        let heading = format!("{} · {}", service.name, direction(&desk.frame, rule));
        sheet_cards.push(super::sheet::Card { id: format!("service-{at}"), heading: Some(heading), parts });
    }
    let heading = match it.serial {
        Some(serial) => {
            desk.frame.fill2("ip-preview-of", &("serial", serial.to_string()), &("date", it.day.to_string()))
        }
        None => desk.frame.fill("ip-preview-draft", "date", it.day.to_string()),
    };
    let announced = announced(&desk, it.list, it.day);
    let mut sheet = Sheet::new(desk.frame, heading).card("day", "ip-day-title", vec![find]);
    sheet.cards.extend(sheet_cards);
    sheet.card("announced", "ip-announced", vec![Part::Table(announced)])
}

fn reason(frame: &Frame, service: &Service, why: &Why) -> String {
    let with_note = |said: String, at: usize| match service.steps[at].note.as_str() {
        "" => said,
        note => format!("{said} ({note})"),
    };
    match why {
        Why::Listed => frame.say("ip-why-listed"),
        Why::Added(at) => with_note(frame.fill("ip-why-added", "date", service.steps[*at].date.to_string()), *at),
        Why::Rest { of, step } => {
            let date = ("date", service.steps[*step].date.to_string());
            with_note(frame.fill2("ip-why-rest", &("network", of.to_string()), &date), *step)
        }
    }
}
