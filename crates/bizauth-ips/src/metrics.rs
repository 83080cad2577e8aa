//! The follower's figures for Prometheus, as a file for the textfile collector.

use std::fmt::Write;

use bizauth_core::ips::RuleType;
use jiff::Timestamp;

use crate::fetch::Reason;
use crate::settings::Settings;
use crate::state::{Folder, time};
use crate::status::{How, Status};

/// The text of all figures. Without a list there are refusals only.
pub fn render(settings: &Settings, folder: &Folder, status: Option<&Status>, now: Timestamp) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: Vec<(String, String)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let one = |value: String| vec![(String::new(), value)];
    let refused = |reason: Reason| {
        let count = folder.journal.refused.get(reason.word()).copied().unwrap_or_default();
        (format!("{{reason=\"{}\"}}", reason.word()), count.to_string())
    };
    let name = "bizauth_ips_refused_updates_total";
    family(name, "counter", "Lists that were not believed, by reason.", Reason::ALL.map(refused).to_vec());
    let name = "bizauth_ips_run_timestamp_seconds";
    family(name, "gauge", "When these figures were taken.", one(now.as_second().to_string()));
    let Some(status) = status else { return text };
    let confirmed = time(status.kept.confirmed).as_second();
    family(
        "bizauth_ips_list_age_seconds",
        "gauge",
        "Time since the list was last confirmed.",
        one(status.age.to_string()),
    );
    let name = "bizauth_ips_list_confirmed_timestamp_seconds";
    family(name, "gauge", "When the publisher last confirmed the list.", one(confirmed.to_string()));
    let name = "bizauth_ips_list_stale";
    family(name, "gauge", "Whether the list is older than it may be.", one(u8::from(status.stale).to_string()));
    let midnight = |date| settings.midnight(date).map(|at| (String::new(), at.as_second().to_string()));
    let name = "bizauth_ips_next_change_timestamp_seconds";
    let rows = status.next_change.and_then(midnight).into_iter().collect();
    family(name, "gauge", "When the list changes next.", rows);
    let name = "bizauth_ips_next_apply_timestamp_seconds";
    let rows = status.next_turn.and_then(midnight).into_iter().collect();
    family(name, "gauge", "When the follower changes something next.", rows);
    let mut networks = Vec::new();
    for (rule, service, v4, v6) in &status.services {
        for (family, count) in [("ipv4", v4), ("ipv6", v6)] {
            networks.push((labels(*rule, service, family), count.to_string()));
        }
    }
    family("bizauth_ips_networks", "gauge", "Networks that are let through.", networks);
    let place = |id: &str| format!("{{place=\"{id}\"}}");
    let at = |(id, _, at): &(String, How, Option<Timestamp>)| at.map(|at| (place(id), at.as_second().to_string()));
    let rows = status.places.iter().filter_map(at).collect();
    family("bizauth_ips_last_apply_timestamp_seconds", "gauge", "When something was last put into a place.", rows);
    for (name, help, is) in [
        ("bizauth_ips_drifted", "Whether somebody changed what was put there.", 0),
        ("bizauth_ips_due", "Whether something is to be put there.", 1),
        ("bizauth_ips_broken", "Whether nothing can be put there.", 2),
    ] {
        let row = |(id, how, _): &(String, How, Option<Timestamp>)| {
            let found = match how {
                How::Current => 3,
                How::Drifted(_) => 0,
                How::Due => 1,
                How::Broken(_) => 2,
            };
            (place(id), u8::from(found == is).to_string())
        };
        family(name, "gauge", help, status.places.iter().map(row).collect());
    }
    text
}

fn labels(rule: RuleType, service: &str, family: &str) -> String {
    let service = service.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{list=\"{rule}\",service=\"{service}\",family=\"{family}\"}}")
}
