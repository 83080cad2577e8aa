//! The audit log: filtered, page by page, each entry in words; and what a walk along its chain found.

use std::collections::HashMap;

use bizauth_store::{AuditHead, AuditRecord, AuditVerdict};

use super::sheet::{Cell, Field, Form, Part, Sheet, Table, link, mono, when};
use super::{Desk, listed, pager};
use crate::view::Frame;
use crate::view::kit::{Fields, Post};

const PATH: &str = "/operator/audit";

/// What was looked for, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// By the actor of this name.
    pub actor: String,
    /// Of this act.
    pub act: String,
    /// On a thing of this kind.
    pub kind: String,
    /// With this id.
    pub id: String,
    /// From this day on.
    pub since: String,
    /// Up to this day.
    pub until: String,
}

impl Sought {
    fn pairs(&self) -> [(&str, &str); 6] {
        [
            ("actor", &self.actor),
            ("act", &self.act),
            ("kind", &self.kind),
            ("id", &self.id),
            ("since", &self.since),
            ("until", &self.until),
        ]
    }
}

/// A page of the log.
///
/// `names` are those of the things that entries are about, by the entry's place.
pub fn list(
    desk: Desk<'_>,
    sought: &Sought,
    fields: Fields,
    (rows, names): (&[AuditRecord], &HashMap<i64, String>),
    more: bool,
) -> Sheet {
    let base = listed(PATH, &sought.pairs());
    let frame = &desk.frame;
    let row = |it: &AuditRecord| {
        let entry = &it.entry;
        let mut what = vec![Cell::Text(act(frame, &entry.act))];
        let about = |(name, value): (String, String)| match name.as_str() {
            "reason" => Cell::Text(format!("· {}: {value}", frame.say("op-reason"))),
            _ => Cell::Text(format!("· {name}: {value}")),
        };
        what.extend(facts(&entry.about).into_iter().map(about));
        let mut who = vec![Cell::Link(entry.actor.clone(), listed(PATH, &[("actor", &entry.actor)]))];
        who.extend(entry.address.clone().map(Cell::Mono));
        vec![
            mono(entry.seq),
            when(entry.at),
            who,
            what,
            on(frame, (&entry.on_kind, &entry.on_id), names.get(&entry.seq)),
            difference(&entry.before, &entry.after),
        ]
    };
    let columns = ["op-audit-seq", "op-audit-at", "op-audit-who", "op-audit-what", "op-audit-on", "op-audit-change"];
    let mut ways = pager(
        &base,
        rows.first().zip(rows.last()).map(|(a, b)| (a.entry.seq.to_string(), b.entry.seq.to_string())),
        false,
        more,
    );
    // The log is read backwards in time; its newest page is the list itself.
    ways.newer = None;
    let table = Table {
        columns: columns.map(|key| frame.say(key)).to_vec(),
        rows: rows.iter().map(row).collect(),
        pager: ways,
        empty: "op-no-entries",
        empty_link: None,
    };
    let kinds = [
        Field::MayLine("actor", "op-audit-actor", "text"),
        Field::MayLine("act", "op-audit-act", "text"),
        Field::MayLine("kind", "op-audit-kind", "text"),
        Field::MayLine("id", "op-audit-id", "text"),
        Field::MayLine("since", "op-audit-since", "date"),
        Field::MayLine("until", "op-audit-until", "date"),
    ];
    let form = Form {
        post: Post::new(PATH, ""),
        fields,
        list: kinds.to_vec(),
        button: "search",
        cancel: if sought.pairs().iter().all(|(_, value)| value.is_empty()) { String::new() } else { PATH.to_owned() },
        grave: false,
    };
    let export = listed(&format!("{PATH}/export"), &sought.pairs());
    let heading = desk.say("nav-audit");
    Sheet::new(desk.frame, heading)
        .about("op-audit-lead")
        .action("op-audit-export", export)
        .action("op-audit-verify", format!("{PATH}/verify"))
        .card("filter", "op-audit-filter", vec![Part::Find(form)])
        .card("list", "", vec![Part::Table(table)])
}

