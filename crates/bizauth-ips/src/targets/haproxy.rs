//! HAProxy: a pattern file, for `acl from_platform src -f FILE`. One union: choose services to have a file for each.

use std::fmt::Write;

use super::{MADE, Target, Trial, heading};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "haproxy",
    about: "a pattern file for acl … src -f",
    render: |picture| Ok(render(picture)),
    trial: Some(Trial {
        program: &["haproxy", "-c", "-q", "-f", "{AROUND}"],
        around: Some(
            "defaults\n    mode http\n    timeout client 1s\n    timeout server 1s\n    timeout connect 1s\n\
             frontend trial\n    bind 127.0.0.1:1\n    acl listed src -f {FILE}\n    http-request deny unless listed\n",
        ),
    }),
    live: None,
};

fn render(picture: &Picture) -> String {
    let mut text = format!("# {MADE}\n");
    for group in &picture.groups {
        let _ = writeln!(text, "# {}", heading(group));
    }
    for network in picture.union().networks() {
        let _ = writeln!(text, "{network}");
    }
    text
}
