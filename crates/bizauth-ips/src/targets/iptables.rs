//! iptables: two chains of our own, `<NAME>-IN` and `<NAME>-OUT`, in both families, restored whole.
//!
//! The rules stand in the chains one by one; what is not enforced returns to the caller. An enforced chain is called
//! from `INPUT` or `OUTPUT`, by a rule that is added if it is not there: that rule and the chains are all we own.

use std::fmt::Write;

use bizauth_core::ips::{Cover, RuleType};

use super::{Excess, Live, LookError, MADE, Target};
use crate::picture::Picture;
use crate::tool::{self, ToolError};

pub(super) const TARGET: Target = Target {
    name: "iptables",
    about: "two chains of its own in both families",
    render,
    trial: None,
    live: Some(&Iptables),
};

/// So many rules are walked one by one for each packet; more belong into sets.
const RULES_MAX: usize = 5_000;

/// What stands between the families in a rendered text.
const SECOND: &str = "# IPv6\n";

/// How many ports one rule takes.
const PORTS: usize = 15;

struct Iptables;

/// The programs of the two families.
const FAMILIES: [(&str, &str, bool); 2] =
    [("iptables", "iptables-restore", false), ("ip6tables", "ip6tables-restore", true)];

impl Live for Iptables {
    fn check(&self, _: &str, text: &str) -> Result<(), ToolError> {
        for ((_, restore, _), text) in FAMILIES.into_iter().zip(halves(text)) {
            tool::run(&[restore, "--test", "--noflush", "-w", "10"], text)?;
        }
        Ok(())
    }

    fn apply(&self, name: &str, text: &str) -> Result<(), ToolError> {
        for ((program, restore, _), text) in FAMILIES.into_iter().zip(halves(text)) {
            // `--noflush` leaves every other chain; declaring ours empties them. One commit for the family.
            tool::run(&[restore, "--noflush", "-w", "10"], text)?;
            for (rule, hook) in [(RuleType::Inbound, "INPUT"), (RuleType::Outbound, "OUTPUT")] {
                let chain = chain(name, rule);
                let called = tool::run(&[program, "-w", "10", "-C", hook, "-j", &chain], "").is_ok();
                // What is enforced begins so.
                let enforced = text.contains(&format!("-A {chain} -m conntrack "));
                match (enforced, called) {
                    (true, false) => tool::run(&[program, "-w", "10", "-I", hook, "1", "-j", &chain], "")?,
                    (false, true) => tool::run(&[program, "-w", "10", "-D", hook, "-j", &chain], "")?,
                    _ => String::new(),
                };
            }
        }
        Ok(())
    }

    fn look(&self, name: &str) -> Result<Option<String>, LookError> {
        let names = [chain(name, RuleType::Inbound), chain(name, RuleType::Outbound)];
        let (mut text, mut found) = (String::new(), false);
        for (program, _, _) in FAMILIES {
            let rules = tool::run(&[program, "-w", "10", "-S"], "")?;
            let _ = writeln!(text, "# {program}");
            for line in rules.lines().filter(|line| line.split(' ').any(|word| names.iter().any(|chain| word == chain)))
            {
                found = true;
                let _ = writeln!(text, "{line}");
            }
        }
        Ok(found.then_some(text))
    }

    fn remove(&self, name: &str) -> Result<(), ToolError> {
        for (program, _, _) in FAMILIES {
            for (rule, hook) in [(RuleType::Inbound, "INPUT"), (RuleType::Outbound, "OUTPUT")] {
                let chain = chain(name, rule);
                // What is not there need not be taken away.
                for arguments in [&["-D", hook, "-j", &chain][..], &["-F", &chain], &["-X", &chain]] {
                    let _ = tool::run(&[&[program, "-w", "10"], arguments].concat(), "");
                }
            }
        }
        Ok(())
    }
}

fn chain(name: &str, rule: RuleType) -> String {
    let side = if rule == RuleType::Inbound { "IN" } else { "OUT" };
    format!("{}-{side}", name.to_ascii_uppercase())
}

fn halves(text: &str) -> [&str; 2] {
    let (first, second) = text.split_once(SECOND).unwrap_or((text, ""));
    [first, second]
}

fn render(picture: &Picture) -> Result<String, Excess> {
    let rules = picture.networks();
    if rules > RULES_MAX {
        let what = format!("{rules} networks would be {rules} rules, walked one by one for each packet");
        return Err(Excess { what, advice: "use nftables or ipset, or choose services".to_owned() });
    }
    let mut text = format!("# {MADE}\n# IPv4\n");
    family(&mut text, picture, false);
    text.push_str(SECOND);
    family(&mut text, picture, true);
    Ok(text)
}

fn family(text: &mut String, picture: &Picture, v6: bool) {
    let networks = |cover: &Cover| -> Vec<String> {
        let of_family = cover.networks().iter().filter(|network| network.addr().is_ipv6() == v6);
        of_family.map(ToString::to_string).collect()
    };
    text.push_str("*filter\n");
    for rule in [RuleType::Inbound, RuleType::Outbound] {
        let _ = writeln!(text, ":{} - [0:0]", chain(&picture.name, rule));
    }
    for (rule, side, local) in [(RuleType::Inbound, "-s", "-i"), (RuleType::Outbound, "-d", "-o")] {
        let chain = chain(&picture.name, rule);
        if picture.enforces(rule) {
            let _ = writeln!(text, "-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
            let _ = writeln!(text, "-A {chain} {local} lo -j ACCEPT");
            for network in networks(&picture.allow) {
                let _ = writeln!(text, "-A {chain} {side} {network} -j ACCEPT");
            }
        }
        for group in picture.of(rule) {
            for network in networks(&group.cover) {
                for ports in ports(&group.ports) {
                    let _ =
                        writeln!(text, "-A {chain} {side} {network} -p tcp -m multiport --dports {ports} -j ACCEPT");
                }
            }
        }
        if picture.enforces(rule) {
            let verdict = if rule == RuleType::Inbound { "DROP" } else { "REJECT --reject-with tcp-reset" };
            for ports in ports(&picture.ports(rule)) {
                let _ = writeln!(text, "-A {chain} -p tcp -m multiport --dports {ports} -j {verdict}");
            }
        }
    }
    text.push_str("COMMIT\n");
}

fn ports(ports: &[u16]) -> Vec<String> {
    let list = |ports: &[u16]| ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    ports.chunks(PORTS).map(list).collect()
}
