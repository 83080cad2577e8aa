//! The draft of the next version: its services and steps, what lint says, what it changes, and the form that publishes it.

use bizauth_client::{IpChange, IpEntry};
use bizauth_core::ips::{Change, Revised, RuleType};

use super::super::Desk;
use super::super::sheet::{Cell, Danger, Field, Part, Sheet, Table, badge, link, mono, text, when};
use super::{PATH, difference, direction, kind, remarks};
use crate::ip_list::draft::{Judged, Working};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Tone};

/// Where a service of the draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In which list.
    pub rule: RuleType,
    /// The how manieth, from 0.
    pub at: usize,
}

impl Place {
    /// The address of its page.
    pub fn path(self) -> String {
        format!("{PATH}/draft/{}/{}", self.rule, self.at)
    }

    /// The address of the page of one of its steps.
    pub fn step_path(self, change: Change, at: usize) -> String {
        format!("{}/{}/{at}", self.path(), change.as_str())
    }
}

/// The draft as a whole.
pub fn page(desk: Desk<'_>, it: &Working, judged: &Judged, changes: &[Revised], fields: Fields) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH);
    let mut parts = Vec::new();
    let state = match (&it.kept, it.is_overtaken()) {
        (_, true) => Badge::new(Tone::Bad, desk.say("ip-draft-overtaken")),
        (Some(_), _) => Badge::new(Tone::Warn, desk.say("ip-draft-kept")),
        (None, _) => Badge::new(Tone::Plain, desk.say("ip-draft-none")),
    };
    if it.is_overtaken() {
        parts.push(Part::Warn(desk.say("ip-draft-overtaken-text")));
    }
    if let Some(draft) = &it.kept {
        let based = if draft.based_on == 0 { "–".to_owned() } else { draft.based_on.to_string() };
        parts.push(Part::Facts(vec![
            (desk.say("ip-draft-based"), text(based)),
            (desk.say("ip-draft-changed"), when(draft.changed_at)),
            (desk.say("ip-draft-changed-by"), text(&draft.changed_by)),
        ]));
    }
    parts.push(Part::Table(services(&desk, it)));
    parts.push(Part::Links(vec![(desk.say("ip-service-new"), format!("{PATH}/draft/new"))]));
    let mut lint = Vec::new();
    match &judged.list {
        Err(flaws) => {
            lint.push(Part::Warn(desk.say("ip-draft-flawed")));
            let mut services = it.document.inbound.iter().chain(&it.document.outbound).flatten();
            match services.next() {
                None => lint.push(Part::Text(desk.say("ip-draft-empty"))),
                Some(_) => lint.extend(flaws.lines().map(|line| Part::Text(line.to_owned()))),
            }
        }
        Ok(_) if judged.verdict.refusals.is_empty() => lint.push(Part::Good(desk.say("ip-draft-fine"))),
        Ok(_) => lint.push(Part::Warn(desk.say("ip-draft-refused"))),
    }
    let said = judged.verdict.refusals.iter().chain(&judged.verdict.others);
    if judged.list.is_ok() {
        lint.push(Part::Table(remarks::table(&desk, said)));
    }
    let revision = it.revision().to_string();
    let mut publishing = Vec::new();
    if changes.is_empty() && it.newest.is_some() {
        publishing.push(Part::Text(desk.say("ip-draft-same")));
    } else if judged.list.is_ok() && judged.verdict.refusals.is_empty() && !it.is_overtaken() {
        let list = vec![Field::Area("reason", "op-reason"), Field::Check("sure", "ip-sure"), Field::Hidden("revision")];
        let fields = fields.or("revision", &revision);
        publishing.push(desk.form(format!("{PATH}/draft/publish"), fields, list, "ip-publish"));
    } else {
        publishing.push(Part::Text(desk.say("ip-draft-not-yet")));
    }
    if it.kept.is_some() {
        let to = format!("{PATH}/draft/discard");
        let discard = desk.act_with(to, ("ip-discard", true), desk.say("ip-draft"), vec![("revision", revision)]);
        publishing.push(Part::Facts(vec![(desk.say("ip-discard-label"), vec![discard])]));
    }
    let differs = difference(&desk, changes, "ip-no-changes");
    let heading = desk.say("ip-draft");
    let mut sheet = Sheet::new(desk.frame, heading).about("ip-draft-lead").badge(state);
    if judged.list.is_ok() {
        sheet = sheet.action("ip-preview", format!("{PATH}/preview?of=draft"));
    }
    sheet
        .card("services", "ip-services", parts)
        .card("lint", "ip-lint", lint)
        .card("changes", "ip-changes", vec![Part::Table(differs)])
        .card("publish", "ip-publish-title", publishing)
}

