//! The paths of the table, one function each.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::runtime::Runtime;

use super::child::{self, Running};
use super::load::{self, Drive, Outcome, Script};
use super::peer::Records;
use super::place::{self, Amount};
use super::script::{self, Redeem, Revoke, Same, Tokeninfo};
use super::{Options, Row, by_turns, median, peer, rate};
use crate::Engine;

type Measure = fn(&Options, &Runtime) -> anyhow::Result<Vec<Row>>;

/// Every path and its word.
pub(super) const ALL: &[(&str, Measure)] = &[
    ("tokeninfo", tokeninfo),
    ("ips", ips),
    ("redeem", redeem),
    ("revoke", revoke),
    ("tokeninfo-pg", tokeninfo_served),
    ("redeem-pg", redeem_served),
    ("flow", flow),
    ("start", start),
    ("memory", memory),
    ("growth", growth),
    ("sweep", sweep),
    ("peer", peer),
];

/// How many tokens a server remembers that is told nothing of it.
const ROOM: i64 = 1_000_000;

/// What the server is told; the token rate stays on, and is never reached.
fn settings(options: &Options) -> Vec<(&'static str, String)> {
    vec![("log", options.log.clone()), ("token_rate", "1000000000".into()), ("remembered_tokens", "10000000".into())]
}

fn serve(options: &Options, data: &Path, more: &[(&str, &str)]) -> anyhow::Result<Running> {
    let settings = settings(options);
    let own = settings.iter().map(|(name, value)| (*name, value.as_str()));
    child::server(data, &own.chain(more.iter().copied()).collect::<Vec<_>>())
}

fn turn(
    options: &Options,
    address: SocketAddr,
    connections: usize,
    script: &mut impl Script,
) -> anyhow::Result<Outcome> {
    turn_for(options.seconds, address, (connections, 200), script)
}

fn turn_for(
    seconds: f64,
    address: SocketAddr,
    (connections, status): (usize, u16),
    script: &mut impl Script,
) -> anyhow::Result<Outcome> {
    checked(
        address,
        Drive { connections, span: Duration::from_secs_f64(seconds), status, pace: None, alone: true },
        script,
    )
}

/// A turn of 64 connections, with PostgreSQL on the core of the load.
fn turn_beside(options: &Options, address: SocketAddr, script: &mut impl Script) -> anyhow::Result<Outcome> {
    let span = Duration::from_secs_f64(options.seconds);
    checked(address, Drive { connections: 64, span, status: 200, pace: None, alone: false }, script)
}

fn checked(address: SocketAddr, drive: Drive, script: &mut impl Script) -> anyhow::Result<Outcome> {
    let outcome = load::run(address, drive, script)?;
    ensure!(outcome.refused * 1000 <= outcome.answers, "{} of {} were refused", outcome.refused, outcome.answers);
    ensure!(outcome.answers > 0, "nothing was answered");
    Ok(outcome)
}

/// Bare hyper that answers as the server just did.
fn bare(server: &Running, request: &[u8], folder: &Path, status: u16) -> anyhow::Result<Running> {
    let file = folder.join(format!("answer-{status}"));
    child::recorded(server, request, &file, status)?;
    child::limit(&["http", file.to_str().context("a path")?])
}

fn tokeninfo(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = 100_000;
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: count, codes: 0 }))?;
    let server = serve(options, place.folder(), &[])?;
    let bare = bare(&server, &script::tokeninfo(1), place.folder(), 200)?;
    let mut script = Tokeninfo::new(count);
    // Tokens that are asked for again and again are the path: each was asked for once before.
    visit(&server, count)?;
    let mut rows = Vec::new();
    for connections in [64, 256] {
        let (ours, limit, ratio) = by_turns(
            options.rounds,
            || Ok(turn(options, server.address, connections, &mut script)?.rate()),
            || Ok(turn(options, bare.address, connections, &mut Same(script::tokeninfo(1)))?.rate()),
        )?;
        let what = format!("embedded, 10⁵ tokens, {connections} connections, of bare hyper");
        let goal = if connections == 64 { "≥ 0.85" } else { "" };
        rows.push(Row { what, ours: rate(ours), limit: rate(limit), ratio: Some(ratio), goal, ..Row::default() });
    }
    // The pace of both is 0.3 of what the bare one can: what a caller waits for must not depend on who is faster.
    let pace = 0.3 * turn(options, bare.address, 64, &mut Same(script::tokeninfo(1)))?.rate();
    let drive = Drive {
        connections: 64,
        span: Duration::from_secs_f64(options.seconds),
        status: 200,
        pace: Some(pace),
        alone: true,
    };
    // A tail is made of the machine's own pauses more than of anything else: it takes more turns to compare two.
    let (ours, limit, ratio) = by_turns(
        options.rounds * 3,
        || Ok(load::run(server.address, drive, &mut script)?.quantile(0.99).as_secs_f64()),
        || Ok(load::run(bare.address, drive, &mut Same(script::tokeninfo(1)))?.quantile(0.99).as_secs_f64()),
    )?;
    let micros = |seconds: f64| format!("{:.0} µs", seconds * 1e6);
    let what = "p99 at 0.3 load, of bare hyper".to_owned();
    let (ours, limit) = (micros(ours), micros(limit));
    rows.push(Row { what, ours, limit, ratio: Some(ratio), goal: "≤ 1.5", ..Row::default() });
    Ok(rows)
}

