//! Where a list can be put: one file for each target, all of one shape.
//!
//! A target renders a picture into the one text that its own tool reads, always in the same order and never wider than
//! the list. Limits of the target are checked first, with what to do about it. Those that live in the kernel also say
//! how they are checked, applied and looked at; the others are files.

mod ansible;
mod apache;
mod aws_prefix_list;
mod aws_security_group;
mod caddy;
mod cilium;
mod csv;
mod haproxy;
mod ipset;
mod iptables;
mod json;
mod kubernetes;
mod nftables;
mod nginx;
mod pf;
mod plain;
mod squid;
mod terraform;

use crate::picture::{Group, Picture};
use crate::tool::ToolError;

/// One kind of place.
pub struct Target {
    /// Its name in commands and configurations.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Renders a picture, if it is within the target's limits.
    pub render: fn(&Picture) -> Result<String, Excess>,
    /// How the target's own tool is asked whether it can read a rendered text.
    pub trial: Option<Trial>,
    /// How it is put into the kernel, if that is where it lives.
    pub live: Option<&'static dyn Live>,
}

/// How the target's own tool judges a text without touching anything.
pub struct Trial {
    /// The program.
    pub program: &'static [&'static str],
    /// A whole configuration around the text, in which `{FILE}` stands for the text's file; none if the text is whole.
    pub around: Option<&'static str>,
}

/// What lives in the kernel: checked, applied whole or not at all, and looked at. `name` is that of the place.
pub trait Live: Sync {
    /// Asks the tool whether it would take `text`, touching nothing.
    fn check(&self, name: &str, text: &str) -> Result<(), ToolError>;
    /// Puts `text` there in place of what was there, and takes away what is ours and no longer wanted.
    fn apply(&self, name: &str, text: &str) -> Result<(), ToolError>;
    /// What of ours is there now, in a form that is always the same for the same thing; `None` if nothing is.
    fn look(&self, name: &str) -> Result<Option<String>, LookError>;
    /// Takes away all that is ours.
    fn remove(&self, name: &str) -> Result<(), ToolError>;
}

/// Why what is there cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Something of our name is there that we did not make.
    #[error("{0} is there, and was not made by bizauth: it will not be touched")]
    Foreign(String),
}

/// A target takes less than the list has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {advice}")]
pub struct Excess {
    /// What is too much, with the numbers.
    pub what: String,
    /// What can be done.
    pub advice: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target({})", self.name)
    }
}

/// Every target, by name.
pub const ALL: [&Target; 18] = [
    &ansible::TARGET,
    &apache::TARGET,
    &aws_prefix_list::TARGET,
    &aws_security_group::TARGET,
    &caddy::TARGET,
    &cilium::TARGET,
    &csv::TARGET,
    &haproxy::TARGET,
    &ipset::TARGET,
    &iptables::TARGET,
    &json::TARGET,
    &kubernetes::TARGET,
    &nftables::TARGET,
    &nginx::TARGET,
    &pf::TARGET,
    &plain::TARGET,
    &squid::TARGET,
    &terraform::TARGET,
];

/// The target of this name.
pub fn named(name: &str) -> Option<&'static Target> {
    ALL.into_iter().find(|target| target.name == name)
}

/// The first line of every text that has comments.
const MADE: &str = "Written by `bizauth ips`: what is changed by hand here will be lost.";

/// `# inbound "callback", ports 80 443`: the service before its networks. The name is escaped: it is others' text.
fn heading(group: &Group) -> String {
    let ports: Vec<String> = group.ports.iter().map(ToString::to_string).collect();
    format!("{} {}, ports {}", group.rule, quoted(&group.service), ports.join(" "))
}

/// A text of others between quotes, with nothing in it that a line-oriented reader could take for its own.
fn quoted(text: &str) -> String {
    let plain = |c: char| if c == '"' || c == '\\' || c.is_control() || c == '{' || c == '}' { '?' } else { c };
    format!("\"{}\"", text.chars().map(plain).collect::<String>())
}
