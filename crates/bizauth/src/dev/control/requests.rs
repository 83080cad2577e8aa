//! `/_dev/requests`: the log, queried and held to expectations.

use axum::extract::{Extension, Path, RawQuery};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::journal::Entry;
use super::{Body, Desk, Json, Refused, Said, done};
use crate::http::form::Form;

/// Which entries are meant. All that is given must fit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// One of the six endpoints.
    endpoint: Option<String>,
    method: Option<String>,
    /// The path, whole.
    path: Option<String>,
    /// The status of the answer.
    status: Option<u16>,
    /// The code of the refusal: `KOE320`, `-401`.
    code: Option<String>,
    /// The name of the refusal in the catalogue.
    fault: Option<String>,
    /// The client_id, or the key of the header.
    client_id: Option<String>,
    /// The `state` parameter.
    state: Option<String>,
    /// Any text that stands in the request: address, header or body.
    contains: Option<String>,
    /// Entries behind this number.
    since: Option<u64>,
    /// Calls that steer the world too.
    #[serde(default)]
    control: bool,
}

/// The names of the fields of a query, for whoever mistypes one.
const FIELDS: [&str; 12] = [
    "endpoint",
    "method",
    "path",
    "status",
    "code",
    "fault",
    "client_id",
    "state",
    "contains",
    "since",
    "control",
    "most",
];

impl Wanted {
    fn fits(&self, entry: &Entry) -> bool {
        let request = &entry.request;
        let (uri, method) = (request.uri.as_deref().unwrap_or_default(), request.method.as_deref());
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let status = entry.answer.as_ref().and_then(|answer| answer.status);
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        let sent = |name: &str, is: &str| {
            [query, request.body.as_str()]
                .iter()
                .any(|text| Form::parse(text).is_ok_and(|form| form.all(name).any(|v| v == is)))
        };
        let key = |is: &str| request.header("authorization").is_some_and(|header| header.ends_with(is));
        let anywhere = |text: &str| {
            uri.contains(text)
                || request.body.contains(text)
                || request.headers.values().flatten().any(|value| value.contains(text))
        };
        (self.control || !entry.control)
            && same(&self.endpoint, entry.endpoint.as_deref())
            && same(&self.path, Some(path))
            && self.method.as_deref().is_none_or(|wanted| method.is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
            && self.status.is_none_or(|wanted| status == Some(wanted))
            && same(&self.code, entry.code.as_deref())
            && same(&self.fault, entry.fault.as_deref())
            && self.client_id.as_deref().is_none_or(|is| sent("client_id", is) || key(is))
            && self.state.as_deref().is_none_or(|is| sent("state", is))
            && self.contains.as_deref().is_none_or(anywhere)
            && self.since.is_none_or(|n| entry.n > n)
    }

    /// As the query of an address gives it, with how many entries at most.
    ///
    /// # Errors
    /// A name that is none, a number that is none.
    pub fn of_query(query: &str) -> Result<(Self, usize), Refused> {
        let refuse = |why: String| Refused(400, "this query cannot be read", why);
        let form = Form::parse(query).map_err(refuse)?;
        if let Some(name) = form.names().find(|name| !FIELDS.contains(name)) {
            return Err(refuse(format!("there is no {name:?}; allowed are {}", FIELDS.join(", "))));
        }
        let text = |name: &str| form.get(name).map(str::to_owned);
        let number = |name: &str| {
            let read = |text: &str| text.parse::<u64>().map_err(|_| refuse(format!("{name} is a number")));
            form.get(name).map(read).transpose()
        };
        let status =
            number("status")?.map(u16::try_from).transpose().map_err(|_| refuse("status is 100 to 599".to_owned()))?;
        let wanted = Wanted {
            endpoint: text("endpoint"),
            method: text("method"),
            path: text("path"),
            status,
            code: text("code"),
            fault: text("fault"),
            client_id: text("client_id"),
            state: text("state"),
            contains: text("contains"),
            since: number("since")?,
            control: form.get("control").is_some_and(|value| value != "false"),
        };
        let most = number("most")?.map_or(1000, |most| usize::try_from(most).unwrap_or(usize::MAX));
        Ok((wanted, most))
    }
}

/// What a test expects of the log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    #[serde(default, rename = "where")]
    wanted: Wanted,
    exactly: Option<usize>,
    at_least: Option<usize>,
    at_most: Option<usize>,
}

