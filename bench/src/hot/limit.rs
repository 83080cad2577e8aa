//! The limits that the server is held against: each the least program that does the same work, run as a process of its
//! own on the core where the server would run. The first line it prints is its address.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use anyhow::Context as _;
use bizauth_core::secret::{Credential, Digest, Secret};
use clap::Subcommand;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::pg;

/// Which limit.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Limit {
    /// Bare hyper that says the answer in this file (status line, fields, body) whatever it is asked
    Http { answer: PathBuf },
    /// Least HTTP, and codes redeemed by one writer with group commit
    Redeem { database: PathBuf },
    /// The same for revocations
    Revoke { database: PathBuf },
    /// Primary-key reads through the raw driver, pipelined; no HTTP
    Read { url: String, connections: usize, callers: usize, tokens: i64, seconds: f64 },
    /// Codes redeemed through the raw driver; no HTTP
    Trade { url: String, connections: usize, callers: usize, first: i64, seconds: f64 },
}

/// Runs one.
pub(crate) fn run(limit: Limit) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match limit {
            Limit::Http { answer } => http(&answer).await,
            Limit::Redeem { database } => writing(&database, Work::Redeem).await,
            Limit::Revoke { database } => writing(&database, Work::Revoke).await,
            Limit::Read { url, connections, callers, tokens, seconds } => {
                pg::read(&url, connections, callers, tokens, seconds).await
            }
            Limit::Trade { url, connections, callers, first, seconds } => {
                pg::trade(&url, connections, callers, first, seconds).await
            }
        }
    })
}

async fn listen() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(listener)
}

async fn http(file: &Path) -> anyhow::Result<()> {
    let said = std::fs::read(file)?;
    let head = super::load::find(&said, b"\r\n\r\n").context("no head")?;
    let body = Bytes::copy_from_slice(&said[head + 4..]);
    let text = std::str::from_utf8(&said[..head])?;
    let status: StatusCode = text[9..12].parse()?;
    let fields: Vec<(hyper::header::HeaderName, hyper::header::HeaderValue)> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !["date", "content-length"].contains(&&*name.to_ascii_lowercase()))
        .map(|(name, value)| Ok((name.parse()?, value.parse()?)))
        .collect::<anyhow::Result<_>>()?;
    let answer = move || {
        let mut response = Response::new(Full::new(body.clone()));
        *response.status_mut() = status;
        for (name, value) in &fields {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    };
    let listener = listen().await?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(answer())
                }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

#[derive(Clone, Copy)]
enum Work {
    Redeem,
    Revoke,
}

/// A code or a token, and the id of a new token with its digest.
struct Job {
    id: i64,
    digest: Digest,
    fresh: (i64, Digest),
    done: oneshot::Sender<bool>,
}

async fn writing(database: &Path, work: Work) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(database)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
    let (queue, waiting) = mpsc::channel::<Job>();
    let callers = Handle::current();
    std::thread::spawn(move || match work {
        Work::Redeem => redeem(&connection, &waiting, &callers),
        Work::Revoke => revoke(&connection, &waiting, &callers),
    });
    let listener = listen().await?;
    let ids = std::sync::Arc::new(bizauth_core::id::IdSource::new(1));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (queue, ids) = (queue.clone(), ids.clone());
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let (queue, ids) = (queue.clone(), ids.clone());
                async move { Ok::<_, Infallible>(answer(request, work, &queue, &ids).await) }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    work: Work,
    queue: &mpsc::Sender<Job>,
    ids: &bizauth_core::id::IdSource,
) -> Response<Full<Bytes>> {
    let refused = || Response::builder().status(400).body(Full::default()).expect("a status is a response");
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(body) = request.into_body().collect().await else { return refused() };
    let body = body.to_bytes();
    let read = match work {
        Work::Redeem => {
            let text = std::str::from_utf8(&body).unwrap_or_default();
            let code = text.split('&').find_map(|pair| pair.strip_prefix("code="));
            code.and_then(|code| Credential::Code.read(code))
        }
        Work::Revoke => bearer.as_deref().and_then(|text| Credential::Token.read(text.strip_prefix("Bearer ")?)),
    };
    let Some((id, secret)) = read else { return refused() };
    let now = bizauth::clock::Clock::System.now();
    let fresh: Secret = bizauth::entropy::Entropy::System.secret();
    let token = ids.next(now);
    let (done, told) = oneshot::channel();
    let job = Job { id, digest: secret.digest(), fresh: (token, fresh.digest()), done };
    if queue.send(job).is_err() || told.await != Ok(true) {
        return refused();
    }
    let text = match work {
        Work::Redeem => format!(
            "{{\"access_token\":\"{}\",\"token_type\":\"bearer\",\"scope\":\"moment_management\"}}",
            Credential::Token.spell(token, &fresh)
        ),
        Work::Revoke => format!("{{\"id\":\"{id}\",\"token_user_id\":\"{id}\"}}"),
    };
    let response = Response::builder().header("content-type", "application/json;charset=UTF-8");
    let response = response.header("cache-control", "no-store").header("pragma", "no-cache");
    response.body(Full::new(text.into())).expect("these are fields")
}

