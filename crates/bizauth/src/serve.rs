//! Running the server: store, listeners, sweep, and an orderly stop. `bizauth serve` and `bizauth dev` both end here.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bizauth_store::{Actor, Store, Who};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::{Config, Database};
use crate::entropy::Entropy;
use crate::home;
use crate::http::hot::Hot;
use crate::http::listen::{Limits, Listen, Workers};
use crate::http::operator;
use crate::http::reply::log_breakage;
use crate::http::state::AppState;
use crate::http::tls::{Certificate, TlsError};
use crate::ip_list::signing::{SigningError, SigningKey};
use crate::ip_list::webhooks;
use crate::request_lines::{Lines, WRITTEN_EVERY};

/// The embedded database's file in the data folder.
pub const DATABASE_FILE: &str = "bizauth.db";
/// How often what has ended is cleared away.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How often somebody looks whether the database is still the one that it was.
const WATCHED_EVERY: Duration = Duration::from_secs(60);
/// How many rows one sweep takes of each kind: a few milliseconds of the writer's time.
pub const SWEEP_ROWS: i64 = 500;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data folder cannot be made or used.
    #[error("the data folder {} cannot be used", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] bizauth_store::Error),
    /// There are no threads to serve connections on.
    #[error("cannot start the threads that serve connections")]
    Threads(#[source] io::Error),
    /// The IP list cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The database is a copy, and what was revoked since would live again.
    #[error(transparent)]
    Home(#[from] home::Stranger),
    /// The signals of the system cannot be heard.
    #[error("cannot listen for signals")]
    Signal(#[source] io::Error),
}

/// Opens the store that the configuration names; an embedded one's folder is made, for its owner only.
///
/// # Errors
/// A folder or database that cannot be used. The schema is not looked at.
pub fn open_store(config: &Config) -> Result<Store, Error> {
    let node = Entropy::System.node();
    match &config.database {
        Database::Sqlite => {
            let broken = |source| Error::Folder { folder: config.data.clone(), source };
            make_private(&config.data).map_err(broken)?;
            let file = config.data.join(DATABASE_FILE);
            make_file_private(&file).map_err(broken)?;
            Ok(Store::embedded(&file, node)?)
        }
        Database::Postgres(url) => {
            let connections = usize::try_from(config.database_connections).unwrap_or(16);
            Ok(Store::postgres(url.expose(), connections, node)?)
        }
    }
}

fn make_private(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The database is its owner's alone, whatever its folder allows; SQLite gives its log the same mode.
fn make_file_private(file: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// How many callers may have come in before they are taken, and how many may have knocked: as many as Linux allows unless it
/// is told otherwise (`net.core.somaxconn`). One more of a crowd that comes at once, as behind a proxy after a restart, is
/// not heard, and knocks again a second later.
const QUEUE: u32 = 4096;

/// Binds an address. Within a runtime.
///
/// # Errors
/// It is taken, or not this machine's.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A server that is started anew need not wait until the connections of the last one are forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(QUEUE)
    };
    bound().map_err(|source| Error::Bind { address, source })
}

/// Runs the server by its configuration until it is told to stop.
///
/// # Errors
/// Why it does not start. Once it runs, it ends without one.
pub async fn serve(config: Config) -> Result<(), Error> {
    let tls = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(Certificate::load(certificate, key)?),
        _ => None,
    };
    // Better told now than to the first follower that asks for a signature.
    config.ip_signing_key.as_deref().map(SigningKey::load).transpose()?;
    allow_files();
    let store = open_store(&config)?;
    let remembered = usize::try_from(config.remembered_tokens).unwrap_or(usize::MAX);
    let state = AppState::new(store, config);
    let applied = state.store.migrate(state.clock.now()).await?;
    if !applied.is_empty() {
        tracing::info!(?applied, "schema brought up to date");
    }
    home::enter(&state.store, &state.config, &state.entropy).await?;
    let store = state.store.clone().remembering(remembered)?;
    let lines = Lines::of_process(state.config.log_format).map(Arc::new);
    let state = AppState { store, lines: lines.clone(), ..state };
    let writer = lines.map(|lines| tokio::spawn(write_lines(lines)));
    let listener = bind(state.config.listen)?;
    let operators = bind(state.config.operator_listen)?;
    let stopping = Arc::new(AtomicBool::new(false));
    let local = |listener: &TcpListener| listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let local_operator = local(&operators);
    let operator = tokio::spawn(serve_operators(operators, state.clone(), stopping.clone()));
    // Before anybody is told that it listens: whoever hears that may tell it to stop.
    let stop = stop_signal(tls.clone()).map_err(Error::Signal)?;
    tracing::info!(listen = local(&listener), operator = local_operator, tls = tls.is_some(), "listening");
    let (leaving, from) = (state.store.clone(), state.config.clone());
    // No service manager listens unless NOTIFY_SOCKET says so; then this does nothing.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let workers = Workers::start().map_err(Error::Threads)?;
    let cut = run(state, listener, tls, Some(workers), async move {
        stop.await;
        stopping.store(true, Ordering::Relaxed);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        home::leave(&leaving, &from, &Entropy::System).await;
    })
    .await;
    operator.abort();
    if let Some(writer) = writer {
        writer.abort();
        // Dropped, it writes out what waits.
        let _ = writer.await;
    }
    tracing::info!(cut, "stopped");
    Ok(())
}

/// Takes as many open files as the system allows: every connection is one, and shells start programs with 1024.
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Refused, it stays as it was, and the accept loop says what is missing when it is.
    let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
}