/// The newest `most` that fit, in the order of arrival.
pub(super) fn select(desk: &Desk, wanted: &Wanted, most: usize) -> Vec<std::sync::Arc<Entry>> {
    let mut all = desk.world.stage().journal.all();
    all.retain(|entry| wanted.fits(entry));
    all.split_off(all.len().saturating_sub(most))
}

/// The same, also with what fits but for its text and is `like` this.
pub(super) fn select_or(
    desk: &Desk,
    wanted: &Wanted,
    like: impl Fn(&Entry) -> bool,
    most: usize,
) -> Vec<std::sync::Arc<Entry>> {
    let any = Wanted { contains: None, ..wanted.clone() };
    let mut all = select(desk, &any, usize::MAX);
    all.retain(|entry| like(entry) || wanted.fits(entry));
    all.split_off(all.len().saturating_sub(most))
}

pub(super) async fn list(Extension(desk): Extension<Desk>, RawQuery(query): RawQuery) -> Said {
    let (wanted, most) = Wanted::of_query(query.as_deref().unwrap_or_default())?;
    let entries = select(&desk, &wanted, most);
    let entries: Vec<&Entry> = entries.iter().map(|entry| &**entry).collect();
    Ok(Json(json!({ "requests": entries })))
}

pub(super) async fn one(Extension(desk): Extension<Desk>, Path(n): Path<u64>) -> Said {
    match desk.world.stage().journal.entry(n) {
        Some(entry) => Ok(Json(json!(*entry))),
        None => Err(Refused(404, "no such request", format!("the log has no request {n}"))),
    }
}

pub(super) async fn forget(Extension(desk): Extension<Desk>) -> StatusCode {
    desk.world.stage().journal.forget();
    done()
}

/// 200 where it holds; else 417 with what there was instead.
pub(super) async fn expect(Extension(desk): Extension<Desk>, Body(expected): Body<Expectation>) -> Said {
    let n = select(&desk, &expected.wanted, usize::MAX).len();
    let bounds = [
        expected.exactly.map(|want| (n == want, format!("exactly {want}"))),
        expected.at_least.map(|want| (n >= want, format!("at least {want}"))),
        expected.at_most.map(|want| (n <= want, format!("at most {want}"))),
    ];
    let mut bounds = bounds.into_iter().flatten().peekable();
    if bounds.peek().is_none() {
        return Err(Refused(400, "nothing is expected", "give exactly, at_least or at_most".to_owned()));
    }
    let failed: Vec<String> = bounds.filter(|(holds, _)| !holds).map(|(_, want)| want).collect();
    if failed.is_empty() {
        return Ok(Json(json!({ "count": n })));
    }
    let seen: Vec<Value> = select(&desk, &Wanted { since: expected.wanted.since, ..Wanted::default() }, 20)
        .iter()
        .map(|entry| {
            let status = entry.answer.as_ref().and_then(|answer| answer.status);
            json!(format!(
                "{} {} {} {} {}",
                entry.n,
                entry.request.method.as_deref().unwrap_or_default(),
                entry.request.uri.as_deref().unwrap_or_default(),
                status.map(|status| status.to_string()).unwrap_or_default(),
                entry.code.as_deref().unwrap_or_default()
            ))
        })
        .collect();
    let lines: Vec<&str> = seen.iter().filter_map(Value::as_str).collect();
    let why = format!("{} expected, {n} came; the last requests were:\n{}", failed.join(" and "), lines.join("\n"));
    Err(Refused(417, "the log is not as expected", why))
}
