//! `GET /console/apps/{app}/usage?days=`: how often an app was answered, with what, and what is left of its quota.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_store::Usage;

use crate::http::door::Door;
use crate::http::pages::html;
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::usage::{Endpoint, OK, date_of, day_of};
use crate::view::Frame;
use crate::view::chart::{Bar, Chart, SERIES, grouped};
use crate::view::console::{AppHead, ErrorLine, Quota, UsagePage, app_sections, errors};

/// How many days can be looked at.
const SPANS: [i64; 3] = [7, 30, 90];

/// The page. What was counted since the last keeping is in it.
pub async fn get(State(it): State<AppState>, visit: Visit) -> Page {
    let asked = visit.form().get("days").and_then(|days| days.parse().ok());
    let days = SPANS.into_iter().find(|span| Some(*span) == asked).unwrap_or(SPANS[1]);
    it.usage.keep(&it.store).await?;
    let app = &visit.app().app;
    let today = day_of(visit.at(), &it.config.ip_zone);
    let rows = it.store.usage_of(app.id, today - days + 1, today).await?;
    let quota = match app.daily_quota {
        None => None,
        Some(most) => {
            let limit = it.quota(most);
            let used = it.store.taken(limit, &app.id.to_string(), visit.at()).await?;
            Some(Quota { most, used, anew_at: limit.ends_at(visit.at()).into() })
        }
    };
    let head = AppHead::of(app, visit.role());
    let frame = app_sections(visit.frame(&it), &head);
    let span = (today - days + 1)..=today;
    let page = UsagePage {
        spans: SPANS.map(|span| (span, span == days)).to_vec(),
        calls: calls(&frame, span.clone(), &rows),
        refusals: refusals(&frame, span, &rows),
        errors: lines(&frame, &rows),
        path: format!("{}/usage", head.path()),
        test: format!("{}/test", head.path()),
        quota,
        days,
        zone: it.config.ip_zone.iana_name().unwrap_or("UTC").to_owned(),
        frame,
    };
    Ok(html(StatusCode::OK, &page, None))
}

type Span = std::ops::RangeInclusive<i64>;

/// All calls, by endpoint.
fn calls(frame: &Frame, span: Span, rows: &[Usage]) -> Chart {
    let series: Vec<&str> = Endpoint::ALL.into_iter().map(Endpoint::word).collect();
    let at = |row: &Usage| series.iter().position(|word| *word == row.endpoint);
    let bars = bars(span, series.len(), rows, at);
    chart(frame, "calls", series.iter().map(|word| (*word).to_owned()).collect(), bars)
}

/// What was refused, by code: the most frequent ones, then all others.
fn refusals(frame: &Frame, span: Span, rows: &[Usage]) -> Chart {
    let mut codes: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.outcome != OK) {
        *codes.entry(code(row)).or_default() += row.calls;
    }
    let mut codes: Vec<(String, i64)> = codes.into_iter().collect();
    codes.sort_by_key(|(_, calls)| -calls);
    let mut series: Vec<String> = codes.iter().map(|(code, _)| code.clone()).collect();
    let others = series.len() > SERIES;
    if others {
        series.truncate(SERIES - 1);
    }
    let last = series.len();
    let at = |row: &Usage| match row.outcome.as_str() {
        OK => None,
        _ => Some(series.iter().position(|known| *known == code(row)).unwrap_or(last)),
    };
    let bars = bars(span, last + usize::from(others), rows, at);
    if others {
        series.push(UsagePage::others(frame));
    }
    chart(frame, "refusals", series, bars)
}

fn bars(span: Span, series: usize, rows: &[Usage], at: impl Fn(&Usage) -> Option<usize>) -> Vec<Bar> {
    let first = *span.start();
    let mut bars: Vec<Bar> = span.map(|day| Bar { day: date_of(day), parts: vec![0; series] }).collect();
    for row in rows {
        let bar = usize::try_from(row.day - first).ok().and_then(|day| bars.get_mut(day));
        if let (Some(bar), Some(at)) = (bar, at(row)) {
            let part = &mut bar.parts[at];
            *part = part.saturating_add(u64::try_from(row.calls).unwrap_or(0));
        }
    }
    bars
}

fn chart(frame: &Frame, id: &'static str, series: Vec<String>, bars: Vec<Bar>) -> Chart {
    UsagePage::titled(frame, Chart { id, title: String::new(), about: String::new(), series, bars })
}

/// What was refused, a line for each endpoint's fault, the most frequent first.
fn lines(frame: &Frame, rows: &[Usage]) -> Vec<ErrorLine> {
    let mut sums: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.outcome != OK) {
        let sum = sums.entry((&row.endpoint, &row.outcome)).or_default();
        *sum = (sum.0 + row.calls, sum.1.max(row.day));
    }
    let line = |((endpoint, outcome), (calls, last)): ((&str, &str), (i64, i64))| {
        let row = errors::named(frame, door(endpoint).name(), outcome);
        ErrorLine {
            code: row.as_ref().map_or_else(|| outcome.to_owned(), |row| row.code.clone()),
            title: row.map_or_else(String::new, |row| row.words.title),
            href: errors::address(outcome),
            endpoint: endpoint.to_owned(),
            calls: grouped(calls),
            last: Bar { day: date_of(last), parts: Vec::new() },
            sort: -calls,
        }
    };
    let mut lines: Vec<ErrorLine> = sums.into_iter().map(line).collect();
    lines.sort_by_key(|line| line.sort);
    lines
}

/// The door of an endpoint's name; of one that another version of this program counted, kapi.
fn door(endpoint: &str) -> Door {
    Endpoint::ALL.into_iter().find(|it| it.word() == endpoint).map_or(Door::Kapi, Endpoint::door)
}

/// The code of a refusal that was counted by its name; the name itself, for one of another version of this program.
fn code(row: &Usage) -> String {
    let name = row.outcome.as_str();
    let found = match door(&row.endpoint) {
        Door::Kauth => {
            KauthFault::ALL.iter().map(|fault| fault.row()).find(|row| row.name == name).map(|row| match row.code {
                "" => row.error.to_owned(),
                code => code.to_owned(),
            })
        }
        _ => {
            KapiFault::ALL.iter().map(|fault| fault.row()).find(|row| row.name == name).map(|row| row.code.to_string())
        }
    };
    found.unwrap_or_else(|| name.to_owned())
}
