//! nginx: a `geo` variable for each service, 1 for its addresses and 0 for all others, in the `http` block.

use std::fmt::Write;

use super::{MADE, Target, Trial, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "nginx",
    about: "a geo variable for each service",
    render: |picture| Ok(render(picture)),
    trial: Some(Trial {
        program: &["nginx", "-t", "-q", "-c", "{AROUND}", "-g", "pid /dev/null; error_log /dev/null;"],
        around: Some("events {}\nhttp {\n    access_log off;\n    include {FILE};\n}\n"),
    }),
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n# In a location: if ($NAME = 0) {{ return 403; }}\n");
    for group in &picture.groups {
        let _ = writeln!(text, "\n# {}\ngeo ${}_{} {{\n    default 0;", heading(group), picture.name, group.slug);
        group.cover.networks().iter().for_each(|network| {
            let _ = writeln!(text, "    {network} 1;");
        });
        text.push_str("}\n");
    }
    text
}