/// The group that waits now: the first one, whoever came meanwhile and, where the last group was a crowd, whoever shares
/// the core and is about to come.
fn group(waiting: &mpsc::Receiver<Job>, crowd: &mut bool) -> Option<Vec<Job>> {
    let mut group = vec![waiting.recv().ok()?];
    loop {
        group.extend(waiting.try_iter().take(256 - group.len()));
        if !*crowd || group.len() == 256 {
            break;
        }
        std::thread::yield_now();
        match waiting.try_recv() {
            Ok(job) => group.push(job),
            Err(_) => break,
        }
    }
    *crowd = group.len() > 1;
    Some(group)
}

/// Tells all callers of a group, for whom their event loop is woken once.
fn tell(callers: &Handle, group: Vec<Job>, told: Vec<bool>) {
    callers.spawn(async move {
        for (job, told) in group.into_iter().zip(told) {
            let _ = job.done.send(told);
        }
    });
}

fn redeem(connection: &rusqlite::Connection, waiting: &mpsc::Receiver<Job>, callers: &Handle) {
    let work = || -> rusqlite::Result<()> {
        let mut find = connection.prepare(
            "SELECT consent_id, key_id, app_id, user_id, app_era, user_era FROM codes
             WHERE id = ?1 AND digest = ?2 AND redeemed_at IS NULL",
        )?;
        let mut claim = connection.prepare("UPDATE codes SET redeemed_at = ?1, token_id = ?2 WHERE id = ?3")?;
        let mut take = connection.prepare(
            "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held) VALUES ('token', ?1, ?2, ?3, 1, 0)
             ON CONFLICT (kind, subject, starts_at) DO UPDATE SET taken = counters.taken + 1",
        )?;
        let mut issue = connection.prepare(
            "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        )?;
        let mut crowd = false;
        while let Some(group) = group(waiting, &mut crowd) {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let mut told = Vec::with_capacity(group.len());
            for job in &group {
                let now = bizauth::clock::Clock::System.now().millis();
                let row = {
                    let mut rows = find.query((job.id, &job.digest.0[..]))?;
                    match rows.next()? {
                        Some(row) => {
                            let mut ids = [0_i64; 6];
                            for (at, id) in ids.iter_mut().enumerate() {
                                *id = row.get(at)?;
                            }
                            Some(ids)
                        }
                        None => None,
                    }
                };
                if let Some(it) = row {
                    claim.execute((now, job.fresh.0, job.id))?;
                    let window = now / 60_000 * 60_000;
                    take.execute((it[1].to_string(), window, window + 60_000))?;
                    let digest = &job.fresh.1.0[..];
                    issue.execute((job.fresh.0, digest, it[0], it[1], it[2], it[3], it[4], it[5], now))?;
                }
                told.push(row.is_some());
            }
            connection.execute_batch("COMMIT")?;
            tell(callers, group, told);
        }
        Ok(())
    };
    if let Err(error) = work() {
        eprintln!("redeem: {error}");
    }
}

fn revoke(connection: &rusqlite::Connection, waiting: &mpsc::Receiver<Job>, callers: &Handle) {
    let work = || -> rusqlite::Result<()> {
        let mut end = connection.prepare(
            "UPDATE tokens SET revoked_at = ?1, updated_at = ?1 WHERE id = ?2 AND digest = ?3 AND revoked_at IS NULL",
        )?;
        let mut crowd = false;
        while let Some(group) = group(waiting, &mut crowd) {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let mut told = Vec::with_capacity(group.len());
            for job in &group {
                let now = bizauth::clock::Clock::System.now().millis();
                told.push(end.execute((now, job.id, &job.digest.0[..]))? > 0);
            }
            connection.execute_batch("COMMIT")?;
            tell(callers, group, told);
        }
        Ok(())
    };
    if let Err(error) = work() {
        eprintln!("revoke: {error}");
    }
}
