//! AWS security groups: `IpPermissions` for ingress and egress, as `aws ec2 authorize-security-group-…` takes them.

use bizauth_core::ips::RuleType;
use serde_json::{Value, json};

use super::json::pretty;
use super::{Excess, Target};
use crate::picture::{Group, Picture};

pub(super) const TARGET: Target = Target {
    name: "aws-security-group",
    about: "ingress and egress permissions of a security group",
    render,
    trial: None,
    live: None,
};

/// Rules of one security group, for each direction and family, unless the account's quota was raised.
const RULES: usize = 60;

fn render(picture: &Picture) -> Result<String, Excess> {
    for rule in [RuleType::Inbound, RuleType::Outbound] {
        for (family, v6) in [("IPv4", false), ("IPv6", true)] {
            // Each network of each range of ports is a rule.
            let networks = |group: &Group| group.cover.networks().iter().filter(|it| it.addr().is_ipv6() == v6).count();
            let rules: usize = picture.of(rule).map(|group| networks(group) * ranges(&group.ports).len()).sum();
            if rules > RULES {
                let what = format!("{rules} {rule} rules for {family}, and a security group has at most {RULES}");
                let advice = "use aws-prefix-list, which counts as its entries, or choose services".to_owned();
                return Err(Excess { what, advice });
            }
        }
    }
    let permissions = |rule| -> Vec<Value> { picture.of(rule).flat_map(permissions).collect() };
    Ok(pretty(&json!({
        "ingress": { "IpPermissions": permissions(RuleType::Inbound) },
        "egress": { "IpPermissions": permissions(RuleType::Outbound) },
    })))
}

fn permissions(group: &Group) -> Vec<Value> {
    // Only what AWS lets stand in a description.
    let about: String = group
        .service
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(*c))
        .take(200)
        .collect();
    let v4: Vec<Value> = group.cover.v4().map(|it| json!({ "CidrIp": it.to_string(), "Description": about })).collect();
    let v6: Vec<Value> =
        group.cover.v6().map(|it| json!({ "CidrIpv6": it.to_string(), "Description": about })).collect();
    let permission = |(from, to): (u16, u16)| json!({ "IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": v4, "Ipv6Ranges": v6 });
    if group.cover.is_empty() { Vec::new() } else { ranges(&group.ports).into_iter().map(permission).collect() }
}

/// Ports that follow each other are one range.
fn ranges(ports: &[u16]) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in ports {
        match ranges.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*port) => *to = *port,
            _ => ranges.push((*port, *port)),
        }
    }
    ranges
}
