//! The list for machines: `/ip-list/list.txt` a network a line, canonical and merged; `/ip-list/list.csv` a row for each
//! entry; `/ip-list/list.json` to the byte what the documented endpoint answers.

use bizauth_core::ips::{Cover, Edition, RuleType, Service, Why};
use bizauth_core::time::Time;
use jiff::civil::Date;

use super::{Answer, Asked, bad};
use crate::http::kapi::ips::to_json;
use crate::http::reply::KapiError;
use crate::ip_list::in_force_since;

const PARAMETERS: [&str; 5] = ["at", "serial", "rule_type", "service", "family"];

/// What of the list is wanted: services with their list, in its order, and since when that is as it is.
struct Wanted {
    services: Vec<(RuleType, Service)>,
    family: Option<bool>,
    day: Date,
    changed: Time,
}

async fn wanted(asked: &Asked) -> Result<Wanted, KapiError> {
    asked.only(&PARAMETERS)?;
    let (day, rule) = (asked.day()?, asked.rule()?);
    let family = match asked.form.get("family") {
        None => None,
        Some("4") => Some(true),
        Some("6") => Some(false),
        Some(_) => return Err(bad("family must be 4 or 6")),
    };
    let published = asked.asked_for(day).await?;
    let changed = in_force_since(&published, &published.list.on(day), &asked.it.config);
    let name = asked.form.get("service");
    let services = published
        .list
        .services()
        .filter(|(of, it)| rule.is_none_or(|rule| rule == *of) && name.is_none_or(|name| name == it.name));
    let services: Vec<_> = services.map(|(rule, it)| (rule, it.clone())).collect();
    if let Some(name) = name.filter(|_| services.is_empty()) {
        // A firewall that asked for a service which was renamed must not be told that it has no addresses.
        return Err(bad(format!("there is no service {name}")));
    }
    Ok(Wanted { services, family, day, changed })
}

/// A network a line, as external dynamic lists of firewalls are read.
pub async fn text(asked: Asked) -> Answer {
    let it = wanted(&asked).await?;
    let ips = it.services.iter().flat_map(|(_, service)| service.on(it.day).ips);
    let networks = ips.map(|cidr| cidr.network()).filter(|net| it.family.is_none_or(|v4| v4 == net.addr().is_ipv4()));
    let lines: String = Cover::of(networks).networks().iter().map(|network| format!("{network}\n")).collect();
    Ok(asked.answer("text/plain;charset=UTF-8", lines, Some(it.changed)))
}

/// A row for each entry in force, as published and canonical (RFC 4180).
pub async fn csv(asked: Asked) -> Answer {
    let it = wanted(&asked).await?;
    let mut text = "list,service,ports,cidr,network,reason,since,until,note\r\n".to_owned();
    for (rule, service) in &it.services {
        let ports: Vec<String> = service.ports.iter().map(ToString::to_string).collect();
        for entry in service.reasons(it.day) {
            let network = entry.cidr.network();
            if it.family.is_some_and(|v4| v4 != network.addr().is_ipv4()) {
                continue;
            }
            let (word, step) = match entry.why {
                Why::Listed => ("listed", None),
                Why::Added(step) => ("added", Some(step)),
                Why::Rest { step, .. } => ("rest", Some(step)),
            };
            let step = step.map(|at| &service.steps[at]);
            let cells = [
                rule.to_string(),
                service.name.clone(),
                ports.join(" "),
                entry.cidr.to_string(),
                network.to_string(),
                word.to_owned(),
                step.map(|step| step.date.to_string()).unwrap_or_default(),
                entry.until.map(|date| date.to_string()).unwrap_or_default(),
                step.map(|step| step.note.clone()).unwrap_or_default(),
            ];
            text.push_str(&cells.map(|text| cell(&text)).join(","));
            text.push_str("\r\n");
        }
    }
    Ok(asked.answer("text/csv;charset=UTF-8", text, Some(it.changed)))
}

/// The document of the wire, which the signature is of.
pub async fn json(asked: Asked) -> Answer {
    asked.only(&["rule_type"])?;
    let rule = asked.rule()?;
    let published = asked.newest().await?;
    let edition = published.list.on(asked.today());
    let changed = in_force_since(&published, &edition, &asked.it.config);
    let text = to_json(&rule.into_iter().fold(edition, Edition::only));
    Ok(asked.answer("application/json;charset=UTF-8", text, Some(changed)))
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