/// Asks for each token once.
fn visit(server: &Running, count: i64) -> anyhow::Result<()> {
    struct Once(Tokeninfo, i64);
    impl Script for Once {
        fn next(&mut self, connection: usize, last: &[u8], out: &mut Vec<u8>) -> bool {
            self.1 -= 1;
            self.1 >= 0 && self.0.next(connection, last, out)
        }
    }
    let outcome = turn_for(3600.0, server.address, (64, 200), &mut Once(Tokeninfo::new(count).in_order(), count))?;
    ensure!(outcome.answers == count.unsigned_abs(), "{} answers", outcome.answers);
    Ok(())
}

fn ips(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount::default()))?;
    let server = serve(options, place.folder(), &[])?;
    let whole = load::ask(server.address, &script::ips(None))?;
    let tag = load::field(&whole, "etag").context("no tag")?.to_owned();
    let mut rows = Vec::new();
    for (status, request) in [(200, script::ips(None)), (304, script::ips(Some(&tag)))] {
        let bare = bare(&server, &request, place.folder(), status)?;
        let one = |address| Ok(turn_for(options.seconds, address, (64, status), &mut Same(request.clone()))?.rate());
        let (ours, limit, ratio) = by_turns(options.rounds, || one(server.address), || one(bare.address))?;
        let what = format!("{status}, {} bytes, of bare hyper", if status == 200 { whole.len() } else { 0 });
        let goal = if status == 200 { "≥ 0.92" } else { "≥ 0.95" };
        rows.push(Row { what, ours: rate(ours), limit: rate(limit), ratio: Some(ratio), goal, ..Row::default() });
    }
    Ok(rows)
}

/// How many codes or tokens the turns may use up at so many a second.
fn provision(options: &Options, rate: f64) -> i64 {
    ((options.rounds + 1) as f64 * options.seconds * rate) as i64
}

fn redeem(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = provision(options, 70_000.0);
    let mut rows = Vec::new();
    for connections in [64, 256] {
        let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: 0, codes: count }))?;
        let copy = place.folder().join("limit.db");
        std::fs::copy(place.file(), &copy)?;
        let server = serve(options, place.folder(), &[])?;
        let limit = child::limit(&["redeem", copy.to_str().context("a path")?])?;
        let (mut ours, mut theirs) = (Redeem { next: 0, count }, Redeem { next: 0, count });
        let (ours, limit, ratio) = by_turns(
            options.rounds,
            || Ok(turn(options, server.address, connections, &mut ours)?.rate()),
            || Ok(turn(options, limit.address, connections, &mut theirs)?.rate()),
        )?;
        let what = format!("embedded, durable, {connections} connections, of least HTTP + group commit");
        let (ours, limit) = (rate(ours), rate(limit));
        rows.push(Row { what, ours, limit, ratio: Some(ratio), goal: "≥ 0.70", ..Row::default() });
    }
    Ok(rows)
}

fn revoke(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = provision(options, 110_000.0);
    let mut rows = Vec::new();
    for connections in [64, 256] {
        let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: count, codes: 0 }))?;
        let copy = place.folder().join("limit.db");
        std::fs::copy(place.file(), &copy)?;
        let server = serve(options, place.folder(), &[])?;
        let limit = child::limit(&["revoke", copy.to_str().context("a path")?])?;
        let (mut ours, mut theirs) = (Revoke { next: 0, count }, Revoke { next: 0, count });
        let (ours, limit, ratio) = by_turns(
            options.rounds,
            || Ok(turn(options, server.address, connections, &mut ours)?.rate()),
            || Ok(turn(options, limit.address, connections, &mut theirs)?.rate()),
        )?;
        let what = format!("embedded, durable, {connections} connections, of least HTTP + group commit");
        let (ours, limit) = (rate(ours), rate(limit));
        rows.push(Row { what, ours, limit, ratio: Some(ratio), goal: "≥ 0.70", ..Row::default() });
    }
    Ok(rows)
}

/// Connections to PostgreSQL of either side.
const CONNECTIONS: usize = 16;

