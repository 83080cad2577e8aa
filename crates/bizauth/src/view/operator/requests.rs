//! What apps ask for: what waits, what was decided, and the page on which one of them is.

use bizauth_core::id::RequestId;
use bizauth_core::scope::Catalogue;
use bizauth_store::{Leaf, RequestSeen};

use super::sheet::{Field, Part, Sheet, Table, badge, link, text, when};
use super::{Desk, group_name, pager};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Section, Tone};

const PATH: &str = "/operator/requests";

/// The address of one request's page.
pub fn path(id: RequestId) -> String {
    format!("{PATH}/{id}")
}

/// What is asked for.
fn wish(frame: &Frame, catalogue: &Catalogue, it: &RequestSeen) -> String {
    match &it.group {
        None => frame.say("op-wish-biz"),
        Some(id) => {
            let name = catalogue.group(&id.0).map_or_else(|| id.0.clone(), |group| group_name(frame, group));
            frame.fill("op-wish-group", "group", name)
        }
    }
}

/// How a request stands.
pub fn state(frame: &Frame, state: &str) -> Badge {
    match state {
        "open" => Badge::new(Tone::Warn, frame.say("op-request-open")),
        "granted" => Badge::new(Tone::Good, frame.say("op-request-granted")),
        "refused" => Badge::new(Tone::Bad, frame.say("op-request-refused")),
        _ => Badge::new(Tone::Plain, frame.say("op-request-withdrawn")),
    }
}

/// What waits, or what is over.
pub fn list(desk: Desk<'_>, over: bool, catalogue: &Catalogue, leaf: Leaf<RequestSeen>) -> Sheet {
    let frame = &desk.frame;
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.id.to_string(), b.id.to_string()));
    let row = |it: &RequestSeen| {
        vec![
            link(wish(frame, catalogue, it), path(it.id)),
            link(&it.app_name, super::apps::path(it.app)),
            when(it.asked_at),
            badge(state(frame, &it.state)),
        ]
    };
    let base = if over { format!("{PATH}?over=yes") } else { PATH.to_owned() };
    let table = Table {
        columns: ["op-wish", "op-app", "op-asked", "op-state"].map(|key| frame.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: pager(&base, ends, leaf.before, leaf.after),
        empty: if over { "op-no-decided" } else { "op-no-requests" },
        empty_link: None,
    };
    let filters = vec![
        Section::new(frame.say("op-requests-open"), PATH, !over),
        Section::new(frame.say("op-requests-over"), format!("{PATH}?over=yes"), over),
    ];
    let heading = desk.say("nav-requests");
    let mut sheet = Sheet::new(desk.frame, heading).about("op-requests-lead");
    sheet.filters = filters;
    sheet.card("list", "", vec![Part::Table(table)])
}

/// One request, with the form that decides it while it is open.
pub fn one(desk: Desk<'_>, it: &RequestSeen, catalogue: &Catalogue, fields: Fields) -> Sheet {
    let desk = desk.below("nav-requests", PATH);
    let frame = &desk.frame;
    let asker = if it.email.is_empty() { text("–") } else { link(&it.email, super::accounts::path(it.asked_by)) };
    let mut facts = vec![
        (desk.say("op-app"), link(&it.app_name, super::apps::path(it.app))),
        (desk.say("op-company"), text(if it.company.is_empty() { "–" } else { &it.company })),
        (desk.say("op-kind"), text(desk.say(super::accounts::kind(it.kind)))),
        (desk.say("op-asked-by"), asker),
        (desk.say("op-asked"), when(it.asked_at)),
        (desk.say("op-why"), text(&it.reason)),
    ];
    let open = it.state == "open";
    if !open {
        facts.push((desk.say("op-decided"), when(it.decided_at)));
        facts.push((desk.say("op-decided-by"), text(it.decided_by.as_deref().unwrap_or("–"))));
        facts.push((desk.say("op-answer"), text(if it.answer.is_empty() { "–" } else { &it.answer })));
    }
    let picks = vec![
        Pick::new("grant", desk.say("op-grant")).hinted(desk.say("op-grant-hint")),
        Pick::new("refuse", desk.say("op-refuse")).hinted(desk.say("op-refuse-hint")),
    ];
    let decide = vec![Field::Radios("decision", "op-decision", picks), Field::MayArea("answer", "op-answer-field")];
    let form = open.then(|| desk.form(format!("{}/decide", path(it.id)), fields.clone(), decide, "op-decide"));
    // Whoever was too late is told so on the page that has no form any more.
    let late = fields.error("decision").filter(|_| !open).map(str::to_owned);
    let (heading, state) = (wish(frame, catalogue, it), state(frame, &it.state));
    let mut sheet = Sheet::new(desk.frame, heading).badge(state);
    if let Some(sentence) = late {
        sheet = sheet.card("late", "", vec![Part::Warn(sentence)]);
    }
    sheet = sheet.card("facts", "op-request", vec![Part::Facts(facts)]);
    match form {
        Some(form) => sheet.card("decide", "op-decision-title", vec![form]),
        None => sheet,
    }
}
