//! `GET /v1/system/ips`: the addresses the platform calls from and answers on, with what was announced.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::KapiFault;
use bizauth_core::ips::{Edition, RuleType, Service, Step};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_store::Published;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::http::form::Form;
use crate::http::guard::{self, Asker, caller};
use crate::http::reply::{JSON, KapiError};
use crate::http::state::AppState;
use crate::usage::day_at;

/// The list as it is today. The day begins at midnight of the configured zone, Asia/Seoul unless told otherwise.
pub async fn get(
    State(it): State<AppState>,
    asker: Asker,
    extensions: Extensions,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, KapiError> {
    let from = caller(&extensions, &headers, &it.config.trusted_proxies);
    answer(&it, &asker, from, &headers, query.as_deref()).await
}

/// [`get`], for who has the request in parts. `from`: the caller.
pub async fn answer(
    it: &AppState,
    asker: &Asker,
    from: IpAddr,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Response, KapiError> {
    guard::app_key(it, headers, from, asker).await?;
    let rule = rule_type(query.unwrap_or_default())?;
    // Nothing published is not "no addresses": a follower that believed an empty list would lock everyone out.
    let Some(published) = it.store.published_ips().await? else { return Err(KapiFault::StoreDown.into()) };
    let edition = it.editions.of(&published, rule, it.clock.now(), &it.config.ip_zone);
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut response = match known.flat_map(|value| value.split(',')).any(|known| matches(known.trim(), &edition.tag)) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = Response::new(edition.body.clone().into());
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
    };
    response.headers_mut().insert(ETAG, edition.header.clone());
    // A copy may be kept, but not used unasked: at midnight it is another list.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// The answers that were written last, one for each `rule_type`. A version of the list on a day never changes; which
/// version is the newest is asked of the store each time.
#[derive(Default)]
pub struct Editions([Mutex<Option<Arc<Ready>>>; 3]);

/// An answer, ready to be sent.
struct Ready {
    serial: i64,
    /// The day it is for, in milliseconds: from when until when.
    day: (i64, i64),
    body: Bytes,
    tag: String,
    header: HeaderValue,
}

impl Editions {
    /// The list as it is `now`, or one half of it.
    fn of(&self, published: &Published, rule: Option<RuleType>, now: Time, zone: &TimeZone) -> Arc<Ready> {
        let at = rule.map_or(0, |rule| if rule == RuleType::Inbound { 1 } else { 2 });
        let mut known = self.0[at].lock().unwrap_or_else(PoisonError::into_inner);
        let (millis, serial) = (now.millis(), published.serial);
        let stands = |ready: &&Arc<Ready>| ready.serial == serial && (ready.day.0..ready.day.1).contains(&millis);
        if let Some(ready) = known.as_ref().filter(stands) {
            return ready.clone();
        }
        let (today, from, until) = day_at(now, zone);
        let body = to_json(&rule.into_iter().fold(published.list.on(today), Edition::only));
        let tag: String = Digest::of(body.as_bytes()).0[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{tag}\"");
        let header = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        let ready = Arc::new(Ready { serial, day: (from, until), body: body.into(), tag, header });
        *known = Some(ready.clone());
        ready
    }
}

/// RFC 9110, section 13.1.2: weak comparison, and `*` for anything.
fn matches(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

/// `rule_type`: absent, or one of the two, once.
fn rule_type(query: &str) -> Result<Option<RuleType>, KapiError> {
    let bad = |why: String| KapiError::from(KapiFault::BadParameter.about(why));
    let form = Form::parse(query).map_err(bad)?;
    let mut sent = form.all("rule_type");
    let Some(text) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(bad("rule_type was sent twice".to_owned()));
    }
    let rule = RuleType::read(text).ok_or_else(|| bad("rule_type must be inbound or outbound".to_owned()))?;
    Ok(Some(rule))
}

/// An edition in the documents' form: addresses as published, host bits and all; what is not pending is absent.
pub fn to_json(edition: &Edition) -> String {
    let mut parts = Vec::new();
    for (name, services) in [("inbound", &edition.inbound), ("outbound", &edition.outbound)] {
        if let Some(services) = services {
            let services: Vec<String> = services.iter().map(service).collect();
            parts.push(format!(r#""{name}":[{}]"#, services.join(",")));
        }
    }
    parts.push(format!(r#""updatedDate":"{}""#, edition.updated));
    format!("{{{}}}", parts.join(","))
}

fn service(service: &Service) -> String {
    let mut text = format!(
        r#"{{"service":{},"ips":{},"ports":{},"updatedDate":"{}""#,
        json!(service.name),
        cidrs(&service.ips),
        json!(service.ports),
        service.updated
    );
    let change = |name: &str, step: Step| format!(r#","{name}":{{"ips":{},"date":"{}"}}"#, cidrs(&step.ips), step.date);
    text.extend(service.nearest_addition().map(|step| change("addition", step)));
    text.extend(service.nearest_exclusion().map(|step| change("exclusion", step)));
    text.push('}');
    text
}

fn cidrs(ips: &[bizauth_core::ips::Cidr]) -> Value {
    ips.iter().map(bizauth_core::ips::Cidr::as_published).collect()
}
