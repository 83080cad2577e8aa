//! The accept loop: sockets in, requests to the router, an orderly stop. What a caller may cost us before any handler
//! sees it (time, bytes, connections) is bounded here and nowhere else; bodies and answers are the router's.
//!
//! Our own, because `axum::serve` installs no timer: its header timeout never fires, and a connection that sends
//! nothing is held for ever.

mod aside;
mod crowd;
#[cfg(test)]
mod harm;
pub mod plain;
mod pulse;
mod streams;
#[cfg(test)]
mod tests;
mod workers;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, body::Body, response::IntoResponse};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use ipnet::IpNet;
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Sleep, sleep, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::hot::Hot;
use aside::aside;
use crowd::{Crowd, Seat};
use pulse::{Crowded, InFlight, Next, Paced, Pulse};
use streams::Streams;
pub use workers::Workers;

/// Time in which those who were taken last, at a stop, are read before they are told of it.
const LATE: Duration = Duration::from_millis(100);

/// The other end of the connection, in the extensions of every request. Behind a proxy this is the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address and port that the socket tells.
    pub address: SocketAddr,
    /// Whether TLS ended here.
    pub tls: bool,
}

/// What one connection, and all of them together, may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Open connections of one address (on IPv6 of a /64), further ones are closed at once; 0 is no limit.
    pub per_address: usize,
    /// Whom that does not concern: proxies, behind whose address many stand.
    pub proxies: Vec<IpNet>,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time from the connection, or from the first byte of a later request, to the end of the request's header.
    pub header: Duration,
    /// Time between requests.
    pub idle: Duration,
    /// Time in which a caller must take some of what we send.
    pub stalled: Duration,
    /// Bytes of a request's header, its line included. The number of fields is bounded by hyper: 100 on HTTP/1.
    pub header_bytes: u32,
    /// Requests at a time on one HTTP/2 connection.
    pub streams: u32,
    /// Time that requests in flight are given at the stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        let seconds = Duration::from_secs;
        Limits {
            connections: 10_000,
            per_address: 1000,
            proxies: Vec::new(),
            handshake: seconds(10),
            header: seconds(10),
            // Longer than proxies usually keep an idle connection (60 s), so that the proxy closes first: the
            // other way round it sends requests into connections that we are just closing.
            idle: seconds(75),
            stalled: seconds(30),
            header_bytes: 32 * 1024,
            streams: 100,
            drain: seconds(20),
        }
    }
}

/// A listener that is ready to serve.
pub struct Listen {
    /// The bound socket.
    pub listener: TcpListener,
    /// Ends TLS here, if given.
    pub tls: Option<TlsAcceptor>,
    /// Answers the requests.
    pub router: Router,
    /// Answers some of them before the router is asked.
    pub hot: Option<Hot>,
    /// Serve the connections; without, the runtime that accepts them does.
    pub workers: Option<Workers>,
    /// Bounds the callers.
    pub limits: Limits,
    /// Shows the number of open connections.
    pub open: Gauge,
}

/// What the connections are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Cut,
}

struct Shared {
    http: Builder<Streams>,
    /// For connections on which HTTP/1.1 was spoken already.
    http1: Builder<Streams>,
    tls: Option<TlsAcceptor>,
    router: Router,
    hot: Option<Hot>,
    limits: Limits,
    in_flight: InFlight,
    crowded: Crowded,
}

impl Listen {
    /// A plain listener with the default limits.
    pub fn new(listener: TcpListener, router: Router) -> Listen {
        Listen {
            listener,
            tls: None,
            router,
            hot: None,
            workers: None,
            limits: Limits::default(),
            open: Gauge::default(),
        }
    }

