//! Parts of the list as JSON: editions with their reasons, steps, revisions. Written by hand, as all wire forms are. Who
//! announced a step is told to operators alone; they pass [`Reader::Operator`].

use bizauth_core::ips::{
    Cidr, Cover, Difference, Edition, IpList, Reasoned, Revised, Revision, RuleType, Service, Step, Why,
};
use bizauth_store::{Published, Version};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::ip_list::hex;
use crate::ip_list::source::spelled;

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Anybody.
    Public,
    /// An operator of this platform.
    Operator,
}

/// What a version says of itself. Author and reason are for operators.
pub fn version(it: &Version, reader: Reader) -> Value {
    let mut value = json!({
        "serial": it.serial,
        "publishedAt": it.published_at.to_utc(),
        "content": it.content.map(|content| hex(&content.0)),
    });
    if reader == Reader::Operator {
        value["author"] = json!(it.author);
        value["reason"] = json!(it.reason);
    }
    value
}

/// The list in force on a day, each entry with its reason and its end.
pub fn view(published: &Published, day: Date, rule: Option<RuleType>, reader: Reader) -> Value {
    let list = &published.list;
    let mut value = version(&published.version, reader);
    value["at"] = json!(day.to_string());
    value["updatedDate"] = json!(list.on(day).updated.to_string());
    value["nextChange"] = json!(list.next_change(day).map(|date| date.to_string()));
    for (name, which, services) in
        [("inbound", RuleType::Inbound, list.inbound()), ("outbound", RuleType::Outbound, list.outbound())]
    {
        if rule.is_none_or(|rule| rule == which) {
            value[name] = services.iter().map(|it| service(it, day, reader)).collect();
        }
    }
    value
}

fn service(it: &Service, day: Date, reader: Reader) -> Value {
    let left = |(at, ips): (usize, Vec<Cidr>)| json!({ "date": it.steps[at].date.to_string(), "ips": spelled(&ips), "note": it.steps[at].note });
    let now = it.on(day);
    json!({
        "service": it.name,
        "ports": it.ports,
        "updatedDate": now.updated.to_string(),
        "ips": it.reasons(day).iter().map(|entry| reasoned(it, entry)).collect::<Vec<_>>(),
        "announced": now.steps.iter().map(|it| step(it, reader)).collect::<Vec<_>>(),
        "left": it.left(day).into_iter().map(left).collect::<Vec<_>>(),
    })
}

fn reasoned(service: &Service, it: &Reasoned) -> Value {
    let (reason, of, cause) = match &it.why {
        Why::Listed => ("listed", None, None),
        Why::Added(step) => ("added", None, Some(*step)),
        Why::Rest { of, step } => ("rest", Some(of.as_published()), Some(*step)),
    };
    let cause = cause.map(|at| &service.steps[at]);
    json!({
        "cidr": it.cidr.as_published(),
        "network": it.cidr.network().to_string(),
        "reason": reason,
        "of": of,
        "since": cause.map(|step| step.date.to_string()),
        "note": cause.map(|step| step.note.as_str()).filter(|note| !note.is_empty()),
        "until": it.until.map(|date| date.to_string()),
    })
}

/// A step that is announced.
pub fn step(it: &Step, reader: Reader) -> Value {
    let mut value = json!({
        "change": it.change.as_str(),
        "date": it.date.to_string(),
        "ips": spelled(&it.ips),
        "note": it.note,
    });
    if reader == Reader::Operator {
        value["announcedBy"] = json!(it.announced_by);
    }
    value
}

/// What was changed in a service.
pub fn revised(it: &Revised, reader: Reader) -> Value {
    let word = match it.revision {
        Revision::Come => "come",
        Revision::Gone => "gone",
        Revision::Changed => "changed",
    };
    let steps = |steps: &[Step]| steps.iter().map(|it| step(it, reader)).collect::<Vec<_>>();
    json!({
        "list": it.rule.as_str(),
        "service": it.service,
        "revision": word,
        "ports": it.ports.as_ref().map(|(before, after)| json!({ "before": before, "after": after })),
        "gone": spelled(&it.gone),
        "come": spelled(&it.come),
        "withdrawn": steps(&it.withdrawn),
        "announced": steps(&it.announced),
    })
}

/// What came and left as addresses, by whether it had been announced.
pub fn moved(it: &Difference) -> Value {
    let networks = |cover: &Cover| cover.networks().iter().map(ToString::to_string).collect::<Vec<_>>();
    let movement = |it: &bizauth_core::ips::Movement| {
        let unannounced = it.unannounced.and(&it.too_soon);
        json!({ "announced": networks(&it.on_time), "unannounced": networks(&unannounced) })
    };
    json!({
        "list": it.rule.as_str(),
        "service": it.service,
        "left": movement(&it.gone),
        "came": movement(&it.come),
    })
}

/// What a revision is, in a sentence for feeds and for whoever is told.
pub fn in_a_sentence(revised: &[Revised]) -> String {
    let count = |of: fn(&Revised) -> usize| revised.iter().map(of).sum::<usize>();
    let of = |n: usize, one: &str, many: &str| (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }));
    let parts: Vec<String> = [
        of(count(|it| it.come.len()), "network comes", "networks come"),
        of(count(|it| it.gone.len()), "network leaves", "networks leave"),
        of(count(|it| it.announced.len()), "change is announced", "changes are announced"),
        of(count(|it| it.withdrawn.len()), "announcement is withdrawn", "announcements are withdrawn"),
        of(count(|it| usize::from(it.ports.is_some())), "service has other ports", "services have other ports"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "nothing changes".to_owned() } else { parts.join(", ") }
}

/// The editions that tell what one version changed in the one before: both on the day on which it was published.
pub fn editions(before: Option<&IpList>, list: &IpList, day: Date) -> (Option<Edition>, Edition) {
    (before.map(|before| before.on(day)), list.on(day))
}
