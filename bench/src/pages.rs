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
use axum::http::{HeaderName, Method, Request, header};
use bizauth::clock::Clock;
use bizauth::config::Config;
use bizauth::http::state::AppState;
use bizauth::http::{self, console, me, operator};
use bizauth_core::id::UserId;
use bizauth_core::operator::Scope;
use bizauth_core::secret::{Credential, Secret};
use bizauth_core::time::{DAY, Time};
use bizauth_store::{Actor, NewSession, Who};
use comfy_table::Table;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::Engine;
use crate::fill::{self, APP, APP_USER, CONSENT, IMPORT, KEY, REQUEST, Size, TOKEN, WEBHOOK};
use crate::store::Place;

/// 2026-11-21 12:00 in Seoul.
const NOW: Time = Time::from_millis(1_795_230_000_000);

/// What one page cost.
struct Cost {
    path: String,
    bytes: usize,
    best: Duration,
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
    // What can be taken back is told on the page of the app, which comes first.
    let mut lent = String::new();
    let tables = [(console::table(), &public), (me::table(), &public), (operator::pages_table(), &operators)];
    for (rules, router) in tables {
        for rule in rules.into_iter().filter(|rule| rule.method == Method::GET) {
            let Some(mut path) = concrete(rule.path)? else { continue };
            if path.ends_with("/assets/withdraw") {
                path.push_str(&lent);
            }
            let mut paths = vec![path.clone()];
            // Where a page has a search, filters, or lists that can be turned, these are measured too.
            paths.extend(beyond(&path, size).into_iter().map(|query| format!("{path}?{query}")));
            for path in paths {
                let (cost, body) = measure(router, &path, &cookie, rounds).await.with_context(|| path.clone())?;
                costs.push(cost);
                if let Some((_, query)) = body.split_once("/assets/withdraw?") {
                    lent = format!("?{}", query.split('"').next().unwrap_or_default());
                }
                for next in ways(&body, "next") {
                    let (cost, body) = measure(router, &next, &cookie, rounds).await.with_context(|| next.clone())?;
                    costs.push(cost);
                    for back in ways(&body, "prev") {
                        let (cost, _) = measure(router, &back, &cookie, rounds).await.with_context(|| back.clone())?;
                        costs.push(cost);
                    }
                }
            }
        }
    }
    let (scopes, secret) = (Scope::ALL.to_vec(), Secret::from_bytes([3; 32]));
    let by = state.store.by(Actor { who: Who::CommandLine, name: "bench".to_owned(), from: None, at: NOW });
    let key = by.create_operator_key("bench".to_owned(), scopes, secret.digest(), None).await?;
    let key = (header::AUTHORIZATION, format!("Bearer {}", Credential::OperatorKey.spell(key.0, &secret)));
    for rule in operator::v1::table().into_iter().filter(|rule| rule.method == Method::GET) {
        let Some(path) = concrete(rule.path)? else { continue };
        let path = match path.rsplit('/').next() {
            Some("assets") if path.ends_with("/v1/assets") => format!("{path}?group=moment"),
            Some("diff") => format!("{path}?from=1&to=2"),
            _ => path,
        };
        let (cost, body) = measure(&operators, &path, &key, rounds).await.with_context(|| path.clone())?;
        costs.push(cost);
        let next = serde_json::from_str::<Value>(&body).unwrap_or_default();
        if let Some(next) = next["next"].as_str() {
            let joint = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{joint}after={next}");
            costs.push(measure(&operators, &path, &key, rounds).await.with_context(|| path.clone())?.0);
        }
    }
    for path in consent_screens(&public, &cookie, size).await? {
        let (mut cost, _) = measure(&public, &path, &cookie, rounds).await.with_context(|| path.clone())?;
        cost.path = path.split_once('&').map_or("/consent".to_owned(), |(_, query)| format!("/consent?{query}"));
        costs.push(cost);
    }
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.median));
    print(&costs);
    if let Some(file) = json {
        let ms = |span: Duration| Value::from(span.as_secs_f64() * 1e3);
        let row = |cost: &Cost| json!({ "path": cost.path, "bytes": cost.bytes, "best_ms": ms(cost.best), "median_ms": ms(cost.median), "worst_ms": ms(cost.worst) });
        let pages: Vec<Value> = costs.iter().map(row).collect();
        let engine = format!("{engine:?}").to_lowercase();
        let document = json!({ "engine": engine, "accounts": size.accounts, "tokens": size.tokens, "pages": pages });
        std::fs::write(file, format!("{document:#}\n"))?;
    }
    Ok(())
}

