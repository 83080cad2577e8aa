//! From the document of the wire to a checked list: every address and date is read, and every flaw is named by its
//! position, so that a list can be mended in one go. What makes a list whole is core's to say.

use std::collections::HashSet;
use std::fmt;

use bizauth_client::{IpChange, IpDocument, IpEntry};
use bizauth_core::ips::{Change, Cidr, IpList, RuleType, Service, Step, Wrong};
use jiff::civil::Date;

/// How many flaws are told; a file that has more is no list at all.
const TOLD: usize = 50;

/// The flaw of a list that would empty every firewall.
const NO_SERVICE: &str = "inbound and outbound are both empty";

/// Everything that keeps a document from being a list; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaws(Vec<String>);

impl Flaws {
    /// The flaws that are told, one by one.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().take(TOLD).map(String::as_str)
    }

    /// Whether the one flaw is that there is no service at all.
    pub fn are_of_an_empty_list(&self) -> bool {
        self.0 == [NO_SERVICE]
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the list has {count} {}", if count == 1 { "flaw" } else { "flaws" })?;
        self.0.iter().take(TOLD).try_for_each(|flaw| write!(f, "\n  {flaw}"))?;
        if count > TOLD { write!(f, "\n  … and {} more", count - TOLD) } else { Ok(()) }
    }
}

impl std::error::Error for Flaws {}

/// The largest document that is read, in bytes. The platform's own has a few thousand.
pub const LARGEST: usize = 10 << 20;

/// Reads a list from the bytes of its document, or says what is wrong with it and where.
pub fn read(bytes: &[u8]) -> Result<IpList, Unreadable> {
    if bytes.len() > LARGEST {
        return Err(Unreadable::TooLong);
    }
    let start: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(1).collect();
    match start.first() {
        None => return Err(Unreadable::Nothing),
        // No JSON begins so, and the reader's "expected value at line 1 column 1" helps nobody.
        Some(b'<') => return Err(Unreadable::Page),
        Some(_) => {}
    }
    let document = IpDocument::from_json(bytes).map_err(|error| Unreadable::Json(error.to_string()))?;
    list_from_document(&document).map_err(Unreadable::Flaws)
}

/// Why bytes are not a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing but white space.
    #[error("it is empty")]
    Nothing,
    /// A page, of a proxy or a portal, say.
    #[error("it is an HTML or XML page")]
    Page,
    /// More than [`LARGEST`] bytes.
    #[error("it is longer than {} MiB", LARGEST >> 20)]
    TooLong,
    /// It is not the JSON of the documents; the text has line and column.
    #[error("it is not an IP list: {0}")]
    Json(String),
    /// Its parts are not what they should be; each is named by its position.
    #[error(transparent)]
    Flaws(Flaws),
}

/// The list that a document describes, or all of its flaws.
///
/// Both directions must be there: a document that was fetched with `rule_type` would take the other one out of force.
pub fn list_from_document(document: &IpDocument) -> Result<IpList, Flaws> {
    let mut flaws = Vec::new();
    let inbound = services(RuleType::Inbound, document.inbound.as_deref(), &mut flaws);
    let outbound = services(RuleType::Outbound, document.outbound.as_deref(), &mut flaws);
    let updated = date("updatedDate", &document.updated_date, &mut flaws);
    if flaws.is_empty() && inbound.is_empty() && outbound.is_empty() {
        flaws.push(NO_SERVICE.to_owned());
    }
    if !flaws.is_empty() {
        return Err(Flaws(flaws));
    }
    IpList::new(inbound, outbound, updated).map_err(|flaw| Flaws(vec![flaw.to_string()]))
}

