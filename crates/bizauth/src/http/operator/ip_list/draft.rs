//! `/operator/ip-list/draft`: the next version of the list, changed service by service and step by step, and published
//! whole. Every form carries the revision that it was made of: what somebody else changed meanwhile is not written over.

use axum::extract::State;
use bizauth_client::{IpChange, IpEntry};
use bizauth_core::ips::{Change, Cidr, RuleType, Service, Step, revise};
use bizauth_store::{Kept, Publication};

use super::super::desk::{Typed, refused, shown};
use crate::http::state::AppState;
use crate::http::visit::{Page, PageError, Visit};
use crate::ip_document::strict_date;
use crate::ip_list::draft::Working;
use crate::view::kit::Fields;
use crate::view::operator::ip_list::draft::{
    Place, new_service, page, service as service_page, service_fields, step as step_page, step_fields,
};
use crate::view::operator::ip_list::{PATH, version_path};
use crate::view::operator::slips;

fn here() -> String {
    format!("{PATH}/draft")
}

async fn open(it: &AppState, visit: &Visit) -> Result<Working, PageError> {
    Ok(Working::open(&it.store, &it.config, visit.at()).await?)
}

/// `GET /operator/ip-list/draft`.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    show(&it, &visit, &draft, None)
}

fn show(it: &AppState, visit: &Visit, draft: &Working, wrong: Option<Fields>) -> Page {
    let judged = draft.judged();
    let today = draft.terms.today;
    let changes = judged.list.as_ref().map(|list| revise(draft.edition().as_ref(), &list.on(today)));
    let changes = changes.unwrap_or_default();
    match wrong {
        None => shown(it, visit, |desk| page(desk, draft, &judged, &changes, Fields::new())),
        Some(fields) => refused(it, visit, &here(), |desk| page(desk, draft, &judged, &changes, fields)),
    }
}

/// `POST …/draft/publish`: with a reason, and having read what lint says.
pub async fn publish(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["reason", "sure", "revision"]);
    let reason = typed.reason("reason");
    typed.sure("sure");
    if typed.is_fine() {
        let by = visit.by(&it).because(reason);
        match draft.publish(&by, revision(&visit)).await? {
            Ok(Publication::Done(serial)) => return Ok(visit.see(&version_path(serial), "ip-published")),
            Ok(Publication::Overtaken) => typed.refuse("reason", slips::DRAFT_OVERTAKEN),
            // What is wrong with it stands on the page.
            Ok(Publication::Refused(_)) | Err(_) => typed.refuse("reason", slips::DRAFT_REFUSED),
        }
    }
    show(&it, &visit, &draft, Some(typed.fields))
}

/// `POST …/draft/discard`.
pub async fn discard(State(it): State<AppState>, visit: Visit) -> Page {
    let gone = visit.by(&it).discard_ip_draft(revision(&visit)).await?;
    Ok(visit.see(&here(), if gone { "ip-discarded" } else { "ip-overtaken" }))
}

/// The revision that a form was made of.
fn revision(visit: &Visit) -> i64 {
    visit.form().get("revision").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A service of the draft that the path names.
fn named(draft: &Working, visit: &Visit) -> Result<(Place, IpEntry), PageError> {
    let rule = RuleType::read(&visit.param::<String>("list")?).ok_or(PageError::NotFound)?;
    let place = Place { rule, at: visit.param("place")? };
    let entry = of(draft, rule).get(place.at).cloned().ok_or(PageError::NotFound)?;
    Ok((place, entry))
}

fn of(draft: &Working, rule: RuleType) -> &[IpEntry] {
    let list = if rule == RuleType::Inbound { &draft.document.inbound } else { &draft.document.outbound };
    list.as_deref().unwrap_or_default()
}

fn of_mut(draft: &mut Working, rule: RuleType) -> &mut Vec<IpEntry> {
    let document = &mut draft.document;
    let list = if rule == RuleType::Inbound { &mut document.inbound } else { &mut document.outbound };
    list.get_or_insert_default()
}

/// A step of a service that the path names.
fn step_named(entry: &mut IpEntry, visit: &Visit) -> Result<(Change, usize, IpChange), PageError> {
    let change = Change::read(&visit.param::<String>("change")?).ok_or(PageError::NotFound)?;
    let at: usize = visit.param("nth")?;
    let found = steps(entry, change).get(at).cloned().ok_or(PageError::NotFound)?;
    Ok((change, at, found))
}

fn steps(entry: &mut IpEntry, change: Change) -> &mut Vec<IpChange> {
    if change == Change::Addition { &mut entry.addition } else { &mut entry.exclusion }
}

/// Keeps the draft, and sees to the page at `to`; or says beside `field` that somebody was first.
async fn keep(
    it: &AppState,
    visit: &Visit,
    draft: &Working,
    typed: &mut Typed<'_>,
    field: &str,
) -> Result<bool, PageError> {
    match draft.keep(&visit.by(it), revision(visit)).await? {
        Kept::Done(_) => Ok(true),
        Kept::Overtaken => {
            typed.refuse(field, slips::DRAFT_OVERTAKEN);
            Ok(false)
        }
    }
}

/// Networks, one a line or with space or commas between them, each as typed.
fn networks(typed: &mut Typed<'_>, visit: &Visit, needed: bool) -> Vec<String> {
    let text = visit.form().text("ips").unwrap_or_default();
    let words: Vec<&str> = text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty()).collect();
    if let Some(wrong) = words.iter().find(|word| Cidr::parse(word).is_err()) {
        let short: String = wrong.chars().take(64).collect();
        typed.refuse_about("ips", slips::NETWORK, &short);
    }
    if needed && words.is_empty() {
        typed.refuse("ips", slips::EMPTY);
    }
    words.into_iter().map(str::to_owned).collect()
}