    /// Serves until `stop` is ready, then lets the requests in flight finish. Returns how many had to be cut.
    pub async fn until(self, stop: impl Future<Output = ()>) -> usize {
        let Listen { listener, tls, router, hot, workers, limits, open } = self;
        let slots = Arc::new(Semaphore::new(limits.connections));
        let crowd = Arc::new(Crowd::new(limits.per_address, limits.proxies.clone()));
        let (in_flight, crowded) = (InFlight::default(), Crowded::default());
        let shared = Arc::new(Shared {
            http: http(&limits),
            http1: http(&limits).http1_only(),
            tls,
            router,
            hot,
            limits,
            in_flight,
            crowded,
        });
        let (phase, _) = watch::channel(Phase::Serving);
        let take = |socket: TcpStream, address: SocketAddr, slot: OwnedSemaphorePermit| {
            let Some(seat) = crowd.admit(address.ip()) else { return };
            let held = Held { open: open.clone(), _slot: slot, _seat: seat };
            held.open.inc();
            let (shared, phase) = (Arc::clone(&shared), phase.subscribe());
            match &workers {
                None => drop(tokio::spawn(connection(socket, address, shared, phase, held))),
                // A socket that cannot be moved is dead already.
                Some(workers) => {
                    let Ok(socket) = socket.into_std() else { return };
                    workers.serve(socket, move |socket| connection(socket, address, shared, phase, held));
                }
            }
        };
        let mut stop = pin!(stop);
        loop {
            shared.crowded.note(slots.available_permits(), shared.limits.connections);
            // A slot before a socket: at the limit, callers wait in the kernel's queue and cost us nothing.
            let slot = select! {
                biased;
                () = &mut stop => break,
                slot = Arc::clone(&slots).acquire_owned() => slot.expect("the semaphore is never closed"),
            };
            let accepted = select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => take(socket, address, slot),
                Err(error) if is_the_callers(&error) => {}
                Err(error) => {
                    // Usually EMFILE: the next call fails at once too, and would spin until somebody hangs up.
                    tracing::warn!(%error, "cannot accept connections, trying again in half a second");
                    select! {
                        () = &mut stop => break,
                        () = sleep(Duration::from_millis(500)) => {}
                    }
                }
            }
        }
        // Who came before the stop and was not taken yet may have asked already, and would hear a reset.
        let (mut late, listener) = (false, listener.into_std());
        while let Ok(listener) = &listener
            && let Ok(slot) = Arc::clone(&slots).try_acquire_owned()
            && let Some((socket, address)) = waiting(listener)
        {
            take(socket, address, slot);
            late = true;
        }
        drop(listener);
        if late {
            sleep(LATE).await;
        }
        phase.send_replace(Phase::Draining);
        // Every connection holds a receiver: no receiver, no connection.
        if timeout(shared.limits.drain, phase.closed()).await.is_ok() {
            return 0;
        }
        let cut = shared.in_flight.count();
        phase.send_replace(Phase::Cut);
        phase.closed().await;
        cut
    }
}

/// What a connection gives back when it ends, however it ends.
struct Held {
    open: Gauge,
    _slot: OwnedSemaphorePermit,
    _seat: Seat,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.open.dec();
    }
}

fn http(limits: &Limits) -> Builder<Streams> {
    let mut builder = Builder::new(Streams { stalled: limits.stalled });
    builder
        .http1()
        // Both bounds are the pulse's: hyper's one timer could tell neither from the other, and is wound up anew for each
        // request.
        .header_read_timeout(None)
        .max_buf_size((limits.header_bytes as usize).max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        // Streams opened and reset in a hurry (CVE-2023-44487), and streams that we must reset for the caller's
        // faults (CVE-2025-8671), end the connection.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(64)
        // Our bodies are forms: a connection never needs more than this in memory.
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_send_buf_size(64 * 1024);
    builder
}

/// The next who has come in and waits to be taken, if somebody does. The kernel is asked: the runtime may not have heard of
/// them yet.
fn waiting(listener: &std::net::TcpListener) -> Option<(TcpStream, SocketAddr)> {
    let (socket, address) = loop {
        match listener.accept() {
            Err(error) if is_the_callers(&error) => {}
            accepted => break accepted.ok()?,
        }
    };
    socket.set_nonblocking(true).ok()?;
    Some((TcpStream::from_std(socket).ok()?, address))
}

/// Errors of one caller who was gone before we looked; the next call to accept is as good as any.
fn is_the_callers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection(
    socket: TcpStream,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut phase: watch::Receiver<Phase>,
    _held: Held,
) {
    // Answers are small and complete; waiting for more of them only adds 40 ms. Failing means the caller is gone.
    let _ = socket.set_nodelay(true);
    let peer = Peer { address, tls: shared.tls.is_some() };
    let Some(tls) = &shared.tls else { return converse(socket, peer, &shared, phase).await };
    let handshake = select! {
        biased;
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
        handshake = timeout(shared.limits.handshake, tls.accept(socket)) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => converse(stream, peer, &shared, phase).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%address, "TLS handshake took too long"),
    }
}

