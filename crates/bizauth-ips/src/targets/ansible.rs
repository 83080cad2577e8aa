//! Ansible: one variable for `group_vars`, in YAML, by list and service.

use super::terraform::by_list;
use super::{MADE, Target};
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "ansible",
    about: "a variable for group_vars, in YAML",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    // Every JSON document is a YAML document (YAML 1.2 §1.3), and nobody's escaping needs to be trusted.
    let value = serde_json::to_string_pretty(&by_list(picture)).expect("a value of strings and numbers can be written");
    format!("# {MADE}\n---\n{}_ips: {value}\n", picture.name)
}
