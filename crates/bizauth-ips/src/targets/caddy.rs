//! Caddy: a snippet for each service with a matcher of its addresses, to be imported into a site.

use std::fmt::Write;

use super::{MADE, Target, Trial, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "caddy",
    about: "a snippet for each service with a remote_ip matcher",
    render: |picture| Ok(render(picture)),
    trial: Some(Trial { program: &["caddy", "adapt", "--adapter", "caddyfile", "--config", "{FILE}"], around: None }),
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n# In a site: import NAME, and then respond @NAME or abort.\n");
    for group in &picture.groups {
        let name = format!("{}_{}", picture.name, group.slug);
        let _ = writeln!(text, "\n# {}\n({name}) {{\n\t@{name} {{", heading(group));
        // No address is written as one that nobody has, because an empty matcher matches everybody.
        if group.cover.is_empty() {
            text.push_str("\t\tremote_ip 255.255.255.255/32\n");
        }
        // Ranges of several lines are one "any of".
        if !group.cover.is_empty() {
            text.push_str("\t\tremote_ip");
            for network in group.cover.networks() {
                let _ = write!(text, " \\\n\t\t\t{network}");
            }
            text.push('\n');
        }
        text.push_str("\t}\n}\n");
    }
    text
}