fn ports(typed: &mut Typed<'_>) -> Vec<u16> {
    let line = typed.line("ports");
    let words: Vec<&str> = line.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    let ports: Option<Vec<u16>> = words.iter().map(|word| word.parse().ok().filter(|port| *port > 0)).collect();
    match ports {
        Some(ports) if !ports.is_empty() => ports,
        _ => {
            typed.refuse("ports", slips::PORTS);
            Vec::new()
        }
    }
}

/// The name of a service, which no other of its list has.
fn name(typed: &mut Typed<'_>, draft: &Working, rule: RuleType, but: Option<usize>) -> String {
    let name = typed.words("name");
    if name.chars().count() > Service::NAME_MAX {
        typed.refuse("name", slips::LONG);
    }
    let taken = of(draft, rule).iter().enumerate().any(|(at, it)| Some(at) != but && it.service == name);
    if taken {
        typed.refuse("name", slips::SERVICE_TAKEN);
    }
    name
}

/// `GET …/draft/new`.
pub async fn blank_service(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    let fields = Fields::typed([("revision", draft.revision().to_string()), ("ports", "443".to_owned())]);
    shown(&it, &visit, |desk| new_service(desk, fields))
}

/// `POST …/draft/new`.
pub async fn create_service(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let mut typed = Typed::of(&it, &visit, &["list", "name", "ports", "ips", "revision"]);
    let rule = typed.choice("list", RuleType::read).unwrap_or(RuleType::Inbound);
    let entry = IpEntry {
        service: name(&mut typed, &draft, rule, None),
        ips: networks(&mut typed, &visit, false),
        ports: ports(&mut typed),
        updated_date: draft.terms.today.to_string(),
        addition: Vec::new(),
        exclusion: Vec::new(),
    };
    if typed.is_fine() {
        let list = of_mut(&mut draft, rule);
        list.push(entry);
        let to = Place { rule, at: list.len() - 1 }.path();
        if keep(&it, &visit, &draft, &mut typed, "name").await? {
            return Ok(visit.see(&to, "ip-drafted"));
        }
    }
    refused(&it, &visit, &format!("{}/new", here()), |desk| new_service(desk, typed.fields))
}

/// `GET …/draft/{list}/{place}`.
pub async fn service(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    let (place, entry) = named(&draft, &visit)?;
    let fields = service_fields(&entry, draft.revision());
    shown(&it, &visit, |desk| service_page(desk, place, &entry, fields))
}

/// `POST …/draft/{list}/{place}`: another name, other ports, other networks.
pub async fn change_service(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let (place, entry) = named(&draft, &visit)?;
    let mut typed = Typed::of(&it, &visit, &["name", "ports", "ips", "revision"]);
    let changed = IpEntry {
        service: name(&mut typed, &draft, place.rule, Some(place.at)),
        ips: networks(&mut typed, &visit, false),
        ports: ports(&mut typed),
        ..entry.clone()
    };
    if typed.is_fine() {
        of_mut(&mut draft, place.rule)[place.at] = changed;
        if keep(&it, &visit, &draft, &mut typed, "name").await? {
            return Ok(visit.see(&place.path(), "ip-drafted"));
        }
    }
    refused(&it, &visit, &place.path(), |desk| service_page(desk, place, &entry, typed.fields))
}