fn services(desk: &Desk<'_>, it: &Working) -> Table {
    let lists = [(RuleType::Inbound, &it.document.inbound), (RuleType::Outbound, &it.document.outbound)];
    let mut rows = Vec::new();
    for (rule, entries) in lists {
        for (at, entry) in entries.iter().flatten().enumerate() {
            let steps = entry.addition.len() + entry.exclusion.len();
            let ports: Vec<String> = entry.ports.iter().map(ToString::to_string).collect();
            rows.push(vec![
                link(&entry.service, Place { rule, at }.path()),
                text(direction(&desk.frame, rule)),
                text(ports.join(", ")),
                vec![Cell::Number(entry.ips.len().to_string())],
                vec![Cell::Number(steps.to_string())],
            ]);
        }
    }
    let columns = ["ip-service", "ip-direction", "ip-ports", "ip-networks", "ip-steps"];
    Table { columns: columns.map(|key| desk.say(key)).to_vec(), rows, empty: "ip-no-services", ..Table::default() }
}

/// The fields of a service, as they stand in the draft.
pub fn service_fields(entry: &IpEntry, revision: i64) -> Fields {
    let ports: Vec<String> = entry.ports.iter().map(ToString::to_string).collect();
    Fields::typed([
        ("name", entry.service.clone()),
        ("ports", ports.join(", ")),
        ("ips", entry.ips.join("\n")),
        ("revision", revision.to_string()),
    ])
}

/// A new service of the draft.
pub fn new_service(desk: Desk<'_>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH).below("ip-draft", &format!("{PATH}/draft"));
    let picks = [RuleType::Inbound, RuleType::Outbound];
    let picks = picks.map(|rule| Pick::new(rule.as_str(), direction(&desk.frame, rule))).to_vec();
    let list = vec![
        Field::Radios("list", "ip-direction", picks),
        Field::Line("name", "ip-service-name", "text"),
        Field::Line("ports", "ip-ports-field", "text"),
        Field::MayLines("ips", "ip-networks-field"),
        Field::Hidden("revision"),
    ];
    let form = desk.making(format!("{PATH}/draft/new"), fields, list, format!("{PATH}/draft"));
    let heading = desk.say("ip-service-new");
    Sheet::new(desk.frame, heading).card("form", "ip-service", vec![form])
}

