//! Server time of every page: from the request at the router to the last byte of the answer, without a network.
//!
//! The pages come from the tables that the server itself is made of, so none can be forgotten. Person 1 asks: an owner,
//! a member of a thousand apps, and the operator. Every page must answer 200, or nothing is measured.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use bizauth::clock::Clock;
use bizauth::config::Config;
use bizauth::http::state::AppState;
use bizauth::http::{self, console, me, operator};
use bizauth_core::id::UserId;
use bizauth_core::secret::{Credential, Secret};
use bizauth_core::time::{DAY, Time};
use bizauth_store::NewSession;
use comfy_table::Table;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::Engine;
use crate::fill::{self, APP, CONSENT, KEY, REQUEST, Size, TOKEN};
use crate::store::Place;

/// 2026-11-21 12:00 in Seoul.
const NOW: Time = Time::from_millis(1_795_230_000_000);

/// What one page cost.
struct Cost {
    path: String,
    bytes: usize,
    median: Duration,
    worst: Duration,
}

/// Fills a store, asks for every page, prints the table.
pub(crate) async fn run(engine: Engine, size: Size, rounds: usize, json: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::new(engine, NOW).await?;
    let begun = Instant::now();
    fill::fill(&place, size, NOW).await?;
    eprintln!("{} accounts and apps, {} tokens in {:.0?}", size.accounts, size.tokens, begun.elapsed());
    let mut state = AppState::new(place.store.clone(), Config::default());
    state.clock = Clock::set_to(NOW);
    let cookie = sign_in(&state).await?;
    let public = http::router(state.clone());
    let operators = operator::router(state.clone(), async || Ok::<(), Infallible>(()));
    let mut costs = Vec::new();
    let tables = [(console::table(), &public), (me::table(), &public), (operator::pages_table(), &operators)];
    for (rules, router) in tables {
        for rule in rules.into_iter().filter(|rule| rule.method == Method::GET) {
            let Some(path) = concrete(rule.path)? else { continue };
            let found = measure(router, &path, &cookie, rounds).await;
            costs.push(found.with_context(|| path.clone())?);
            // Where a page has a search, the search is measured too.
            if let Some(path) = searched(&path) {
                let found = measure(router, &path, &cookie, rounds).await;
                costs.push(found.with_context(|| path.clone())?);
            }
        }
    }
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.median));
    print(&costs);
    if let Some(file) = json {
        let ms = |span: Duration| Value::from(span.as_secs_f64() * 1e3);
        let row = |cost: &Cost| json!({ "path": cost.path, "bytes": cost.bytes, "median_ms": ms(cost.median), "worst_ms": ms(cost.worst) });
        let pages: Vec<Value> = costs.iter().map(row).collect();
        let engine = format!("{engine:?}").to_lowercase();
        let document = json!({ "engine": engine, "accounts": size.accounts, "tokens": size.tokens, "pages": pages });
        std::fs::write(file, format!("{document:#}\n"))?;
    }
    Ok(())
}

/// A session of person 1, as its cookie.
async fn sign_in(state: &AppState) -> anyhow::Result<String> {
    let (session, device) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
    let ends = NOW.plus(DAY);
    let new = NewSession {
        session: (session.digest(), ends),
        device: (device.digest(), ends),
        earlier: None,
        known: None,
        address: None,
        agent: None,
    };
    let signed = state.store.sign_in(UserId(1), new, NOW).await?;
    Ok(format!("bizauth-session={}", Credential::Session.spell(signed.0.0, &session)))
}

/// The path with ids of the filled store; `None` for what only shows what another step left behind.
fn concrete(path: &str) -> anyhow::Result<Option<String>> {
    let mut out = String::new();
    for piece in path.split('/').skip(1) {
        out.push('/');
        match piece {
            "{app}" | "{application}" | "{connected}" => out.push_str(&(APP + 1).to_string()),
            "{key}" => out.push_str(&(KEY + 1).to_string()),
            "{token}" => out.push_str(&(TOKEN + 1).to_string()),
            "{consent}" => out.push_str(&(CONSENT + 1).to_string()),
            "{request}" => out.push_str(&(REQUEST + 1).to_string()),
            "{account}" | "{user}" | "{asset}" => out.push('1'),
            "{group}" => out.push_str("moment"),
            "{item}" => out.push_str("moment_management"),
            "{import}" => return Ok(None),
            "callback" => return Ok(None),
            piece if piece.starts_with('{') => bail!("{path}: nobody told what {piece} is in the filled store"),
            piece => out.push_str(piece),
        }
    }
    Ok(Some(out))
}

/// The same page searched by a beginning that a tenth of all rows share.
fn searched(path: &str) -> Option<String> {
    let beginning = match path {
        "/console" | "/me" => "app+1",
        "/operator/accounts" => "user1",
        "/operator/apps" => "app+1",
        "/operator/assets" => "account+1",
        _ => return None,
    };
    Some(format!("{path}?q={beginning}"))
}

async fn measure(router: &Router, path: &str, cookie: &str, rounds: usize) -> anyhow::Result<Cost> {
    let mut spans = Vec::new();
    let mut bytes = 0;
    for round in 0..=rounds {
        let request = Request::get(path).header(header::COOKIE, cookie).header(header::ACCEPT_LANGUAGE, "ko");
        let request = request.body(Body::empty())?;
        let begun = Instant::now();
        let response = router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = begun.elapsed();
        let location = |body: &[u8]| String::from_utf8_lossy(body).chars().take(400).collect::<String>();
        ensure!(status == 200, "{status}: {}", location(&body));
        bytes = body.len();
        // The first one warms up.
        if round > 0 {
            spans.push(took);
        }
    }
    spans.sort();
    let (median, worst) = (spans[spans.len() / 2], spans[spans.len() - 1]);
    Ok(Cost { path: path.to_owned(), bytes, median, worst })
}

fn print(costs: &[Cost]) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["PAGE", "KB", "MEDIAN ms", "WORST ms"]);
    let ms = |span: Duration| format!("{:.2}", span.as_secs_f64() * 1e3);
    for cost in costs {
        table.add_row([cost.path.clone(), format!("{:.1}", cost.bytes as f64 / 1e3), ms(cost.median), ms(cost.worst)]);
    }
    println!("{table}");
}
