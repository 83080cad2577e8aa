//! pf (OpenBSD, FreeBSD, macOS): a table for each service, and a rule that lets it pass, for an anchor of its own.

use std::fmt::Write;

use bizauth_core::ips::RuleType;

use super::{MADE, Target, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "pf",
    about: "tables and rules for an anchor of pf",
    render: |it| Ok(render(it)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n# anchor \"{0}_ips\"\n# load anchor \"{0}_ips\" from this file\n", picture.name);
    for group in &picture.groups {
        let _ = writeln!(text, "\n# {}\ntable <{}_{}> persist {{ \\", heading(group), picture.name, group.slug);
        group.cover.networks().iter().for_each(|network| {
            let _ = writeln!(text, "\t{network} \\");
        });
        let ports: Vec<String> = group.ports.iter().map(ToString::to_string).collect();
        let (name, slug, ports) = (&picture.name, &group.slug, ports.join(" "));
        let _ = match group.rule {
            RuleType::Inbound => {
                writeln!(text, "}}\npass in quick proto tcp from <{name}_{slug}> to any port {{ {ports} }}")
            }
            RuleType::Outbound => {
                writeln!(text, "}}\npass out quick proto tcp from any to <{name}_{slug}> port {{ {ports} }}")
            }
        };
    }
    text
}