fn tokeninfo_served(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = 100_000;
    let place = runtime.block_on(place::filled(Engine::Postgres, Amount { tokens: count, codes: 0 }))?;
    let url = place.url().context("a URL")?.to_owned();
    let server = serve(options, place.folder(), &[("database", &url)])?;
    let mut script = Tokeninfo::new(count);
    // As on the embedded engine: what is measured is a token that was asked for before, whose row is read again.
    visit(&server, count)?;
    let limit: Vec<String> = ["read".into(), url, CONNECTIONS.to_string(), "64".into(), count.to_string()]
        .into_iter()
        .chain([options.seconds.to_string()])
        .collect();
    let (ours, limit, ratio) = by_turns(
        options.rounds,
        || Ok(turn_beside(options, server.address, &mut script)?.rate()),
        || child::measured(&limit)?.first().copied().context("no figure"),
    )?;
    let what = "PostgreSQL, the row read each time, of the raw driver's pipelined reads".to_owned();
    let (ours, limit) = (rate(ours), rate(limit));
    Ok(vec![Row { what, ours, limit, ratio: Some(ratio), goal: "≥ 0.80", ..Row::default() }])
}

fn redeem_served(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = provision(options, 25_000.0);
    let place = runtime.block_on(place::filled(Engine::Postgres, Amount { tokens: 0, codes: count }))?;
    let url = place.url().context("a URL")?.to_owned();
    let server = serve(options, place.folder(), &[("database", &url)])?;
    // Both draw from one heap of codes: the server from its beginning, the driver from its middle.
    let (mut ours, mut first) = (Redeem { next: 0, count: count / 2 }, count / 2);
    let (ours, limit, ratio) = by_turns(
        options.rounds,
        || Ok(turn_beside(options, server.address, &mut ours)?.rate()),
        || {
            let words = ["trade", &url, &CONNECTIONS.to_string(), "64", &first.to_string()].map(str::to_owned);
            let found = child::measured(&words.into_iter().chain([options.seconds.to_string()]).collect::<Vec<_>>())?;
            first += found.get(1).copied().context("no count")? as i64;
            found.first().copied().context("no figure")
        },
    )?;
    let what = "PostgreSQL, 64 connections, of the same statements through the raw driver".to_owned();
    let (ours, limit) = (rate(ours), rate(limit));
    Ok(vec![Row { what, ours, limit, ratio: Some(ratio), goal: "≥ 0.80", ..Row::default() }])
}

fn flow(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount::default()))?;
    let people = runtime.block_on(place::signed_in(&place, 64))?;
    let server = serve(options, place.folder(), &[("issuance_limit", "0")])?;
    let bare = bare(&server, &script::tokeninfo(1), place.folder(), 401)?;
    let mut script = super::flow::Flow::new(people);
    let drive =
        Drive { connections: 64, span: Duration::from_secs_f64(options.seconds), status: 0, pace: None, alone: true };
    let (ours, limit, ratio) = by_turns(
        options.rounds,
        || {
            script.begin();
            let outcome = load::run(server.address, drive, &mut script)?;
            ensure!(script.failed.is_none(), "{:?}", script.failed);
            Ok(outcome.rate())
        },
        || Ok(load::run(bare.address, drive, &mut Same(script::tokeninfo(1)))?.rate()),
    )?;
    let what = "authorize → screen → agree → token, requests, of bare hyper".to_owned();
    let (ours, limit) = (rate(ours), rate(limit));
    let mut rows = vec![Row { what, ours, limit, ratio: Some(ratio), goal: "report", ..Row::default() }];
    // Where the time goes: one person, who waits for nobody else.
    script.begin();
    load::run(server.address, Drive { connections: 1, ..drive }, &mut script)?;
    ensure!(script.failed.is_none(), "{:?}", script.failed);
    for (step, waits) in super::flow::STEPS.iter().zip(&script.waits) {
        let each = median(waits.iter().map(Duration::as_secs_f64).collect());
        let ours = format!("{:.0} µs", each * 1e6);
        rows.push(Row { what: format!("{step}, one person alone"), ours, goal: "report", ..Row::default() });
    }
    Ok(rows)
}

fn start(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let empty = runtime.block_on(place::filled(Engine::Sqlite, Amount::default()))?;
    let full = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: 1_000_000, codes: 0 }))?;
    let new = || -> anyhow::Result<f64> {
        let folder = tempfile::TempDir::new()?;
        Ok(serve(options, folder.path(), &[])?.started.as_secs_f64())
    };
    let one = |folder: &Path| Ok(serve(options, folder, &[])?.started.as_secs_f64());
    let fresh = median((0..options.rounds).map(|_| new()).collect::<anyhow::Result<_>>()?);
    let (ours, limit, ratio) = by_turns(options.rounds, || one(full.folder()), || one(empty.folder()))?;
    let ms = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
    let first = Row { what: "no database yet".into(), ours: ms(fresh), goal: "≤ 50 ms", ..Row::default() };
    let what = "10⁶ tokens, of a store without any".to_owned();
    let second = Row { what, ours: ms(ours), limit: ms(limit), ratio: Some(ratio), goal: "≤ 1.2", ..Row::default() };
    Ok(vec![first, second])
}

