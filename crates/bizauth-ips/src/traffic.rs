//! Before an exclusion: which connections and log lines still have an address that is about to leave.
//!
//! Connection tables and access logs differ in everything but that addresses stand in them. So every text is read for
//! addresses, wherever they stand: `conntrack -L`, `ss`, the logs of nginx and of others.

use std::io::{self, BufRead};
use std::net::IpAddr;

use bizauth_core::ips::{Change, Chronicle, Cover, RuleType, Timeline};
use ipnet::IpNet;
use jiff::civil::Date;

/// A network that is about to leave a service, and who still uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Which of the two lists.
    pub rule: RuleType,
    /// The service's name.
    pub service: String,
    /// The first day without it.
    pub date: Date,
    /// The network.
    pub network: IpNet,
    /// In how many lines an address of it stands.
    pub lines: u64,
    /// Such an address.
    pub example: Option<IpAddr>,
}

/// Every network that leaves a service of the list believed last after `today`, by date.
pub fn leaving(chronicle: &Chronicle, today: Date) -> Vec<Leaving> {
    let mut leaving = Vec::new();
    for (rule, service) in chronicle.current().services() {
        let timeline = Timeline::of(service);
        let dates = service.steps.iter().filter(|step| step.change == Change::Exclusion && step.date > today);
        let mut dates: Vec<Date> = dates.map(|step| step.date).collect();
        dates.sort_unstable();
        dates.dedup();
        for date in dates {
            let before = date.yesterday().map(|eve| timeline.on(eve).clone()).unwrap_or_default();
            let gone: Cover = before.without(timeline.on(date));
            let row = |network: &IpNet| Leaving {
                rule,
                service: service.name.clone(),
                date,
                network: *network,
                lines: 0,
                example: None,
            };
            leaving.extend(gone.networks().iter().map(row));
        }
    }
    leaving.sort_by_key(|it| it.date);
    leaving
}

/// Counts the lines of `source` that have an address of what is leaving. Gives how many lines there were.
pub fn count(leaving: &mut [Leaving], source: impl BufRead) -> io::Result<u64> {
    let mut lines = 0;
    for line in source.split(b'\n') {
        lines += 1;
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        let found: Vec<IpAddr> = addresses(&text).collect();
        for it in leaving.iter_mut() {
            if let Some(address) = found.iter().find(|address| it.network.contains(*address)) {
                it.lines += 1;
                it.example = Some(*address);
            }
        }
    }
    Ok(lines)
}

/// Every address in a line: `203.0.113.5`, `203.0.113.5:443`, `[2001:db8::1]:443`, `src=…`.
fn addresses(line: &str) -> impl Iterator<Item = IpAddr> {
    let words = line.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')).filter(|word| word.len() > 2);
    words.filter_map(|word| {
        let word = word.trim_end_matches('.');
        let whole = word.parse::<IpAddr>().ok().or_else(|| word.strip_suffix(':')?.parse().ok());
        let with_port = || word.rsplit_once(':').and_then(|(address, _)| address.parse::<IpAddr>().ok());
        Some(whole.or_else(with_port)?.to_canonical())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        for (line, wanted) in [
            ("tcp ESTAB 0 0 10.0.0.2:443 203.0.113.5:51234", "10.0.0.2 203.0.113.5"),
            ("ipv4 2 tcp 6 431999 ESTABLISHED src=10.0.0.2 dst=203.0.113.5 sport=5 dport=443", "10.0.0.2 203.0.113.5"),
            ("ESTAB 0 0 [2001:db8::2]:443 [::ffff:203.0.113.5]:5", "2001:db8::2 203.0.113.5"),
            (
                "203.0.113.5 - - [21/Nov/2026:15:24:04 +0900] \"GET / HTTP/1.1\" 200 12 \"-\" \"curl/7.88.1\"",
                "203.0.113.5",
            ),
            ("from 203.0.113.5: at 12:30:01, 1.2.3, 2001:db8::", "203.0.113.5 2001:db8::"),
        ] {
            let found: Vec<String> = addresses(line).map(|it| it.to_string()).collect();
            assert_eq!(found.join(" "), wanted, "{line}");
        }
    }
}
