//! Cilium: a CiliumCIDRGroup for each service, to be named by policies with `fromCIDRSet` and `toCIDRSet`.

use serde_json::json;

use super::{MADE, Target, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "cilium",
    about: "a CiliumCIDRGroup for each service",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n");
    for group in &picture.groups {
        let networks: Vec<String> = group.cover.networks().iter().map(ToString::to_string).collect();
        let group_of = json!({
            "apiVersion": "cilium.io/v2alpha1",
            "kind": "CiliumCIDRGroup",
            "metadata": { "name": format!("{}-{}", picture.name, group.slug).replace('_', "-") },
            "spec": { "externalCIDRs": networks },
        });
        let group_of = serde_json::to_string_pretty(&group_of).expect("a value of strings and numbers can be written");
        // Every JSON document is a YAML document (YAML 1.2 §1.3).
        text.push_str(&format!("# {}\n---\n{group_of}\n", heading(group)));
    }
    text
}
