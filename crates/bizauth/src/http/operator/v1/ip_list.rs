//! `/operator/v1/ip-list`: the published IP list, its versions, any day of it, and the draft of the next one. What is of the
//! list is spelled as on the wire.

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_client::IpDocument;
use bizauth_core::ips::{Remark, Weight, date_at, revise};
use bizauth_store::{Kept, Publication, Published, Version};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::body::{self, Object};
use super::gate::Call;
use super::listing::{self, limit, page, turn};
use super::problem::{Answer, Mistake, Problem, done, fine, said};
use crate::http::ip_list::diff::between;
use crate::http::ip_list::told::{Reader, revised, version, view};
use crate::http::state::AppState;
use crate::ip_document::strict_date;
use crate::ip_list::draft::{Working, judge};
use crate::ip_list::source::document_of;
use crate::ip_list::{today, version_on};

fn none() -> Problem {
    Problem::not_found("published IP list")
}

async fn named(it: &AppState, serial: &str) -> Result<Published, Problem> {
    let gone = || Problem::not_found(format!("version {serial}"));
    it.store.ip_version(serial.parse().map_err(|_| gone())?).await?.ok_or_else(gone)
}

fn day(it: &AppState, call: &Call) -> Result<Date, Problem> {
    match call.query().get("at") {
        None => Ok(today(&it.config, call.at())),
        Some(text) => strict_date(text)
            .ok_or_else(|| Problem::invalid(vec![Mistake::of("at", "must be a date written YYYY-MM-DD")])),
    }
}

/// The list in force on a day: of the version that counted then, of another version, or of the draft.
pub async fn get(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["at", "serial", "draft"])?;
    let day = day(&it, &call)?;
    if listing::flag(&call, "draft")? {
        let draft = Working::open(&it.store, &it.config, call.at()).await?;
        let newest = draft.newest.as_ref();
        let list = draft.judged().list.map_err(|flaws| Problem::conflict(flaws.to_string()))?;
        let version = Version {
            serial: draft.based_on() + 1,
            published_at: call.at(),
            content: Some(list.content()),
            author: String::new(),
            reason: String::new(),
        };
        let published = Published { serial: version.serial, version, list: std::sync::Arc::new(list) };
        let mut told = view(&published, day, None, Reader::Operator);
        told["publishedAt"] = Value::Null;
        told["serial"] = json!(newest.map(|newest| newest.serial));
        return Ok(fine(&told));
    }
    let published = match call.query().get("serial") {
        Some(serial) => named(&it, serial).await?,
        None => version_on(&it.store, &it.config, day, call.at()).await?.ok_or_else(none)?,
    };
    Ok(fine(&view(&published, day, None, Reader::Operator)))
}

/// What publications say of themselves, newest first.
pub async fn versions(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&listing::PARAMETERS)?;
    let leaf = it.store.ip_versions(&turn(&call)?, limit(&call)?).await?;
    Ok(fine(&page(&leaf, |it| version(it, Reader::Operator), |it| it.serial.to_string())))
}

/// One version: its document, and what it changed in the one before, on the day on which it was published.
pub async fn one(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    let published = named(&it, call.piece("serial")).await?;
    let before = it.store.ip_version(published.serial - 1).await?;
    let day = date_at(published.version.published_at.millis(), &it.config.ip_zone);
    let changes = revise(before.map(|before| before.list.on(day)).as_ref(), &published.list.on(day));
    let mut told = version(&published.version, Reader::Operator);
    told["document"] = json!(document_of(&published.list));
    told["changes"] = changes.iter().map(|it| revised(it, Reader::Operator)).collect();
    Ok(fine(&told))
}

/// What differs between two versions, on a day.
pub async fn diff(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&["from", "to", "at"])?;
    let need = |name| {
        let missing = || Problem::invalid(vec![Mistake::of(name, "must be the serial of a version")]);
        call.query().get(name).ok_or_else(missing)
    };
    let (from, to) = (named(&it, need("from")?).await?, named(&it, need("to")?).await?);
    let day = day(&it, &call)?;
    Ok(fine(&between((&from, day), (&to, day), Reader::Operator)))
}