async fn converse<S>(stream: S, peer: Peer, shared: &Arc<Shared>, phase: watch::Receiver<Phase>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Arc::new(Pulse::new(&shared.limits, shared.in_flight.clone(), shared.crowded.clone()));
    let mut stream = Paced::new(stream, Arc::clone(&pulse), shared.limits.stalled);
    let mut beside = Beside { phase, told: Phase::Serving, check: Box::pin(sleep_until(pulse.first_check())), pulse };
    let mut http = &shared.http;
    if let Some(hot) = &shared.hot {
        stream = stream.unnoted();
        match answer_plainly(&mut stream, hot, peer, &mut beside).await {
            Plainly::Over => return,
            Plainly::Leave => return farewell(&mut stream, &mut beside).await,
            Plainly::Rest(rest) => {
                stream = stream.from(rest.read);
                http = if rest.spoken { &shared.http1 } else { &shared.http };
            }
        }
    }
    let pulse = Arc::clone(&beside.pulse);
    let service = hyper::service::service_fn(|request: hyper::Request<Incoming>| {
        let beat = pulse.begin(request.version());
        let (mut parts, body) = request.into_parts();
        let shared = Arc::clone(shared);
        async move {
            let hot = shared.hot.as_ref().and_then(|hot| Some((hot, hot.knows(&parts)?)));
            let response = match hot {
                Some((hot, endpoint)) => hot.answer(endpoint, &parts, body, peer).await.into_response(),
                // Boxed, or every connection would have room for it that hardly any needs.
                None => {
                    parts.extensions.insert(peer);
                    let request = hyper::Request::from_parts(parts, Body::new(body));
                    match Box::pin(shared.router.clone().call(request)).await {
                        Ok(response) => response,
                        Err(never) => match never {},
                    }
                }
            };
            Ok::<_, Infallible>(response.map(|body| beat.follow(body)))
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    loop {
        let word = select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(address = %peer.address, error, "connection ended early");
                }
                return;
            }
            word = beside.word() => word,
        };
        match word {
            Word::Leave => connection.as_mut().graceful_shutdown(),
            Word::Drop => return,
        }
    }
}

/// How the plain beginning of a connection ended.
enum Plainly {
    /// There is no more to say or to hear.
    Over,
    /// Nothing is in flight, and it is time to go.
    Leave,
    /// This is hyper's to answer, and all that follows.
    Rest(plain::Rest),
}

/// Ends a connection on which there is nothing more to say.
async fn farewell<S: AsyncWrite + Unpin>(stream: &mut S, beside: &mut Beside) {
    let cut = async { while !matches!(beside.word().await, Word::Drop) {} };
    select! {
        _ = timeout(pulse::FAREWELL, stream.shutdown()) => {}
        () = cut => {}
    }
}

async fn answer_plainly<S>(stream: &mut Paced<S>, hot: &Hot, peer: Peer, beside: &mut Beside) -> Plainly
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (pulse, leaving) = (Arc::clone(&beside.pulse), AtomicBool::new(false));
    let mut plainly = pin!(plain::serve(stream, hot, peer, &pulse, &leaving));
    loop {
        let word = select! {
            biased;
            ended = plainly.as_mut() => {
                return match ended {
                    Ok(Some(rest)) => Plainly::Rest(rest),
                    Ok(None) => Plainly::Leave,
                    Err(error) => {
                        tracing::debug!(address = %peer.address, %error, "connection ended early");
                        Plainly::Over
                    }
                };
            }
            word = beside.word() => word,
        };
        match word {
            Word::Leave if pulse.is_quiet() => return Plainly::Leave,
            Word::Leave => leaving.store(true, Relaxed),
            Word::Drop => return Plainly::Over,
        }
    }
}

/// What a connection minds beside its caller.
struct Beside {
    phase: watch::Receiver<Phase>,
    /// The phase it has heard of.
    told: Phase,
    /// When it looks how the caller is doing.
    check: Pin<Box<Sleep>>,
    pulse: Arc<Pulse>,
}

/// What a connection is to do.
enum Word {
    /// Finish what is in flight, and end.
    Leave,
    /// End at once.
    Drop,
}

impl Beside {
    /// The next word, whenever it comes.
    fn word(&mut self) -> impl Future<Output = Word> {
        // Whatever the caller's side has used up of the task's turn: who sends without end must not be deaf to it.
        aside(tokio::task::unconstrained(async {
            loop {
                select! {
                    biased;
                    // Returns at once if the phase changed before this connection began to listen.
                    now = self.phase.wait_for(|now| *now != self.told) => {
                        self.told = now.as_deref().copied().unwrap_or(Phase::Cut);
                        return if self.told == Phase::Cut { Word::Drop } else { Word::Leave };
                    }
                    () = self.check.as_mut() => {}
                }
                match self.pulse.next() {
                    Next::Wait(until) => self.check.as_mut().reset(until),
                    Next::Close(until) => {
                        self.check.as_mut().reset(until);
                        return Word::Leave;
                    }
                    Next::Drop => return Word::Drop,
                }
            }
        }))
    }
}