/// `POST …/draft/{list}/{place}/remove`: it leaves with the next version, at once.
pub async fn remove_service(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let (place, entry) = named(&draft, &visit)?;
    let mut typed = Typed::of(&it, &visit, &["confirm"]);
    typed.confirm(&entry.service);
    if !typed.is_fine() {
        let fields = service_fields(&entry, draft.revision());
        return refused(&it, &visit, &place.path(), |desk| {
            let mut sheet = service_page(desk, place, &entry, fields);
            sheet.dangers.iter_mut().for_each(|danger| danger.fields = typed.fields.clone().for_form("remove"));
            sheet
        });
    }
    // What was confirmed is the name, so it does not matter what else changed meanwhile.
    of_mut(&mut draft, place.rule).remove(place.at);
    match draft.keep(&visit.by(&it), draft.revision()).await? {
        Kept::Done(_) => Ok(visit.see(&here(), "ip-drafted")),
        Kept::Overtaken => Ok(visit.see(&here(), "ip-overtaken")),
    }
}

/// `GET …/draft/{list}/{place}/new`.
pub async fn blank_step(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    let (place, entry) = named(&draft, &visit)?;
    let fields = Fields::typed([("revision", draft.revision().to_string())]);
    shown(&it, &visit, |desk| step_page(desk, place, &entry.service, None, fields))
}

fn read_step(typed: &mut Typed<'_>, visit: &Visit) -> (Change, IpChange) {
    let change = typed.choice("change", Change::read).unwrap_or(Change::Addition);
    let date = typed.line("date");
    if strict_date(&date).is_none() {
        typed.refuse("date", slips::DATE);
    }
    let mut line = |name| {
        let line = typed.line(name);
        if line.chars().count() > Step::TEXT_MAX {
            typed.refuse(name, slips::LONG);
        }
        line
    };
    let (note, announced_by) = (line("note"), line("announced_by"));
    (change, IpChange { ips: networks(typed, visit, true), date, note, announced_by })
}

const STEP: [&str; 6] = ["change", "date", "ips", "note", "announced_by", "revision"];

/// `POST …/draft/{list}/{place}/new`: announces a change.
pub async fn create_step(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let (place, entry) = named(&draft, &visit)?;
    let mut typed = Typed::of(&it, &visit, &STEP);
    let (change, step) = read_step(&mut typed, &visit);
    // A day that is over is no announcement; the networks themselves can be changed instead.
    if strict_date(&step.date).is_some_and(|date| date <= draft.terms.today) {
        typed.refuse("date", slips::PAST);
    }
    if typed.is_fine() {
        steps(&mut of_mut(&mut draft, place.rule)[place.at], change).push(step);
        if keep(&it, &visit, &draft, &mut typed, "date").await? {
            return Ok(visit.see(&place.path(), "ip-drafted"));
        }
    }
    let at = format!("{}/new", place.path());
    refused(&it, &visit, &at, |desk| step_page(desk, place, &entry.service, None, typed.fields))
}

/// `GET …/draft/{list}/{place}/{change}/{nth}`.
pub async fn step(State(it): State<AppState>, visit: Visit) -> Page {
    let draft = open(&it, &visit).await?;
    let (place, mut entry) = named(&draft, &visit)?;
    let (change, at, found) = step_named(&mut entry, &visit)?;
    let fields = step_fields(change, &found, draft.revision());
    shown(&it, &visit, |desk| step_page(desk, place, &entry.service, Some((change, at)), fields))
}

/// `POST …/draft/{list}/{place}/{change}/{nth}`: another day, other networks, another note.
pub async fn change_step(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let (place, mut entry) = named(&draft, &visit)?;
    let (was, at, _) = step_named(&mut entry, &visit)?;
    let mut typed = Typed::of(&it, &visit, &STEP);
    let (change, step) = read_step(&mut typed, &visit);
    if typed.is_fine() {
        let target = &mut of_mut(&mut draft, place.rule)[place.at];
        if change == was {
            steps(target, was)[at] = step;
        } else {
            steps(target, was).remove(at);
            steps(target, change).push(step);
        }
        if keep(&it, &visit, &draft, &mut typed, "date").await? {
            return Ok(visit.see(&place.path(), "ip-drafted"));
        }
    }
    let path = place.step_path(was, at);
    refused(&it, &visit, &path, |desk| step_page(desk, place, &entry.service, Some((was, at)), typed.fields))
}

/// `POST …/draft/{list}/{place}/{change}/{nth}/remove`: it is not announced any more.
pub async fn remove_step(State(it): State<AppState>, visit: Visit) -> Page {
    let mut draft = open(&it, &visit).await?;
    let (place, mut entry) = named(&draft, &visit)?;
    let (change, at, _) = step_named(&mut entry, &visit)?;
    steps(&mut of_mut(&mut draft, place.rule)[place.at], change).remove(at);
    match draft.keep(&visit.by(&it), revision(&visit)).await? {
        Kept::Done(_) => Ok(visit.see(&place.path(), "ip-drafted")),
        Kept::Overtaken => Ok(visit.see(&place.path(), "ip-overtaken")),
    }
}