/// A session of person 1, as its cookie.
async fn sign_in(state: &AppState) -> anyhow::Result<Sent> {
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
    let signed = state.store.sign_in(UserId(1), String::new(), new, NOW).await?.context("person 1 cannot sign in")?;
    Ok((header::COOKIE, format!("bizauth-session={}", Credential::Session.spell(signed.0.0, &session))))
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
            "{serial}" => out.push('2'),
            "{list}" => out.push_str("inbound"),
            "{place}" | "{nth}" => out.push('0'),
            "{change}" => out.push_str("addition"),
            "{webhook}" => out.push_str(&(WEBHOOK + 1).to_string()),
            "{import}" => out.push_str(&(IMPORT + 1).to_string()),
            // There is no directory.
            "{source}" => return Ok(None),
            // The callback belongs to a flow; an export is as long as what is exported; person 1 has no second factor.
            "callback" | "export" | "codes" | "disable" => return Ok(None),
            piece if piece.starts_with('{') => bail!("{path}: nobody told what {piece} is in the filled store"),
            piece => out.push_str(piece),
        }
    }
    Ok(Some(out))
}

/// What can be asked of a page beside the page itself: a search by what a tenth of all rows share, a filter, and a place
/// in the middle of each of its lists.
fn beyond(path: &str, size: Size) -> Vec<String> {
    let (middle, late) = (size.accounts / 2, size.accounts.min(10_000) / 2);
    let (app, token) = (APP + middle, TOKEN + size.tokens / 4);
    let of_app = format!("/console/apps/{}", APP + 1);
    let page = path.strip_prefix(&of_app).map_or(path, |rest| if rest.is_empty() { "app" } else { rest });
    match page {
        "/console" => vec!["q=app+1".to_owned(), format!("after={}", APP + size.accounts.min(1000) / 2)],
        "/me" => {
            vec!["q=app+1".to_owned(), "q=nothing".to_owned(), format!("after={}", APP + size.accounts.min(1000) / 2)]
        }
        "/members" => vec!["q=user1".to_owned(), format!("after={}", size.accounts.min(1000) / 2)],
        "/tokens" => vec![
            format!("before={token}"),
            format!("after={token}"),
            format!("q={}", APP_USER + 1),
            format!("q={}&before={}", APP_USER + 1, TOKEN + late),
            format!("q={token}"),
        ],
        "/operator/accounts" => vec!["q=user1".to_owned(), "show=blocked".to_owned(), format!("after={middle}")],
        "/operator/apps" => vec!["q=app+1".to_owned(), "show=sanctioned".to_owned(), format!("before={app}")],
        "/operator/assets" => vec!["q=account+1".to_owned(), format!("group=moment&after={middle}")],
        "/operator/requests" => vec!["over=yes".to_owned()],
        "/operator/accounts/1" => {
            ["members", "lent", "holdings", "sessions"].map(|list| format!("list={list}")).to_vec()
        }
        "/operator/audit" => {
            let day = "2026-09-01";
            let (actor, act) = ("actor=user3%40example.com", "act=app.quota");
            let on = format!("kind=app&id={}", APP + 1);
            vec![
                format!("after={middle}"),
                actor.to_owned(),
                act.to_owned(),
                format!("{actor}&{act}"),
                on.clone(),
                format!("{on}&{actor}&{act}"),
                format!("until={day}"),
                format!("{actor}&{act}&since=2026-08-20&until={day}"),
                format!("{actor}&since=2026-08-20&until={day}"),
            ]
        }
        path if path == format!("/me/apps/{}", APP + 1) => vec![
            "q=9".to_owned(),
            "q=nothing".to_owned(),
            format!("assets=moment%3A{late}"),
            format!("tokens={}", TOKEN + late),
            format!("consents={}", CONSENT + late),
        ],
        _ => Vec::new(),
    }
}

