//! Whether what is about to be enforced would cut off the very person who applies it.
//!
//! OpenSSH says in `SSH_CONNECTION` where a session comes from. `sudo` takes the variable away, so it is also looked
//! for in the processes that this one descends from.

use std::fs;
use std::net::IpAddr;

use bizauth_core::ips::RuleType;

use crate::picture::Picture;

/// Where a remote session comes from, and on which port of this machine it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The address of the person.
    pub client: IpAddr,
    /// The port of this machine.
    pub port: u16,
}

impl Session {
    /// Reads `SSH_CONNECTION`: client address and port, server address and port.
    pub fn read(text: &str) -> Option<Session> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [client, _, _, port] = words[..] else { return None };
        // A listener on both families sees IPv4 in IPv6 clothing; the packets are IPv4.
        let client = client.split('%').next()?.parse::<IpAddr>().ok()?.to_canonical();
        Some(Session { client, port: port.parse().ok()? })
    }

    /// The session that this process was started from, if it was started from one.
    pub fn of_process(variable: Option<&str>) -> Option<Session> {
        let mut pid = std::process::id();
        let mut found = variable.and_then(Session::read);
        // So deep is no chain of processes; without an end a loop in what is read would have none.
        for _ in 0..64 {
            if found.is_some() || pid <= 1 {
                break;
            }
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok());
            let Some(parent) = parent else { break };
            pid = parent;
            let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let texts = variables.split(|byte| *byte == 0).filter_map(|it| std::str::from_utf8(it).ok());
            found = texts.filter_map(|it| it.strip_prefix("SSH_CONNECTION=")).find_map(Session::read);
        }
        found
    }

    /// Whether `picture` would keep this session out, or its successor after a hang-up.
    pub fn is_cut_off_by(self, picture: &Picture) -> bool {
        let guarded = picture.enforces(RuleType::Inbound) && picture.ports(RuleType::Inbound).contains(&self.port);
        let mut open = picture.of(RuleType::Inbound).filter(|group| group.ports.contains(&self.port));
        guarded
            && picture.allow.holder_of(self.client).is_none()
            && !self.client.is_loopback()
            && !open.any(|group| group.cover.holder_of(self.client).is_some())
    }
}
