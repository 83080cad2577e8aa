//! The one port of `bizauth dev`: plain HTTP, TLS with certificates for the platform's two hosts, and HTTP proxying,
//! told apart by what a connection begins with. The router behind it is that of any other server.

mod cut;
mod forward;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpListener;
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service;

pub use cut::Cut;
use cut::{CutOff, Flushing};

use super::authority::Authority;
use super::guard::Guard;
use crate::http::listen::Peer;

/// The content type of a TLS handshake: the first byte of a client that speaks TLS, and of nothing else we know.
const HANDSHAKE: u8 = 0x16;
/// How long a connection may say nothing before its first byte, and between two requests.
const SILENCE: Duration = Duration::from_secs(120);
/// How long a TLS handshake may take.
const SHAKING: Duration = Duration::from_secs(10);
/// How long requests in flight are given at the stop.
const DRAIN: Duration = Duration::from_secs(2);

/// The accept loop of `bizauth dev`.
pub struct Front {
    /// The bound socket.
    pub listener: TcpListener,
    /// Answers the requests.
    pub router: Router,
    /// Gives the certificates of TLS. Without it, or while it has none, TLS connections are closed.
    pub authority: Option<Arc<Authority>>,
    /// Watches over the proxy. Without it there is no proxy.
    pub proxy: Option<Arc<Guard>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Cut,
}

/// What all connections share.
struct Shared {
    http: Builder<TokioExecutor>,
    router: Router,
    tls: Option<TlsAcceptor>,
    guard: Option<Arc<Guard>>,
}

/// Where a connection stands: on the socket, or inside a tunnel.
#[derive(Clone)]
struct Line {
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    /// Who called.
    caller: SocketAddr,
    /// The address that was called.
    here: SocketAddr,
    /// Whether it came through a CONNECT of ours. What is in a tunnel is served, never proxied on.
    tunnelled: bool,
}

impl Front {
    /// Serves until `stop` is ready; requests in flight then have two seconds.
    pub async fn until(self, stop: impl Future<Output = ()>) {
        let Front { listener, router, authority, proxy } = self;
        let tls = authority.map(|authority| authority.acceptor());
        let shared = Arc::new(Shared { http: http(), router, tls, guard: proxy });
        let (phase, _) = watch::channel(Phase::Serving);
        let mut stop = pin!(stop);
        loop {
            let accepted = select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => accepted,
            };
            let called = accepted.and_then(|(socket, caller)| Ok((socket.local_addr()?, socket, caller)));
            match called {
                Ok((here, socket, caller)) => {
                    // Failing means that the caller is gone.
                    let _ = socket.set_nodelay(true);
                    let (shared, phase) = (shared.clone(), phase.subscribe());
                    tokio::spawn(open(socket, Line { shared, phase, caller, here, tunnelled: false }));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    select! {
                        () = &mut stop => break,
                        () = sleep(Duration::from_millis(100)) => {}
                    }
                }
            }
        }
        drop(listener);
        phase.send_replace(Phase::Draining);
        // Every connection holds a receiver: no receiver, no connection.
        if timeout(DRAIN, phase.closed()).await.is_err() {
            phase.send_replace(Phase::Cut);
            // A task that hyper runs for a stream may need a moment to see that its connection is gone.
            let _ = timeout(DRAIN, phase.closed()).await;
        }
    }
}

fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(SILENCE);
    builder.http2().timer(TokioTimer::new());
    builder
}

impl Line {
    async fn stops(&mut self) {
        // The sender outlives every line; if it were gone, there would be nothing to serve for.
        let _ = self.phase.wait_for(|phase| *phase != Phase::Serving).await;
    }

    async fn is_cut(&mut self) {
        let _ = self.phase.wait_for(|phase| *phase == Phase::Cut).await;
    }
}

/// Looks at the first byte and serves what it announces. Boxed, because a tunnel opens within a conversation.
fn open<S>(stream: S, mut line: Line) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Box::pin(async move {
        let mut stream = BufReader::new(stream);
        let first = select! {
            biased;
            () = line.stops() => return,
            first = timeout(SILENCE, stream.fill_buf()) => match first {
                Ok(Ok(bytes)) => bytes.first().copied(),
                _ => None,
            },
        };
        match first {
            None => {}
            Some(HANDSHAKE) => {
                let Some(tls) = line.shared.tls.clone() else {
                    tracing::warn!(caller = %line.caller, "a TLS connection, and no authority to give it a certificate");
                    return;
                };
                let shaken = select! {
                    biased;
                    () = line.stops() => return,
                    shaken = timeout(SHAKING, tls.accept(stream)) => shaken,
                };
                match shaken {
                    Ok(Ok(stream)) => converse(stream, true, line).await,
                    Ok(Err(error)) => tracing::warn!(caller = %line.caller, %error, "a TLS handshake failed"),
                    Err(_) => tracing::warn!(caller = %line.caller, "a TLS handshake took too long"),
                }
            }
            Some(_) => converse(stream, false, line).await,
        }
    })
}

async fn converse<S>(stream: S, tls: bool, line: Line)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (peer, cut) = (Peer { address: line.caller, tls }, Arc::new(Notify::new()));
    let shared = line.shared.clone();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        answer(request, line.clone(), cut.clone())
    });
    let mut connection = pin!(shared.http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let (mut stopping, mut cutting) = (line.clone(), line.clone());
    let mut told = false;
    let ended = loop {
        select! {
            biased;
            ended = connection.as_mut() => break Some(ended),
            () = cut.notified() => break None,
            () = cutting.is_cut() => break None,
            () = stopping.stops(), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Some(Err(error)) = ended {
        tracing::debug!(caller = %line.caller, error, "a connection ended early");
    }
}

/// One request: served here, or handed to whoever it is for.
async fn answer(request: Request, line: Line, cut: Arc<Notify>) -> Result<Response<Flushing>, CutOff> {
    let response = match forward::proxied(request, &line).await {
        Ok(response) => response,
        // Whatever the router answers is an answer: it has no other errors.
        Err(request) => line.shared.router.clone().call(request).await.unwrap_or_else(|never| match never {}),
    };
    if response.extensions().get::<Cut>().is_some() {
        // HTTP/1 ends the connection by itself; HTTP/2 would only end the stream.
        cut.notify_one();
        return Err(CutOff);
    }
    Ok(response.map(|body| Flushing::new(body, cut)))
}
