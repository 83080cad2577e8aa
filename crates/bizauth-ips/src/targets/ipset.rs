//! ipset: a `hash:net` set for each service and family, filled beside and swapped in.
//!
//! Each swap is atomic, and rules that name a set go on naming it. A service that is gone leaves an empty set if a
//! rule still names it. The rules are the operator's; `iptables` is the target that writes them.

use std::fmt::Write;

use super::{Excess, Live, LookError, MADE, Target};
use crate::picture::{Group, Picture, shortened};
use crate::tool::{self, ToolError};

pub(super) const TARGET: Target = Target {
    name: "ipset",
    about: "a hash:net set for each service and family, swapped in",
    render,
    trial: None,
    live: Some(&Ipset),
};

/// The longest name of a set (IPSET_MAXNAMELEN less the closing zero).
const NAME_MAX: usize = 31;

/// Room in a set. The same for all, because only sets that were made alike can be made again unchanged.
const ROOM: usize = 1 << 20;

struct Ipset;

impl Live for Ipset {
    /// ipset cannot try: what is wrong shows in the sets beside, before any is swapped.
    fn check(&self, _: &str, _: &str) -> Result<(), ToolError> {
        tool::run(&["ipset", "list", "-n"], "").map(drop)
    }

    fn apply(&self, name: &str, text: &str) -> Result<(), ToolError> {
        // One that was killed may have left its set beside.
        for family in ["v4", "v6"] {
            let _ = tool::run(&["ipset", "destroy", &beside(name, family)], "");
        }
        tool::run(&["ipset", "restore"], text)?;
        let made = |line: &str| line.strip_prefix("create ")?.split(' ').next().map(str::to_owned);
        let wanted: Vec<String> = text.lines().filter_map(made).collect();
        for old in ours(name)?.into_iter().filter(|name| !wanted.contains(name)) {
            tool::run(&["ipset", "flush", &old], "")?;
            // A rule may still name it; empty it lets nobody through.
            let _ = tool::run(&["ipset", "destroy", &old], "");
        }
        Ok(())
    }

    fn look(&self, name: &str) -> Result<Option<String>, LookError> {
        let mut text = String::new();
        for name in ours(name)? {
            let saved = tool::run(&["ipset", "save", &name], "")?;
            // `create` repeats sizes that the kernel chose.
            let mut lines: Vec<&str> = saved.lines().filter(|line| line.starts_with("add ")).collect();
            lines.sort_unstable();
            let _ = writeln!(text, "create {name}");
            lines.iter().for_each(|line| {
                let _ = writeln!(text, "{line}");
            });
        }
        Ok((!text.is_empty()).then_some(text))
    }

    fn remove(&self, name: &str) -> Result<(), ToolError> {
        for name in ours(name)? {
            tool::run(&["ipset", "flush", &name], "")?;
            let _ = tool::run(&["ipset", "destroy", &name], "");
        }
        Ok(())
    }
}

/// The sets whose name says that they are ours, ascending.
fn ours(name: &str) -> Result<Vec<String>, ToolError> {
    let known = tool::run(&["ipset", "list", "-n"], "")?;
    let (inbound, outbound) = (format!("{name}_in_"), format!("{name}_out_"));
    let is_ours = |name: &&str| name.starts_with(&inbound) || name.starts_with(&outbound);
    let mut names: Vec<String> = known.lines().filter(is_ours).map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// The name of a group's set.
fn set_name(picture: &Picture, group: &Group, family: &str) -> String {
    let room = NAME_MAX - picture.name.len() - 1 - 3;
    let slug = match group.slug.len() > room {
        true => shortened(&group.slug, &group.slug, room),
        false => group.slug.clone(),
    };
    format!("{}_{slug}_{family}", picture.name)
}

fn beside(name: &str, family: &str) -> String {
    format!("{name}_new_{family}")
}

fn render(picture: &Picture) -> Result<String, Excess> {
    let mut text = format!("# {MADE}\n");
    for group in &picture.groups {
        let v4: Vec<String> = group.cover.v4().map(|network| network.to_string()).collect();
        let v6: Vec<String> = group.cover.v6().map(|network| network.to_string()).collect();
        for (family, kind, networks) in [("v4", "inet", v4), ("v6", "inet6", v6)] {
            if networks.len() > ROOM {
                let what = format!("{:?} has {} networks, a set takes {ROOM}", group.service, networks.len());
                return Err(Excess { what, advice: "use nftables".to_owned() });
            }
            let (name, beside) = (set_name(picture, group, family), beside(&picture.name, family));
            let shape = format!("hash:net family {kind} maxelem {ROOM}");
            let _ = writeln!(text, "create {name} {shape} -exist\ncreate {beside} {shape}");
            networks.iter().for_each(|network| {
                let _ = writeln!(text, "add {beside} {network}");
            });
            let _ = writeln!(text, "swap {beside} {name}\ndestroy {beside}");
        }
    }
    Ok(text)
}