fn services(rule: RuleType, entries: Option<&[IpEntry]>, flaws: &mut Vec<String>) -> Vec<Service> {
    let Some(entries) = entries else {
        flaws.push(format!("{rule} is missing"));
        return Vec::new();
    };
    let (mut names, mut services) = (HashSet::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("{rule}[{index}] {}", quoted(&entry.service));
        let known = flaws.len();
        let service = service(&place, entry, flaws);
        if !names.insert(&entry.service) {
            flaws.push(format!("{place}: {}", Wrong::RepeatedName));
        }
        // Core names the first flaw of a list; asked about each service by itself it names one of each.
        if known == flaws.len()
            && let Err(flaw) = IpList::new(vec![service.clone()], Vec::new(), service.updated)
        {
            flaws.push(format!("{place}: {}", flaw.wrong));
        }
        services.push(service);
    }
    services
}

fn service(place: &str, entry: &IpEntry, flaws: &mut Vec<String>) -> Service {
    let mut steps = Vec::new();
    for (name, change, changes) in
        [("addition", Change::Addition, &entry.addition), ("exclusion", Change::Exclusion, &entry.exclusion)]
    {
        for (index, announced) in changes.iter().enumerate() {
            // On the wire there is one, and no index that could be meant.
            let index = if changes.len() == 1 { String::new() } else { format!("[{index}]") };
            steps.push(step(&format!("{place} {name}{index}"), change, announced, flaws));
        }
    }
    Service {
        name: entry.service.clone(),
        ips: cidrs(&format!("{place} "), &entry.ips, flaws),
        ports: entry.ports.clone(),
        updated: date(&format!("{place} updatedDate"), &entry.updated_date, flaws),
        steps,
    }
}

fn step(place: &str, change: Change, announced: &IpChange, flaws: &mut Vec<String>) -> Step {
    if announced.ips.is_empty() {
        flaws.push(format!("{place} has no addresses"));
    }
    let date = date(&format!("{place}.date"), &announced.date, flaws);
    let ips = cidrs(&format!("{place}."), &announced.ips, flaws);
    Step { change, date, ips, note: announced.note.clone(), announced_by: announced.announced_by.clone() }
}

fn cidrs(place: &str, texts: &[String], flaws: &mut Vec<String>) -> Vec<Cidr> {
    let mut read = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match Cidr::parse(text) {
            Ok(cidr) => read.push(cidr),
            Err(error) => flaws.push(format!("{place}ips[{index}] {} {error}", quoted(text))),
        }
    }
    read
}

/// The date in `text`; any other once a flaw is noted, because the list is then refused.
fn date(place: &str, text: &str, flaws: &mut Vec<String>) -> Date {
    strict_date(text).unwrap_or_else(|| {
        flaws.push(format!("{place} {} is not a date written YYYY-MM-DD", quoted(text)));
        Date::ZERO
    })
}

/// Text of others, escaped and shortened so that it can be shown.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