fn remark(it: &Remark) -> Value {
    let weight = match it.about.weight() {
        Weight::Refusal => "refusal",
        Weight::Warning => "warning",
        Weight::Note => "note",
    };
    // What is said of the whole list has no service.
    let list = (!it.service.is_empty()).then(|| it.rule.as_str());
    let service = (!it.service.is_empty()).then_some(it.service.as_str());
    json!({ "weight": weight, "list": list, "service": service, "about": it.about.to_string() })
}

fn drafted(it: &Working) -> Value {
    let judged = it.judged();
    let changes = judged.list.as_ref().map(|list| revise(it.edition().as_ref(), &list.on(it.terms.today)));
    let flaws: Vec<String> = judged.list.as_ref().err().iter().flat_map(|it| it.lines()).map(str::to_owned).collect();
    let all = |remarks: &[Remark]| remarks.iter().map(remark).collect::<Vec<_>>();
    json!({
        "revision": it.revision().to_string(),
        "based_on": it.based_on(),
        "overtaken": it.is_overtaken(),
        "changed_at": it.kept.as_ref().map(|draft| draft.changed_at.to_utc()),
        "changed_by": it.kept.as_ref().map(|draft| draft.changed_by.as_str()),
        "document": it.document,
        "flaws": flaws,
        "refusals": all(&judged.verdict.refusals),
        "remarks": all(&judged.verdict.others),
        "changes": changes.unwrap_or_default().iter().map(|it| revised(it, Reader::Operator)).collect::<Vec<_>>(),
    })
}

/// The draft, or what it would begin with, and everything there is to say about it.
pub async fn draft(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    Ok(fine(&drafted(&Working::open(&it.store, &it.config, call.at()).await?)))
}

fn document(value: &Value) -> Result<IpDocument, String> {
    IpDocument::from_json(value.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn revision(body: &mut Object) -> Option<i64> {
    body.take("revision", body::id)
}

/// Puts another document in place of the draft. With `revision` only if the draft is still that one.
pub async fn put_draft(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let (document, read) = (body.need("document", document), revision(&mut body));
    body.finish()?;
    let mut draft = Working::open(&it.store, &it.config, call.at()).await?;
    draft.document = document.ok_or_else(Problem::broken)?;
    match draft.keep(&call.by(&it), read.unwrap_or(draft.revision())).await? {
        Kept::Done(_) => Ok(fine(&drafted(&Working::open(&it.store, &it.config, call.at()).await?))),
        Kept::Overtaken => Err(overtaken()),
    }
}

fn overtaken() -> Problem {
    Problem::conflict("the draft was changed or another version was published meanwhile; read it again")
}

/// Throws the draft away.
pub async fn discard(State(it): State<AppState>, call: Call) -> Answer {
    call.only(&[])?;
    if let Some(draft) = it.store.ip_draft().await? {
        call.by(&it).discard_ip_draft(draft.revision).await?;
    }
    Ok(done())
}

/// Publishes the draft, or the document in the body, with a reason.
pub async fn publish(State(it): State<AppState>, call: Call) -> Answer {
    let mut body = call.object()?;
    let reason = body::reason(&mut body, true);
    let (document, read) = (body.take("document", document), revision(&mut body));
    body.finish()?;
    let by = call.because(&it, reason);
    let draft = Working::open(&it.store, &it.config, call.at()).await?;
    let published = match document {
        None => draft.publish(&by, read.unwrap_or(draft.revision())).await?,
        Some(document) => match judge(&document, draft.newest.as_ref(), &draft.terms).list {
            Err(flaws) => Err(flaws),
            Ok(list) => {
                let version = bizauth_store::NewVersion::of(list, draft.terms.clone());
                Ok(by.publish_ips(version).await?)
            }
        },
    };
    match published {
        Ok(Publication::Done(serial)) => {
            let it = named(&it, &serial.to_string()).await?;
            Ok(said(StatusCode::CREATED, &version(&it.version, Reader::Operator)))
        }
        Ok(Publication::Overtaken) => Err(overtaken()),
        Ok(Publication::Refused(remarks)) => {
            let mistakes = remarks.iter().map(|it| Mistake::at("/document", it.to_string())).collect();
            Err(Problem::invalid(mistakes))
        }
        Err(flaws) => Err(Problem::invalid(flaws.lines().map(|it| Mistake::at("/document", it)).collect())),
    }
}