/// A service of the draft, with its steps.
pub fn service(desk: Desk<'_>, place: Place, entry: &IpEntry, fields: Fields) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH).below("ip-draft", &format!("{PATH}/draft"));
    let revision = fields.value("revision").to_owned();
    let list = vec![
        Field::Line("name", "ip-service-name", "text"),
        Field::Line("ports", "ip-ports-field", "text"),
        Field::MayLines("ips", "ip-networks-field"),
        Field::Hidden("revision"),
    ];
    let form = desk.form(place.path(), fields, list, "op-save");
    let mut steps: Vec<(Change, usize, &IpChange)> = Vec::new();
    steps.extend(entry.addition.iter().enumerate().map(|(at, it)| (Change::Addition, at, it)));
    steps.extend(entry.exclusion.iter().enumerate().map(|(at, it)| (Change::Exclusion, at, it)));
    steps.sort_by(|a, b| (&a.2.date, a.0).cmp(&(&b.2.date, b.0)));
    let row = |(change, at, it): &(Change, usize, &IpChange)| {
        let to = format!("{}/remove", place.step_path(*change, *at));
        let what = format!("{} {}", kind(&desk.frame, *change).text, it.date);
        let remove = desk.act_with(to, ("ip-remove", true), what, vec![("revision", revision.clone())]);
        let mut networks: Vec<Cell> = it.ips.iter().take(5).map(|cidr| Cell::Network(cidr.clone())).collect();
        if it.ips.len() > 5 {
            networks.push(Cell::Text(desk.frame.fill("ip-more", "count", (it.ips.len() - 5).to_string())));
        }
        vec![
            link(&it.date, place.step_path(*change, *at)),
            badge(kind(&desk.frame, *change)),
            networks,
            text(if it.note.is_empty() { "–" } else { &it.note }),
            vec![remove],
        ]
    };
    let table = Table {
        columns: ["ip-date", "ip-change", "ip-networks", "ip-note"]
            .map(|key| desk.say(key))
            .into_iter()
            .chain([String::new()])
            .collect(),
        rows: steps.iter().map(row).collect(),
        empty: "ip-no-steps",
        ..Table::default()
    };
    let new = format!("{}/new", place.path());
    let parts = vec![Part::Table(table), Part::Links(vec![(desk.say("ip-step-new"), new)])];
    let to = format!("{}/remove", place.path());
    let danger = Danger {
        key: "ip-service-remove",
        post: desk.post(to),
        fields: Fields::new().for_form("remove"),
        name: entry.service.clone(),
    };
    let heading = format!("{} · {}", entry.service, direction(&desk.frame, place.rule));
    let mut sheet =
        Sheet::new(desk.frame, heading).card("service", "ip-service", vec![form]).card("steps", "ip-steps", parts);
    sheet.dangers.push(danger);
    sheet
}

/// The fields of a step, as they stand in the draft.
pub fn step_fields(change: Change, it: &IpChange, revision: i64) -> Fields {
    Fields::typed([
        ("change", change.as_str().to_owned()),
        ("date", it.date.clone()),
        ("ips", it.ips.join("\n")),
        ("note", it.note.clone()),
        ("announced_by", it.announced_by.clone()),
        ("revision", revision.to_string()),
    ])
}

/// A step of a service: a new one, or one that is there.
pub fn step(desk: Desk<'_>, place: Place, name: &str, at: Option<(Change, usize)>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-ip-list", PATH).below("ip-draft", &format!("{PATH}/draft")).under(name, place.path());
    let picks = [Change::Addition, Change::Exclusion];
    let hint = |frame: &Frame, change| {
        frame.say(if change == Change::Addition { "ip-addition-hint" } else { "ip-exclusion-hint" })
    };
    let picks = picks
        .map(|change| Pick::new(change.as_str(), kind(&desk.frame, change).text).hinted(hint(&desk.frame, change)));
    let list = vec![
        Field::Radios("change", "ip-change", picks.to_vec()),
        Field::Line("date", "ip-date-field", "date"),
        Field::Lines("ips", "ip-networks-field"),
        Field::MayLine("note", "ip-note-field", "text"),
        Field::MayLine("announced_by", "ip-announced-by-field", "text"),
        Field::Hidden("revision"),
    ];
    let to = match at {
        None => format!("{}/new", place.path()),
        Some((change, at)) => place.step_path(change, at),
    };
    let facts = Part::Facts(vec![(desk.say("ip-service"), mono(name))]);
    let form = desk.making(to, fields, list, place.path());
    let heading = desk.say(if at.is_some() { "ip-step" } else { "ip-step-new" });
    Sheet::new(desk.frame, heading).card("form", "ip-step", vec![facts, form])
}