/// Answers on `listener` until `stop`, on `workers` or on this runtime, sweeping now and then; then finishes what is in
/// flight and closes the store.
/// Says how many requests had to be cut off.
pub async fn run(
    state: AppState,
    listener: TcpListener,
    tls: Option<Arc<Certificate>>,
    workers: Option<Workers>,
    stop: impl Future<Output = ()> + Send,
) -> usize {
    let limits = Limits {
        drain: state.config.drain_timeout,
        per_address: usize::try_from(state.config.connections_per_address).unwrap_or(usize::MAX),
        proxies: state.config.trusted_proxies.clone(),
        ..Limits::default()
    };
    let open = state.metrics.connections();
    let tls = tls.map(|certificate| certificate.acceptor());
    let hot = Some(Hot::new(&state));
    let front = |router| Listen { tls, limits, open, hot, workers, ..Listen::new(listener, router) }.until(stop);
    attended(state, front).await
}

/// Runs a front over the router of `state` to its end; meanwhile sweeps now and then and keeps what is counted, and at
/// last closes the store.
pub async fn attended<F: Future>(state: AppState, front: impl FnOnce(axum::Router) -> F) -> F::Output {
    let sweeper = tokio::spawn(sweep(state.clone()));
    let watcher = tokio::spawn(watch(state.clone()));
    let teller = tokio::spawn(tell(state.clone()));
    let (serving, stopped) = tokio::sync::oneshot::channel::<()>();
    let keeper = tokio::spawn({
        let (usage, store) = (state.usage.clone(), state.store.clone());
        async move { usage.run(&store, async { drop(stopped.await) }).await }
    });
    let ended = front(crate::http::router(state.clone())).await;
    sweeper.abort();
    watcher.abort();
    // What it holds a lease of is told by the next server, or by another node.
    teller.abort();
    drop(serving);
    // It keeps what was counted last; a panic in it is in the log.
    let _ = keeper.await;
    state.store.close().await;
    ended
}

/// Writes the log's lines of requests out every moment, and once more when it is dropped.
async fn write_lines(lines: Arc<Lines>) {
    struct Last(Arc<Lines>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.write_out();
        }
    }
    let last = Last(lines);
    loop {
        tokio::time::sleep(WRITTEN_EVERY).await;
        last.0.write_out();
    }
}

async fn watch(state: AppState) {
    loop {
        tokio::time::sleep(WATCHED_EVERY).await;
        home::keep_watch(&state.store, &state.config).await;
    }
}

