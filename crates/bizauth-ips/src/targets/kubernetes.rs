//! Kubernetes: a NetworkPolicy for each list, whose rules are the services. The pods are chosen by a label.

use bizauth_core::ips::RuleType;
use serde_json::{Value, json};

use super::{MADE, Target};
use crate::picture::{Group, Picture};

pub(super) const TARGET: Target = Target {
    name: "kubernetes",
    about: "a NetworkPolicy for each list",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n# It holds for the pods with the label {0}-ips: \"true\".\n", picture.name);
    for (rule, word, peers, kind) in
        [(RuleType::Inbound, "ingress", "from", "Ingress"), (RuleType::Outbound, "egress", "to", "Egress")]
    {
        // A service without addresses must have no rule: a rule without peers lets everybody through.
        let groups: Vec<&Group> = picture.of(rule).filter(|group| !group.cover.is_empty()).collect();
        if picture.of(rule).next().is_none() {
            continue;
        }
        let rules: Vec<Value> = groups.into_iter().map(|group| rule_of(group, peers)).collect();
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": { "name": format!("{}-ips-{rule}", picture.name.replace('_', "-")) },
            "spec": {
                "podSelector": { "matchLabels": { format!("{}-ips", picture.name): "true" } },
                "policyTypes": [kind],
                word: rules,
            },
        });
        let policy = serde_json::to_string_pretty(&policy).expect("a value of strings and numbers can be written");
        // Every JSON document is a YAML document (YAML 1.2 §1.3).
        text.push_str(&format!("---\n{policy}\n"));
    }
    text
}

fn rule_of(group: &Group, peers: &str) -> Value {
    let blocks: Vec<Value> =
        group.cover.networks().iter().map(|network| json!({ "ipBlock": { "cidr": network.to_string() } })).collect();
    let ports: Vec<Value> = group.ports.iter().map(|port| json!({ "protocol": "TCP", "port": port })).collect();
    json!({ peers: blocks, "ports": ports })
}
