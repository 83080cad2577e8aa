//! A version of the list as one text, which its content hash is the SHA-256 of: the same list is always the same text,
//! and no two lists have one. It has everything that is published, and not who announced it.

use std::fmt::Write;

use super::IpList;
use crate::secret::Digest;

impl IpList {
    /// The text. A line each for what the list says; names and notes have no line ends, so a line is never torn.
    pub fn text(&self) -> String {
        let mut text = format!("bizauth ip list 1\nupdated {}\n", self.updated());
        for (rule, service) in self.services() {
            let ports: Vec<String> = service.ports.iter().map(ToString::to_string).collect();
            let _ = write!(text, "\n{rule} {}\nupdated {}\nports {}\n", service.name, service.updated, ports.join(" "));
            for cidr in &service.ips {
                let _ = writeln!(text, "ip {cidr}");
            }
            for step in &service.steps {
                let note = if step.note.is_empty() { String::new() } else { format!(" {}", step.note) };
                let _ = writeln!(text, "{} {}{note}", step.change.as_str(), step.date);
                for cidr in &step.ips {
                    let _ = writeln!(text, "ip {cidr}");
                }
            }
        }
        text
    }

    /// The content hash: the SHA-256 of [`IpList::text`].
    pub fn content(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}
