//! nftables: a table of our own with a set for each service and family, replaced in one transaction.
//!
//! The table is `inet <name>_ips`. Sets of one table cannot be named in another, so a picture that enforces also has
//! the chains: they let established connections, loopback, the allowed and the listed pass, and drop the rest of what
//! goes to the services' ports. A verdict of `accept` ends our chain only; other tables still have their say.

use std::fmt::Write;

use bizauth_core::ips::{Cover, RuleType};

use super::{Live, LookError, MADE, Target};
use crate::picture::Picture;
use crate::tool::{self, ToolError};

pub(super) const TARGET: Target = Target {
    name: "nftables",
    about: "a table of its own, a set for each service and family",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: Some(&Nftables),
};

/// The comment that tells our table from one of the same name.
const MARK: &str = "bizauth ips";

struct Nftables;

impl Live for Nftables {
    fn check(&self, _: &str, text: &str) -> Result<(), ToolError> {
        tool::run(&["nft", "-c", "-f", "-"], text).map(drop)
    }

    fn apply(&self, _: &str, text: &str) -> Result<(), ToolError> {
        tool::run(&["nft", "-f", "-"], text).map(drop)
    }

    fn look(&self, name: &str) -> Result<Option<String>, LookError> {
        let table = table(name);
        if !tool::run(&["nft", "list", "tables"], "")?.lines().any(|line| line == format!("table inet {table}")) {
            return Ok(None);
        }
        // Stateless and numeric: without counters, and without names that this machine has for ports.
        let text = tool::run(&["nft", "-s", "-n", "list", "table", "inet", &table], "")?;
        match text.lines().any(|line| line.trim() == format!("comment \"{MARK}\"")) {
            true => Ok(Some(one_a_line(&text))),
            false => Err(LookError::Foreign(format!("the table inet {table}"))),
        }
    }

    fn remove(&self, name: &str) -> Result<(), ToolError> {
        let table = table(name);
        tool::run(&["nft", "-f", "-"], &format!("table inet {table}\ndelete table inet {table}\n")).map(drop)
    }
}

fn table(name: &str) -> String {
    format!("{name}_ips")
}

fn render(picture: &Picture) -> String {
    let table = table(&picture.name);
    // Declared, deleted and made again: whatever was there before, one transaction leaves exactly this.
    let mut text = format!("# {MADE}\ntable inet {table}\ndelete table inet {table}\ntable inet {table} {{\n");
    let _ = writeln!(text, "\tcomment \"{MARK}\"");
    for group in &picture.groups {
        set(&mut text, &group.slug, &group.service, &group.cover);
    }
    // Without a service there is no port to guard.
    let guards = |rule| picture.enforces(rule) && picture.of(rule).next().is_some();
    let (inbound, outbound) = (guards(RuleType::Inbound), guards(RuleType::Outbound));
    if inbound || outbound {
        set(&mut text, "allow", "always let through", &picture.allow);
    }
    if inbound {
        chain(&mut text, picture, RuleType::Inbound, "input", "iif \"lo\"", "saddr");
    }
    if outbound {
        chain(&mut text, picture, RuleType::Outbound, "output", "oif \"lo\"", "daddr");
    }
    text.push_str("}\n");
    text
}

/// The listing with one element a line: several are put on one, so that one that goes changes all lines below it.
fn one_a_line(text: &str) -> String {
    let (mut lines, mut within) = (String::new(), false);
    for line in text.lines() {
        within |= line.contains("elements = {");
        let line = if within { line.trim().replace(", ", ",\n") } else { line.to_owned() };
        within &= !line.ends_with('}');
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// A set for each family, empty or not, so that rules can name it.
fn set(text: &mut String, slug: &str, about: &str, cover: &Cover) {
    let about: String =
        about.chars().filter(|c| (c.is_ascii_graphic() || *c == ' ') && *c != '"' && *c != '\\').take(100).collect();
    let v4: Vec<String> = cover.v4().map(|network| network.to_string()).collect();
    let v6: Vec<String> = cover.v6().map(|network| network.to_string()).collect();
    for (family, kind, networks) in [("v4", "ipv4_addr", v4), ("v6", "ipv6_addr", v6)] {
        let _ =
            writeln!(text, "\tset {slug}_{family} {{\n\t\ttype {kind}\n\t\tflags interval\n\t\tcomment \"{about}\"");
        if !networks.is_empty() {
            let _ = writeln!(text, "\t\telements = {{\n\t\t\t{}\n\t\t}}", networks.join(",\n\t\t\t"));
        }
        text.push_str("\t}\n");
    }
}

fn chain(text: &mut String, picture: &Picture, rule: RuleType, hook: &str, local: &str, side: &str) {
    // Before the usual filters, so that theirs is the last word on what passes here.
    let _ = writeln!(text, "\tchain {rule} {{\n\t\ttype filter hook {hook} priority -10; policy accept;");
    let _ = writeln!(text, "\t\tct state established,related accept\n\t\t{local} accept");
    for (family, protocol) in [("v4", "ip"), ("v6", "ip6")] {
        let _ = writeln!(text, "\t\t{protocol} {side} @allow_{family} accept");
    }
    for group in picture.of(rule) {
        for (family, protocol) in [("v4", "ip"), ("v6", "ip6")] {
            let ports = ports(&group.ports);
            let _ = writeln!(text, "\t\ttcp dport {ports} {protocol} {side} @{}_{family} accept", group.slug);
        }
    }
    let verdict = if rule == RuleType::Inbound { "drop" } else { "reject with tcp reset" };
    let ports = ports(&picture.ports(rule));
    let _ = writeln!(text, "\t\ttcp dport {ports} counter {verdict}\n\t}}");
}

fn ports(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    format!("{{ {} }}", ports.join(", "))
}
