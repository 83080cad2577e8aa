//! `GET /v1/system/ips`: the addresses the platform calls from and answers on, with what was announced.

use axum::extract::{RawQuery, State};
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use bizauth_core::fault::KapiFault;
use bizauth_core::ips::{Edition, RuleType, Service, Step};
use serde_json::{Value, json};

use crate::http::conditional::Body;
use crate::http::form::Form;
use crate::http::guard::{self, Asker, caller};
use crate::http::reply::{JSON, KapiError};
use crate::http::state::AppState;
use crate::ip_list::{in_force_since, today};

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
    let now = it.clock.now();
    let edition = published.list.on(today(&it.config, now));
    let changed = Some(in_force_since(&published, &edition, &it.config));
    let text = to_json(&rule.into_iter().fold(edition, Edition::only));
    Ok(Body { kind: JSON, text, changed, public: false }.answer(&headers, now))
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
