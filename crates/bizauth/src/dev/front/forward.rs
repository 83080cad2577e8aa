//! Proxying: `CONNECT`, and requests whose first line names a whole URL. The platform's hosts are answered here; where
//! else anything may go is the guard's decision.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, UPGRADE,
};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderName, Method, StatusCode, Uri, Version};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::select;
use tokio::time::timeout;

use super::{Line, open};
use crate::dev::guard::{Verdict, Way};
use crate::dev::hosts;

/// How long another destination may take to be reached.
const REACHING: Duration = Duration::from_secs(10);
/// What concerns one hop only, and is not passed on.
const OF_THIS_HOP: [HeaderName; 5] = [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, UPGRADE];

/// A destination as a proxy is told it.
struct Destination {
    host: String,
    port: u16,
}

impl Destination {
    fn of(authority: &Authority, port: Option<u16>) -> Option<Self> {
        let host = hosts::plain(authority.host());
        (!host.is_empty()).then_some(())?;
        Some(Destination { host, port: authority.port_u16().or(port)? })
    }

    /// Whether it is us: one of the platform's hosts, or this machine where this port could be meant.
    fn is_here(&self, line: &Line) -> bool {
        let address = self.host.parse::<IpAddr>().is_ok_and(|address| address == line.here.ip());
        hosts::is_platform(&self.host)
            || ((address || hosts::is_local(&self.host)) && [80, 443, line.here.port()].contains(&self.port))
    }

    /// Whether it stays on the machine of whoever asks: not so for a caller from elsewhere, who listens with us beyond
    /// loopback and is to get at nothing that only this machine sees.
    fn stays(&self, line: &Line) -> bool {
        line.here.ip().is_loopback() && hosts::is_local(&self.host)
    }
}

/// The answer to a request that is for a proxy; any other request comes back.
pub(super) async fn proxied(mut request: Request, line: &Line) -> Result<Response, Request> {
    if request.method() == Method::CONNECT {
        return Ok(connect(&mut request, line).await);
    }
    let whole = request.version() < Version::HTTP_2 && request.uri().authority().is_some();
    let guard = match &line.shared.guard {
        Some(guard) if whole && !line.tunnelled => guard,
        _ => return Err(request),
    };
    let secure = request.uri().scheme() == Some(&Scheme::HTTPS);
    let port = if secure { 443 } else { 80 };
    let Some(to) = request.uri().authority().and_then(|it| Destination::of(it, Some(port))) else {
        return Ok(told(StatusCode::BAD_REQUEST, "the request names no host"));
    };
    if to.is_here(line) {
        return Err(request);
    }
    Ok(match guard.judge(&to.host, to.port, Way::Request, to.stays(line)) {
        Verdict::Refuse(why) => told(StatusCode::FORBIDDEN, &why),
        Verdict::Pass if secure => {
            told(StatusCode::BAD_GATEWAY, "other destinations are reached over TLS by CONNECT alone")
        }
        Verdict::Pass => pass_on(request, &to).await.unwrap_or_else(|why| unreached(&to, &why)),
    })
}

async fn connect(request: &mut Request, line: &Line) -> Response {
    let Some(guard) = &line.shared.guard else {
        return told(StatusCode::METHOD_NOT_ALLOWED, "the proxy is off; start `bizauth dev --proxy`");
    };
    if line.tunnelled {
        return told(StatusCode::FORBIDDEN, "there is no CONNECT within a tunnel");
    }
    let Some(to) = request.uri().authority().and_then(|authority| Destination::of(authority, None)) else {
        return told(StatusCode::BAD_REQUEST, "CONNECT wants a host and a port: kapi.kakao.com:443");
    };
    if to.is_here(line) {
        let (upgrade, line) = (hyper::upgrade::on(request), Line { tunnelled: true, ..line.clone() });
        tokio::spawn(async move {
            match upgrade.await {
                Ok(upgraded) => open(TokioIo::new(upgraded), line).await,
                Err(error) => tracing::debug!(%error, "a tunnel was not used"),
            }
        });
        return Response::new(Body::empty());
    }
    match guard.judge(&to.host, to.port, Way::Connect, to.stays(line)) {
        Verdict::Refuse(why) => told(StatusCode::FORBIDDEN, &why),
        Verdict::Pass => match reach(&to).await {
            Err(why) => unreached(&to, &why),
            Ok(mut there) => {
                let (upgrade, mut line) = (hyper::upgrade::on(request), line.clone());
                tokio::spawn(async move {
                    let Ok(upgraded) = upgrade.await else { return };
                    let mut here = TokioIo::new(upgraded);
                    select! {
                        () = line.stops() => {}
                        // Either end may hang up as it likes.
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                    }
                });
                Response::new(Body::empty())
            }
        },
    }
}

async fn reach(to: &Destination) -> Result<TcpStream, String> {
    // What stands below localhost is this machine as well, and no question for a name server (RFC 6761, section 6.3).
    let host = if hosts::is_localhost(&to.host) { "localhost" } else { &to.host };
    match timeout(REACHING, TcpStream::connect((host, to.port))).await {
        Ok(reached) => reached.map_err(|error| error.to_string()),
        Err(_) => Err("it does not answer".to_owned()),
    }
}

/// Sends a request to another destination, in the form that a server expects, and gives its answer.
async fn pass_on(mut request: Request, to: &Destination) -> Result<Response, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(reach(to).await?))
        .await
        .map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "another destination hung up");
        }
    });
    let authority = request.uri().authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok());
    let root = PathAndQuery::from_static("/");
    *request.uri_mut() = Uri::from(request.uri().path_and_query().cloned().unwrap_or(root));
    *request.version_mut() = Version::HTTP_11;
    for name in OF_THIS_HOP {
        request.headers_mut().remove(name);
    }
    request.headers_mut().remove("proxy-connection");
    // RFC 9112, section 3.2.2: the URL says which host is meant, whatever the header says.
    authority.and_then(|host| request.headers_mut().insert(HOST, host));
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let mut answer = answer.map(Body::new);
    for name in OF_THIS_HOP {
        answer.headers_mut().remove(name);
    }
    Ok(answer)
}

fn unreached(to: &Destination, why: &str) -> Response {
    told(StatusCode::BAD_GATEWAY, &format!("{}:{} cannot be reached: {why}", to.host, to.port))
}

fn told(status: StatusCode, sentence: &str) -> Response {
    let mut response = Response::new(Body::from(format!("bizauth dev: {sentence}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
