//! `/_dev/clock`: freeze, set, advance; what fell in between is told, in order.

use std::time::Duration;

use axum::extract::Extension;
use bizauth_core::ips::Change;
use bizauth_core::time::Time;
use bizauth_store::Lapsed;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::world::Stage;
use super::{Body, Desk, Json, Refused, Said};
use crate::clock::Course;

/// The most things of one kind that are told of one step.
const MOST: i64 = 1000;
/// Rows cleared away at a time.
const SWEPT: i64 = 1000;

/// Where to, and whether it stands from then on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Steer {
    /// A moment: RFC 3339.
    at: Option<String>,
    /// A span: `10m`, `1 year 2 days`, `PT90S`.
    advance: Option<String>,
    /// Without: as it is.
    frozen: Option<bool>,
}

pub(super) async fn get(Extension(desk): Extension<Desk>) -> Said {
    let stage = desk.world.stage();
    Ok(Json(json!({ "now": rfc3339(stage.now()), "frozen": stands(&stage) })))
}

pub(super) async fn steer(Extension(desk): Extension<Desk>, Body(steer): Body<Steer>) -> Said {
    let stage = desk.world.stage();
    let now = stage.now();
    let to = match (&steer.at, &steer.advance) {
        (Some(_), Some(_)) => return Err(Refused(400, "at and advance exclude each other", "give one".to_owned())),
        (Some(at), None) => moment(at)?,
        (None, Some(span)) => later(now, span)?,
        (None, None) => now,
    };
    // A clock that runs has gone on since it was read.
    let to = if steer.at.is_none() && steer.advance.is_none() { stage.now() } else { to };
    let frozen = steer.frozen.unwrap_or_else(|| stands(&stage));
    let Some((from, to)) = stage.clock.go(to, frozen) else {
        let why = format!("it is {} in this world; to go back, restore a snapshot or reset", rfc3339(now));
        return Err(Refused(409, "the clock never goes back", why));
    };
    let happenings = happenings(&stage, from, to).await?;
    // Nobody waits for the sweeper's next round: what has ended is gone when the call returns.
    while stage.state.store.sweep(SWEPT, to).await?.more {}
    Ok(Json(json!({ "from": rfc3339(from), "now": rfc3339(to), "frozen": frozen, "happenings": happenings })))
}

/// What ended, or took effect, after `from` and no later than `to`.
async fn happenings(stage: &Stage, from: Time, to: Time) -> Said<Vec<Value>> {
    let idle = stage.state.config.token_idle_lifetime;
    let mut all: Vec<(Time, Value)> = Vec::new();
    for happening in stage.state.store.happenings(from, to, idle, MOST).await? {
        let (what, says) = match happening.what {
            Lapsed::Code => ("code-expired", "a code expired that nobody redeemed"),
            Lapsed::Token => ("token-unused", "a token died of disuse"),
            Lapsed::Session => ("session-ended", "a session ended"),
            Lapsed::Screen => ("screen-expired", "a consent screen expired that nobody answered"),
            Lapsed::OldSecret => ("old-secret-ended", "the overlap of a client secret ended"),
            Lapsed::Invitation => ("invitation-expired", "an invitation expired"),
        };
        let event = json!({ "at": rfc3339(happening.at), "what": what, "id": happening.id.to_string(), "says": says });
        all.push((happening.at, event));
    }
    if let Some(published) = stage.state.store.published_ips().await? {
        let zone = &stage.state.config.ip_zone;
        for (rule, service) in published.list.services() {
            for step in &service.steps {
                let Some(at) = midnight(step.date, zone).filter(|at| from < *at && *at <= to) else { continue };
                let (what, verb) = match step.change {
                    Change::Addition => ("ips-addition", "are listed"),
                    Change::Exclusion => ("ips-exclusion", "are listed no more"),
                };
                let ips: Vec<String> = step.ips.iter().map(|cidr| cidr.as_published().to_owned()).collect();
                let says = format!("{} ({}): {} {verb}", service.name, rule.as_str(), ips.join(", "));
                let event = json!({ "at": rfc3339(at), "what": what, "service": service.name, "direction": rule.as_str(), "ips": ips, "says": says });
                all.push((at, event));
            }
        }
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, event)| event).collect())
}

fn midnight(date: jiff::civil::Date, zone: &TimeZone) -> Option<Time> {
    let at = date.to_zoned(zone.clone()).ok()?.timestamp();
    Some(Time::from_millis(at.as_millisecond()))
}

/// A moment as RFC 3339 has it.
pub(super) fn moment(text: &str) -> Said<Time> {
    let at: Timestamp = text.parse().map_err(|error: jiff::Error| {
        Refused(400, "this is no moment", format!("{text:?}: {error}; write 2026-12-01T09:00:00+09:00"))
    })?;
    Ok(Time::from_millis(at.as_millisecond()))
}

/// The moment a span after `now`. Years, months and days are those of the calendar, in UTC.
fn later(now: Time, text: &str) -> Said<Time> {
    let bad =
        |why: String| Refused(400, "this is no span", format!("{text:?}: {why}; write 10m, 1 year 2 days, or PT90S"));
    let span: Span = text.parse().map_err(|error: jiff::Error| bad(error.to_string()))?;
    if span.is_negative() {
        return Err(Refused(409, "the clock never goes back", format!("{text:?} is negative")));
    }
    let at = Timestamp::from_millisecond(now.millis()).and_then(|at| at.to_zoned(TimeZone::UTC).checked_add(span));
    let at = at.map_err(|error| bad(error.to_string()))?;
    Ok(Time::from_millis(at.timestamp().as_millisecond()))
}

/// A moment, to the millisecond.
pub fn rfc3339(at: Time) -> String {
    Timestamp::from_millisecond(at.millis()).map_or_else(|_| at.to_utc(), |at| format!("{at:.3}"))
}

/// Whether the clock of a stage stands.
pub fn stands(stage: &Stage) -> bool {
    matches!(stage.clock.how(), Course::Frozen(_))
}

/// How long a token may lie unused, as the wish of a test says it: just beyond.
pub(super) fn beyond(idle: Duration) -> Duration {
    idle.saturating_add(Duration::from_millis(1))
}
