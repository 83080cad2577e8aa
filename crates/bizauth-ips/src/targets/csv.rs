//! CSV: a row for each network of each service (RFC 4180).

use std::fmt::Write;

use super::Target;
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "csv",
    about: "a row for each network of each service",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = "list,service,ports,network\r\n".to_owned();
    for group in &picture.groups {
        let ports: Vec<String> = group.ports.iter().map(ToString::to_string).collect();
        let (service, ports) = (cell(&group.service), ports.join(" "));
        for network in group.cover.networks() {
            let _ = write!(text, "{},{service},{ports},{network}\r\n", group.rule);
        }
    }
    text
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
