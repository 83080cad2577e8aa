//! Plain text: a network a line and nothing else, as external dynamic lists of firewalls are read.

use super::Target;
use crate::picture::Picture;

pub(super) const TARGET: Target = Target {
    name: "plain",
    about: "a network a line, for external dynamic lists",
    render: |picture| Ok(render(picture)),
    trial: None,
    live: None,
};

fn render(picture: &Picture) -> String {
    picture.union().networks().iter().map(|network| format!("{network}\n")).collect()
}
