//! JSON: every service with its networks by family, for programs of one's own.

use serde_json::{Value, json};

use super::Target;
use crate::picture::{Group, Picture};

pub(super) const TARGET: Target = Target {
    name: "json",
    about: "every service with its networks by family",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    let services: Vec<Value> = picture.groups.iter().map(service).collect();
    pretty(&json!({ "services": services }))
}

pub(super) fn service(group: &Group) -> Value {
    json!({
        "list": group.rule.as_str(),
        "service": group.service,
        "name": group.slug,
        "ports": group.ports,
        "ipv4": group.cover.v4().map(|network| network.to_string()).collect::<Vec<_>>(),
        "ipv6": group.cover.v6().map(|network| network.to_string()).collect::<Vec<_>>(),
    })
}

pub(super) fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a value of strings and numbers can be written");
    text.push('\n');
    text
}