/// What was done, in words; an act unknown here is shown as it is.
fn act(frame: &Frame, act: &str) -> String {
    let key = format!("op-act-{}", act.replace(['.', '_'], "-"));
    if frame.words.has(&key) { frame.say(&key) } else { act.to_owned() }
}

/// On what, with the way there.
fn on(frame: &Frame, (kind, id): (&str, &str), called: Option<&String>) -> Vec<Cell> {
    let href = match kind {
        "account" => format!("/operator/accounts/{id}"),
        "app" => format!("/operator/apps/{id}"),
        "request" => format!("/operator/requests/{id}"),
        "asset" => format!("/operator/assets/{}", id.replacen(':', "/", 1)),
        "group" => super::catalogue::group_path(id),
        "item" => super::catalogue::item_path(id),
        "operator_key" => "/operator/keys".to_owned(),
        "ip_list" => super::ip_list::PATH.to_owned(),
        "ip_webhook" | "ip_delivery" => super::ip_list::webhooks::PATH.to_owned(),
        _ => "/operator/platform".to_owned(),
    };
    let name = match kind {
        "account" => "op-on-account",
        "app" => "op-on-app",
        "request" => "op-on-request",
        "asset" => "op-on-asset",
        "group" => "op-on-group",
        "item" => "op-on-item",
        "operator_key" => "op-on-operator-key",
        "ip_list" => "nav-ip-list",
        "ip_webhook" | "ip_delivery" => "ip-webhook",
        _ => "op-on-platform",
    };
    match called {
        Some(called) => vec![Cell::Link(format!("{} {called}", frame.say(name)), href), Cell::Mono(id.to_owned())],
        None => link(format!("{} {id}", frame.say(name)), href),
    }
}

/// The members of a flat JSON object, as people read them.
fn facts(json: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(json) else { return Vec::new() };
    let read = |value: serde_json::Value| match value {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    members.into_iter().map(|(name, value)| (name, read(value))).collect()
}

/// Name by name, what was before and what is after.
fn difference(before: &str, after: &str) -> Vec<Cell> {
    let (before, after) = (facts(before), facts(after));
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let value = |list: &[(String, String)], name: &str| {
        list.iter().find(|(known, _)| known == name).map_or_else(|| "–".to_owned(), |(_, value)| value.clone())
    };
    let line = |name: &String| Cell::Change(name.clone(), value(&before, name), value(&after, name));
    // What was nothing and stays nothing says nothing.
    let told = names.into_iter().filter(|name| value(&before, name) != value(&after, name));
    told.map(line).collect()
}

/// Where the log ends, and what a walk along it found.
pub fn verify(desk: Desk<'_>, head: AuditHead, verdict: Option<&AuditVerdict>) -> Sheet {
    let desk = desk.below("nav-audit", PATH);
    let digest = head.digest.map_or_else(|| "–".to_owned(), |digest| digest.hex());
    let facts = vec![
        (desk.say("op-audit-last"), mono(head.seq)),
        (desk.say("op-audit-digest"), vec![Cell::Copy("digest".to_owned(), digest)]),
        (desk.say("op-audit-trimmed"), mono(head.trimmed)),
    ];
    let said = verdict.map(|verdict| match verdict {
        AuditVerdict::Whole(_) => desk.say("op-audit-whole"),
        AuditVerdict::Altered(at) => desk.frame.fill("op-audit-altered", "n", at.to_string()),
        AuditVerdict::Missing(at) => desk.frame.fill("op-audit-missing", "n", at.to_string()),
        AuditVerdict::BeyondHead(at) => desk.frame.fill("op-audit-beyond", "n", at.to_string()),
    });
    let mut parts = vec![Part::Text(desk.say("op-audit-verify-text"))];
    let whole = matches!(verdict, Some(AuditVerdict::Whole(_)));
    parts.extend(said.map(if whole { Part::Good } else { Part::Warn }));
    parts.push(Part::Links(vec![(desk.say("op-audit-verify-run"), format!("{PATH}/verify?run=yes"))]));
    let heading = desk.say("op-audit-verify");
    let note = Part::Text(desk.say("op-audit-head-text"));
    Sheet::new(desk.frame, heading).card("head", "op-audit-head", vec![note, Part::Facts(facts)]).card(
        "walk",
        "op-audit-walk",
        parts,
    )
}
