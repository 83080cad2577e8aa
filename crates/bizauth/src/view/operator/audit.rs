//! The audit log: filtered, page by page, each entry in words; and what a walk along its chain found.

use std::collections::HashMap;

use bizauth_core::audit::Entry;
use bizauth_store::{AuditHead, AuditRecord, AuditVerdict};

use super::acts::{self, KINDS, act};
use super::facts::{Facts, called};
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
        let about = Facts::read(&entry.about);
        let fact = |name| Cell::Fact(called(frame, name), about.told(frame, &entry.act, name));
        what.extend(about.names().map(fact));
        let mut who = vec![Cell::Link(entry.actor.clone(), listed(PATH, &[("actor", &entry.actor)]))];
        who.extend(entry.address.clone().map(Cell::Mono));
        vec![
            what,
            when(entry.at),
            who,
            on(frame, (&entry.on_kind, &entry.on_id), names.get(&entry.seq)),
            difference(frame, entry),
            mono(entry.seq),
        ]
    };
    let columns = ["op-audit-what", "op-audit-at", "op-audit-who", "op-audit-on", "op-audit-change", "op-audit-seq"];
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
    let list = vec![
        Field::MayLine("actor", "op-audit-actor", "text"),
        Field::MaySelect("act", "op-audit-act", acts::acts(frame, &sought.act)),
        Field::MaySelect("kind", "op-audit-kind", acts::kinds(frame, &sought.kind)),
        Field::MayLine("id", "op-audit-id", "text"),
        Field::MayLine("since", "op-audit-since", "date"),
        Field::MayLine("until", "op-audit-until", "date"),
    ];
    let form = Form {
        post: Post::new(PATH, ""),
        fields: desk.labelled(fields, &list),
        list,
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

/// On what, with the way there.
fn on(frame: &Frame, (kind, id): (&str, &str), called: Option<&String>) -> Vec<Cell> {
    let href = match (kind, id) {
        ("account", _) => format!("/operator/accounts/{id}"),
        ("app", _) => format!("/operator/apps/{id}"),
        ("request", _) => format!("/operator/requests/{id}"),
        ("asset", _) => format!("/operator/assets/{}", id.replacen(':', "/", 1)),
        ("import", _) => format!("/operator/assets/imports/{id}"),
        ("directory", _) => "/operator/assets".to_owned(),
        ("group", _) => super::catalogue::group_path(id),
        ("item", _) => super::catalogue::item_path(id),
        ("operator_key", _) => "/operator/keys".to_owned(),
        ("ip_list", _) => super::ip_list::PATH.to_owned(),
        ("ip_webhook" | "ip_delivery", _) => super::ip_list::webhooks::PATH.to_owned(),
        (_, "audit") => format!("{PATH}/verify"),
        (_, "catalogue") => "/operator/catalogue".to_owned(),
        _ => "/operator/platform".to_owned(),
    };
    let name = KINDS.iter().find(|(known, _)| *known == kind).map_or("op-on-platform", |(_, key)| *key);
    // The one of its kind has a name of its own.
    let single = format!("{name}.{}", id.replace('_', "-"));
    match called {
        Some(called) => vec![Cell::Link(format!("{} {called}", frame.say(name)), href), Cell::Mono(id.to_owned())],
        None if frame.words.has(&single) => link(frame.say(&single), href),
        None => link(format!("{} {id}", frame.say(name)), href),
    }
}

/// Name by name, what was before and what is after.
fn difference(frame: &Frame, entry: &Entry) -> Vec<Cell> {
    let (before, after) = (Facts::read(&entry.before), Facts::read(&entry.after));
    let mut names: Vec<&str> = before.names().chain(after.names()).collect();
    names.sort_unstable();
    names.dedup();
    let told = |facts: &Facts, name| facts.told(frame, &entry.act, name);
    let changes = names.into_iter().map(|name| (called(frame, name), told(&before, name), told(&after, name)));
    // What was nothing and stays nothing says nothing.
    changes.filter(|(_, before, after)| before != after).map(|(name, a, b)| Cell::Change(name, a, b)).collect()
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
