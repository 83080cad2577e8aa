//! Terraform: values of one variable in a `.auto.tfvars.json`, by list and service.

use serde_json::{Map, Value, json};

use bizauth_core::ips::RuleType;

use super::Target;
use super::json::pretty;
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "terraform",
    about: "values of a variable, for .auto.tfvars.json",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    pretty(&Value::Object(Map::from_iter([(format!("{}_ips", picture.name), by_list(picture))])))
}

/// Every service under its list and its plain name.
pub(super) fn by_list(picture: &Picture) -> Value {
    let of = |rule: RuleType| -> Value {
        let service = |group: &crate::picture::Group| {
            let networks = |v6: bool| -> Vec<String> {
                let of_family = group.cover.networks().iter().filter(|it| it.addr().is_ipv6() == v6);
                of_family.map(ToString::to_string).collect()
            };
            let value = json!({
                "service": group.service,
                "ports": group.ports,
                "ipv4": networks(false),
                "ipv6": networks(true),
            });
            (group.slug.clone(), value)
        };
        Value::Object(picture.of(rule).map(service).collect())
    };
    json!({ "inbound": of(RuleType::Inbound), "outbound": of(RuleType::Outbound) })
}