fn memory(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = 1_000_000;
    let mib = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: count, codes: 0 }))?;
    let server = serve(options, place.folder(), &[])?;
    std::thread::sleep(Duration::from_millis(500));
    let idle = server.memory()?;
    let (each, after) = remembering(&server, count)?;
    drop(server);
    // With five assets each, and no more room than the setting has by itself.
    place::lend_five(&place)?;
    let server = serve(options, place.folder(), &[("remembered_tokens", "1000000")])?;
    let said = load::ask(server.address, &script::tokeninfo(1))?;
    let said = String::from_utf8_lossy(&said);
    ensure!(["00001", "00002", "00003", "00004"].iter().all(|id| said.contains(id)), "{said}");
    let (of_five, five) = remembering(&server, count)?;
    let row = |what: &str, ours: String, goal| Row { what: what.into(), ours, goal, ..Row::default() };
    Ok(vec![
        row("idle", mib(idle), "≤ 15 MB"),
        row("a remembered token", format!("{each:.0} bytes"), "≤ 140 bytes"),
        row("with 10⁶ remembered", mib(after), "report"),
        row("with room for 10⁶, asked about 10⁶ of five assets each", mib(five), "report"),
        row("the same, for each token of the setting", format!("{of_five:.0} bytes"), "≤ 140 bytes"),
    ])
}

/// Asks about so many tokens: what each took, and all with the process.
fn remembering(server: &Running, count: i64) -> anyhow::Result<(f64, u64)> {
    // The first thousand bring buffers and pages of the database; they are no tokens' fault.
    visit(server, 1000)?;
    let before = server.memory()?;
    visit(server, count)?;
    let after = server.memory()?;
    Ok(((after - before) as f64 / (count - 1000) as f64, after))
}

fn growth(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let small = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: 1000, codes: 0 }))?;
    let few = serve(options, small.folder(), &[])?;
    visit(&few, 1000)?;
    let mut rows = Vec::new();
    for count in [100_000, options.largest] {
        let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: count, codes: 0 }))?;
        let against_few = |settings: &[(&str, &str)], room: &str, goal| -> anyhow::Result<Row> {
            let many = serve(options, place.folder(), settings)?;
            visit(&many, count)?;
            let (mut script, mut least) = (Tokeninfo::new(count), Tokeninfo::new(1000));
            let (ours, limit, ratio) = by_turns(
                options.rounds,
                || Ok(turn(options, many.address, 64, &mut script)?.rate()),
                || Ok(turn(options, few.address, 64, &mut least)?.rate()),
            )?;
            let what = format!("tokeninfo with {count} tokens{room}, of 1000");
            let (ours, limit) = (rate(ours), rate(limit));
            Ok(Row { what, ours, limit, ratio: Some(ratio), goal, ..Row::default() })
        };
        rows.push(against_few(&[], "", "≥ 0.85")?);
        if count > ROOM {
            let settings = [("remembered_tokens", &*ROOM.to_string())];
            rows.push(against_few(&settings, &format!(", {ROOM} of them remembered"), "report")?);
        }
    }
    Ok(rows)
}

fn sweep(_: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let held = runtime.block_on(place::swept())?;
    let ours = format!("{:.1} ms", held.as_secs_f64() * 1e3);
    let what = "longest hold of the writer, 200 000 ended rows of five kinds".to_owned();
    Ok(vec![Row { what, ours, goal: "≤ 20 ms", ..Row::default() }])
}

fn peer(options: &Options, runtime: &Runtime) -> anyhow::Result<Vec<Row>> {
    let count = 100_000;
    let place = runtime.block_on(place::filled(Engine::Sqlite, Amount { tokens: count, codes: 0 }))?;
    let server = serve(options, place.folder(), &[])?;
    visit(&server, count)?;
    let mut script = Tokeninfo::new(count);
    let mut rows = Vec::new();
    for (records, its, goal) in [(Records::Sqlite, "in SQLite", "≥ 25"), (Records::Memory, "in memory", "report")] {
        let peer = peer::start(records, count as usize)?;
        let mut asked = peer.script()?;
        let (ours, limit, ratio) = by_turns(
            options.rounds,
            || Ok(turn(options, server.address, 64, &mut script)?.rate()),
            || Ok(turn(options, peer.running.address, 64, &mut asked)?.rate()),
        )?;
        let what = format!("tokeninfo, of oidc-provider's introspection, its records {its}");
        let (ours, limit) = (rate(ours), rate(limit));
        rows.push(Row { what, ours, limit, ratio: Some(ratio), goal, ..Row::default() });
    }
    Ok(rows)
}
