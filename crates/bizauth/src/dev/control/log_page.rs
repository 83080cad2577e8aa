//! `/_dev` and `/_dev/log/{n}`: the log for people.

use axum::extract::{Extension, Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::super::faults::Endpoint;
use super::super::journal::{Entry, Half};
use super::clock::{rfc3339, stands};
use super::requests::{select, select_or};
use super::{Desk, Refused, Wanted};
use crate::http::door::Door;
use crate::http::form::Form;
use crate::http::guard::language;
use crate::http::pages::html;
use crate::view::console::errors;
use crate::view::{DevCall, DevCallPage, DevLogPage, DevMeaning, Frame};

/// Calls on the page: what fits into a person's head is less.
const MOST: usize = 200;

fn frame(desk: &Desk, headers: &HeaderMap, uri: &Uri) -> Frame {
    let here = uri.path_and_query().map_or("/_dev", |here| here.as_str()).to_owned();
    let mut frame = Frame::new(desk.world.stage().state.words.clone(), language(headers), here);
    frame.test = true;
    frame
}

pub(super) async fn list(
    Extension(desk): Extension<Desk>,
    headers: HeaderMap,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let wanted = match Wanted::of_query(&query) {
        Ok((wanted, _)) => wanted,
        Err(refused) => return refused.into_response(),
    };
    let stage = desk.world.stage();
    let search = Form::parse(&query).ok().and_then(|form| form.get("contains").map(str::to_owned)).unwrap_or_default();
    let frame = frame(&desk, &headers, &uri);
    let found = errors::named_by(&frame, &search);
    let entries = match found.is_empty() {
        true => select(&desk, &wanted, MOST),
        // Who looks for an error wants what was refused with it, too: no request has its code in it.
        false => {
            let met = |entry: &Entry| found.iter().any(|row| refused_with(entry) == Some((row.door, row.name)));
            select_or(&desk, &wanted, met, MOST)
        }
    };
    let page = DevLogPage {
        meaning: found.into_iter().map(meaning).collect(),
        frame,
        world: desk.world.id.clone(),
        now: rfc3339(stage.now()),
        frozen: stands(&stage),
        search,
        calls: entries.iter().rev().map(|entry| listed(entry)).filter(is_news).collect(),
    };
    html(StatusCode::OK, &page, None)
}

pub(super) async fn one(
    Extension(desk): Extension<Desk>,
    Path(n): Path<u64>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(entry) = desk.world.stage().journal.entry(n) else {
        return Refused(404, "no such request", format!("the log has no request {n}")).into_response();
    };
    let frame = frame(&desk, &headers, &uri);
    let page = DevCallPage {
        meaning: refused_with(&entry).and_then(|(door, fault)| errors::named(&frame, door, fault)).map(meaning),
        frame,
        why: entry.why.clone(),
        unread: entry.unread.clone(),
        request: spelled(&entry.request),
        answer: entry.answer.as_ref().map(spelled),
        call: call(&entry),
        back: "/_dev".to_owned(),
    };
    html(StatusCode::OK, &page, None)
}

/// The row that a call was refused with: its door and its name. A code may be that of several rows, or be empty.
fn refused_with(entry: &Entry) -> Option<(&'static str, &str)> {
    let endpoint = Endpoint::ALL.into_iter().find(|known| Some(known.word()) == entry.endpoint.as_deref());
    let path = || entry.request.uri.as_deref().unwrap_or_default().split('?').next().unwrap_or_default();
    // The pages that lead through a consent refuse with rows of kauth.
    let door = match endpoint.map_or_else(|| Door::of(path()), Endpoint::door) {
        Door::Kapi => Door::Kapi,
        Door::Kauth | Door::Pages => Door::Kauth,
    };
    Some((door.name(), entry.fault.as_deref()?))
}

fn meaning(row: errors::FaultRow) -> DevMeaning {
    let said = [row.name, row.message.as_deref().unwrap_or_default()].join(" · ");
    DevMeaning { code: row.code, said, cause: row.words.cause, remedy: row.words.remedy }
}

fn call(entry: &Entry) -> DevCall {
    let uri = entry.request.uri.clone().unwrap_or_default();
    // The page marks code by its face, not by signs around it.
    let said = entry.decided.clone().unwrap_or_default().replace('`', "");
    DevCall {
        n: entry.n,
        at: rfc3339(bizauth_core::time::Time::from_millis(entry.at)),
        method: entry.request.method.clone().unwrap_or_default(),
        path: uri.split('?').next().unwrap_or_default().to_owned(),
        status: entry.answer.as_ref().and_then(|answer| answer.status),
        code: entry.code.clone(),
        said,
        staged: entry.staged.clone(),
    }
}

/// The same with what would have passed: in the list there is one place for both.
fn listed(entry: &Entry) -> DevCall {
    let call = call(entry);
    let said = [call.said.as_str(), entry.why.as_deref().unwrap_or_default()];
    let said = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    DevCall { said, ..call }
}

/// What pages are dressed in says nothing of a client; in JSON it is there.
fn is_news(call: &DevCall) -> bool {
    !call.path.starts_with("/static/")
}

/// A message as HTTP writes it.
fn spelled(half: &Half) -> String {
    let first = match (&half.method, &half.uri, half.status) {
        (Some(method), Some(uri), _) => format!("{method} {uri}"),
        (_, _, Some(status)) => status.to_string(),
        _ => String::new(),
    };
    let headers =
        half.headers.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}: {value}")));
    let head: Vec<String> = std::iter::once(first).chain(headers).collect();
    match half.body.is_empty() {
        true => head.join("\n"),
        false => format!("{}\n\n{}", head.join("\n"), half.body),
    }
}