/// Where the links of this kind on a page lead.
fn ways(body: &str, rel: &str) -> Vec<String> {
    let links = body.split("<a ").skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    let links = links.filter(|tag| tag.contains(&format!("rel=\"{rel}\"")));
    let href = |tag: &str| {
        tag.split_once("href=\"")?.1.split_once('"').map(|(href, _)| href.replace("&amp;", "&").replace("&#38;", "&"))
    };
    links.filter_map(href).map(|href| href.split('#').next().unwrap_or_default().to_owned()).collect()
}

/// The consent screen of app 1 over all assets of person 1: first, in the middle, and searched.
async fn consent_screens(router: &Router, cookie: &Sent, size: Size) -> anyhow::Result<Vec<String>> {
    let key = format!("1234567890123456789012{}", 1_000_000_000 + 1);
    let uri = "https%3A%2F%2Fapp.example.com%2Fcallback";
    let ask = format!(
        "/oauth/business/authorize?client_id={key}&response_type=code&redirect_uri={uri}&scope=moment_management"
    );
    let request = asking(&ask, cookie).body(Body::empty())?;
    let response = router.clone().oneshot(request).await?;
    let location = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    ensure!(location.starts_with("/consent?"), "{}: {location}", response.status());
    let middle = size.accounts.min(10_000) / 2;
    let more = ["", &format!("&page.moment=after%3A{middle}"), "&find.moment=count+9", "&find.moment=nothing"];
    Ok(more.iter().map(|more| format!("{location}{more}")).collect())
}

/// A header of every request: who asks.
type Sent = (HeaderName, String);

/// A request as a browser sends it.
fn asking(path: &str, who: &Sent) -> axum::http::request::Builder {
    Request::get(path).header(header::HOST, "localhost").header(who.0.clone(), &who.1)
}

async fn measure(router: &Router, path: &str, who: &Sent, rounds: usize) -> anyhow::Result<(Cost, String)> {
    let mut spans = Vec::new();
    let mut last = Vec::new();
    for round in 0..=rounds {
        let request = asking(path, who).header(header::ACCEPT_LANGUAGE, "ko");
        let request = request.body(Body::empty())?;
        let begun = Instant::now();
        let response = router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = begun.elapsed();
        let location = |body: &[u8]| String::from_utf8_lossy(body).chars().take(400).collect::<String>();
        ensure!(status == 200, "{status}: {}", location(&body));
        last = body.to_vec();
        // The first one warms up.
        if round > 0 {
            spans.push(took);
        }
    }
    spans.sort();
    let (best, median, worst) = (spans[0], spans[spans.len() / 2], spans[spans.len() - 1]);
    let cost = Cost { path: path.to_owned(), bytes: last.len(), best, median, worst };
    Ok((cost, String::from_utf8_lossy(&last).into_owned()))
}

fn print(costs: &[Cost]) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["PAGE", "KB", "BEST ms", "MEDIAN ms", "WORST ms"]);
    let ms = |span: Duration| format!("{:.2}", span.as_secs_f64() * 1e3);
    for cost in costs {
        let size = format!("{:.1}", cost.bytes as f64 / 1e3);
        table.add_row([cost.path.clone(), size, ms(cost.best), ms(cost.median), ms(cost.worst)]);
    }
    println!("{table}");
}
