//! `GET /v1/system/ips`: the addresses the platform calls from and answers on, with what was announced.

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::KapiFault;
use bizauth_core::ips::{Edition, RuleType, Service, Step, date_at};
use bizauth_core::secret::Digest;
use serde_json::{Value, json};

use crate::http::form::Form;
use crate::http::guard::{self, Asker, caller};
use crate::http::reply::{JSON, KapiError};
use crate::http::state::AppState;

/// The list as it is today. The day begins at midnight of the configured zone, Asia/Seoul unless told otherwise.
pub async fn get(
    State(it): State<AppState>,
    asker: Asker,
    extensions: Extensions,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, KapiError> {
    guard::app_key(&it, &headers, caller(&extensions, &headers, &it.config.trusted_proxies), &asker).await?;
    let rule = rule_type(query.as_deref().unwrap_or_default())?;
    // Nothing published is not "no addresses": a follower that believed an empty list would lock everyone out.
    let Some(published) = it.store.published_ips().await? else { return Err(KapiFault::StoreDown.into()) };
    let edition = published.list.on(date_at(it.clock.now().millis(), &it.config.ip_zone));
    let body = to_json(&rule.into_iter().fold(edition, Edition::only));
    let tag: String = Digest::of(body.as_bytes()).0[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut response = match known.flat_map(|value| value.split(',')).any(|known| matches(known.trim(), &tag)) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = body.into_response();
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    // A copy may be kept, but not used unasked: at midnight it is another list.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
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