async fn sweep(state: AppState) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        if let Err(error) = trim_audit(&state).await {
            log_breakage(&error);
        }
        loop {
            match state.store.sweep(SWEEP_ROWS, state.clock.now()).await {
                Ok(swept) if swept.more => {}
                Ok(_) => break,
                Err(error) => {
                    log_breakage(&error);
                    break;
                }
            }
        }
    }
}

/// Tells the webhooks of the IP list what happened.
pub async fn tell(state: AppState) {
    let sender = webhooks::Sender::new(state.config.ip_webhooks_inside);
    loop {
        tokio::time::sleep(webhooks::EVERY).await;
        while match webhooks::tell(&state, &sender).await {
            Ok(sent) => sent > 0,
            Err(error) => {
                log_breakage(&error);
                false
            }
        } {}
    }
}

/// Removes what is older than the audit log is kept. A log that is not full of old entries costs one look a minute.
async fn trim_audit(state: &AppState) -> bizauth_store::Result<()> {
    let Some(kept) = state.config.audit_retention else { return Ok(()) };
    let now = state.clock.now();
    let server = Actor { who: Who::Server, name: "retention".to_owned(), from: None, at: now };
    while state.store.by(server.clone()).trim_audit(now.minus(kept), SWEEP_ROWS).await? == SWEEP_ROWS {}
    Ok(())
}

/// Answers on the operator's listener. `stopping`: the server drains, and is ready for nothing new.
pub async fn serve_operators(listener: TcpListener, state: AppState, stopping: Arc<AtomicBool>) {
    let store = state.store.clone();
    let probe = move || {
        let (store, stopping) = (store.clone(), stopping.clone());
        async move {
            if stopping.load(Ordering::Relaxed) {
                return Err("the server is stopping".to_owned());
            }
            // The chain may name hosts and statements: the log has it, the probe one sentence.
            store.ping().await.map_err(|error| {
                log_breakage(&error);
                "the store does not answer".to_owned()
            })
        }
    };
    Listen::new(listener, operator::router(state, probe)).until(std::future::pending()).await;
}

/// Ends on SIGTERM or SIGINT. SIGHUP reads the certificate anew, or ends it too where there is none.
fn stop_signal(tls: Option<Arc<Certificate>>) -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = term.recv() => return,
                _ = int.recv() => return,
                _ = hangup.recv() => match tls.as_ref().map(|certificate| certificate.reload()) {
                    Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
                    Some(Ok(())) => tracing::info!("certificate read anew"),
                    // There is no certificate to read anew: the terminal is gone, and so are we.
                    None => return,
                },
            }
        }
    })
}

/// Ends on SIGTERM, SIGINT or SIGHUP, which are heard from the call on.
///
/// # Errors
/// The signals of the system cannot be heard.
pub fn stopped() -> Result<impl Future<Output = ()> + Send, Error> {
    stop_signal(None).map_err(Error::Signal)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_crowd_that_comes_at_once_waits_inside() {
        // As many as the system lets wait at all.
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
        let most = allowed.and_then(|text| text.trim().parse().ok()).map_or(400, |most: usize| most.min(400));
        for here in [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))] {
            let listener = match bind(here) {
                // Not every machine speaks IPv6.
                Err(Error::Bind { source, .. }) if here.is_ipv6() && has_no_v6(&source) => continue,
                bound => bound.unwrap(),
            };
            let to = listener.local_addr().unwrap();
            let mut crowd = Vec::new();
            for number in 0..most {
                let came = timeout(Duration::from_millis(900), TcpStream::connect(to)).await;
                crowd.push(came.unwrap_or_else(|_| panic!("number {number} was not heard")).unwrap());
            }
            assert!(matches!(bind(to), Err(Error::Bind { .. })), "taken");
        }
    }

    fn has_no_v6(error: &io::Error) -> bool {
        // EAFNOSUPPORT
        error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(97)
    }
}
