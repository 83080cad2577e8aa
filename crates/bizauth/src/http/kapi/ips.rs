//! `GET /v1/system/ips`: the addresses the platform calls from and answers on, with what was announced.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{RawQuery, State};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use bizauth_core::fault::KapiFault;
use bizauth_core::ips::{Edition, RuleType, Service, Step};
use bizauth_core::time::Time;
use bizauth_store::Published;
use serde_json::{Value, json};

use crate::config::Config;
use crate::http::conditional::{Body, Ready};
use crate::http::form::Form;
use crate::http::given::Given;
use crate::http::guard::{self, Asker, caller};
use crate::http::reply::{JSON, KapiError};
use crate::http::state::AppState;
use crate::ip_list::in_force_since;
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
    answer(&it, &asker, from, &headers, query.as_deref()).await.map(IntoResponse::into_response)
}

/// [`get`], for who has the request in parts. `from`: the caller.
pub async fn answer(
    it: &AppState,
    asker: &Asker,
    from: IpAddr,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Given, KapiError> {
    guard::app_key(it, headers, from, asker).await?;
    let rule = rule_type(query.unwrap_or_default())?;
    // Nothing published is not "no addresses": a follower that believed an empty list would lock everyone out.
    let Some(published) = it.store.published_ips().await? else { return Err(KapiFault::StoreDown.into()) };
    let now = it.clock.now();
    Ok(it.editions.of(&published, rule, now, &it.config).ready.answer(headers, now))
}

/// The answers that were written last, one for each `rule_type`. A version of the list on a day never changes; which
/// version is the newest is asked of the store each time.
#[derive(Default)]
pub struct Editions([Mutex<Option<Arc<Kept>>>; 3]);

/// An answer of a version on a day.
struct Kept {
    serial: i64,
    /// From when until when it is that day, in milliseconds.
    day: (i64, i64),
    ready: Ready,
}

impl Editions {
    /// The list as it is `now`, or one half of it.
    fn of(&self, published: &Published, rule: Option<RuleType>, now: Time, config: &Config) -> Arc<Kept> {
        let at = rule.map_or(0, |rule| if rule == RuleType::Inbound { 1 } else { 2 });
        let mut known = self.0[at].lock().unwrap_or_else(PoisonError::into_inner);
        let (millis, serial) = (now.millis(), published.serial);
        let stands = |kept: &&Arc<Kept>| kept.serial == serial && (kept.day.0..kept.day.1).contains(&millis);
        if let Some(kept) = known.as_ref().filter(stands) {
            return kept.clone();
        }
        let (today, from, until) = day_at(now, &config.ip_zone);
        let edition = published.list.on(today);
        let changed = Some(in_force_since(published, &edition, config));
        let text = to_json(&rule.into_iter().fold(edition, Edition::only));
        let ready = Body { kind: JSON, text, changed, public: false }.ready();
        let kept = Arc::new(Kept { serial, day: (from, until), ready });
        *known = Some(kept.clone());
        kept
    }
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
