//! Squid: an `acl` for each service, by destination for those that are called and by source for those that call.

use std::fmt::Write;

use bizauth_core::ips::RuleType;

use super::{MADE, Target, Trial, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "squid",
    about: "an acl for each service",
    render: |picture| Ok(render(picture)),
    trial: Some(Trial {
        program: &["squid", "-k", "parse", "-f", "{AROUND}"],
        around: Some(
            "http_port 127.0.0.1:1\npid_filename none\ncache_log /dev/null\naccess_log none\ninclude {FILE}\n",
        ),
    }),
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n");
    for group in &picture.groups {
        let name = format!("{}_{}", picture.name, group.slug);
        let kind = if group.rule == RuleType::Inbound { "src" } else { "dst" };
        let _ = writeln!(text, "\n# {}", heading(group));
        group.cover.networks().iter().for_each(|network| {
            let _ = writeln!(text, "acl {name} {kind} {network}");
        });
        let ports: Vec<String> = group.ports.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "acl {name}_ports port {}", ports.join(" "));
    }
    text
}