/// A date in the one form of the contract. The library alone would read several.
pub fn strict_date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.year() >= 0 && date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<IpList, String> {
        let document = IpDocument::from_json(text.as_bytes()).unwrap();
        list_from_document(&document).map_err(|flaws| flaws.to_string())
    }

    fn entry(name: &str, rest: &str) -> String {
        format!(r#"{{"service":"{name}","ips":["10.0.0.1/8"],"ports":[443],"updatedDate":"2023-06-28"{rest}}}"#)
    }

    #[test]
    fn a_document_is_a_list_with_its_whole_schedule() {
        let steps = r#","addition":[{"ips":["10.1.0.0/16"],"date":"2023-06-30"},{"ips":["::/0"],"date":"2023-07-30"}],
            "exclusion":{"ips":["10.2.0.0/16"],"date":"2023-07-01"}"#;
        let text = format!(
            r#"{{"inbound":[{}],"outbound":[{}],"updatedDate":"2023-06-28"}}"#,
            entry("callback", ""),
            entry("https://kapi.kakao.com", steps)
        );
        let list = list(&text).unwrap();
        assert_eq!(list.inbound()[0].ips[0].as_published(), "10.0.0.1/8");
        let steps: Vec<_> = list.outbound()[0].steps.iter().map(|step| (step.change, step.date.to_string())).collect();
        let wanted =
            [(Change::Addition, "2023-06-30"), (Change::Addition, "2023-07-30"), (Change::Exclusion, "2023-07-01")];
        assert_eq!(steps, wanted.map(|(change, date)| (change, date.to_owned())));
    }

    #[test]
    fn every_flaw_is_named_by_its_position() {
        let rest = r#","addition":[{"ips":["10.1.0.0"],"date":"2023-06-30"},{"ips":[],"date":"20230630"}]"#;
        let text = format!(
            r#"{{"inbound":[{a},{a},{b}],"outbound":[{c}],"updatedDate":"2023-6-28"}}"#,
            a = entry("callback", ""),
            b = r#"{"service":" ","ips":["x","10.0.0.0/33"],"ports":[443],"updatedDate":"-000001-01-01"}"#,
            c = entry("kapi", rest)
        );
        assert_eq!(
            list(&text).unwrap_err().lines().collect::<Vec<_>>(),
            [
                "the list has 8 flaws",
                "  inbound[1] \"callback\": an earlier service of this list has the same name",
                "  inbound[2] \" \" ips[0] \"x\" has no prefix length: a single address is written with /32 or /128",
                "  inbound[2] \" \" ips[1] \"10.0.0.0/33\" has a prefix length above 32",
                "  inbound[2] \" \" updatedDate \"-000001-01-01\" is not a date written YYYY-MM-DD",
                "  outbound[0] \"kapi\" addition[0].ips[0] \"10.1.0.0\" has no prefix length: a single address is \
                 written with /32 or /128",
                "  outbound[0] \"kapi\" addition[1] has no addresses",
                "  outbound[0] \"kapi\" addition[1].date \"20230630\" is not a date written YYYY-MM-DD",
                "  updatedDate \"2023-6-28\" is not a date written YYYY-MM-DD",
            ]
        );
    }

    #[test]
    fn what_core_refuses_is_named_for_each_service() {
        let text = format!(
            r#"{{"inbound":[{},{},{}],"outbound":[],"updatedDate":"2023-06-28"}}"#,
            r#"{"service":"a","ips":[],"ports":[443],"updatedDate":"2023-06-28"}"#,
            r#"{"service":"b","ips":["::/0"],"ports":[],"updatedDate":"2023-06-28"}"#,
            r#"{"service":"c","ips":["::/0"],"ports":[0],"updatedDate":"2023-06-28"}"#,
        );
        let told = list(&text).unwrap_err();
        assert!(told.contains("inbound[0] \"a\": there is no address, and no addition is announced"), "{told}");
        assert!(told.contains("inbound[1] \"b\": there is no port"), "{told}");
        assert!(told.contains("inbound[2] \"c\": 0 is not a port"), "{told}");
    }

    #[test]
    fn half_a_list_and_an_empty_one_are_refused() {
        for (text, wanted) in [
            (r#"{"inbound":[],"updatedDate":"2023-06-28"}"#, "the list has 1 flaw\n  outbound is missing"),
            (
                r#"{"inbound":[],"outbound":[],"updatedDate":"2023-06-28"}"#,
                "the list has 1 flaw\n  inbound and outbound are both empty",
            ),
        ] {
            assert_eq!(list(text).unwrap_err(), wanted);
        }
    }

    #[test]
    fn only_so_many_flaws_are_told() {
        let ips = vec!["\"x\""; 60].join(",");
        let text = format!(
            r#"{{"inbound":[{{"service":"a","ips":[{ips}],"ports":[1],"updatedDate":"2023-06-28"}}],"outbound":[],"updatedDate":"2023-06-28"}}"#
        );
        let told = list(&text).unwrap_err();
        assert!(told.starts_with("the list has 60 flaws\n") && told.ends_with("\n  … and 10 more"), "{told}");
    }
}
