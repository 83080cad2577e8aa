//! The front alone, over a router of a few lines: breaking off, stopping, passing on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::routing::get;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;
use crate::dev::guard::Others;

/// Says what it was asked, for whom, and over what.
async fn echo(request: Request) -> String {
    let peer = request.extensions().get::<Peer>().copied();
    let told = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    format!("{} {:?} {:?} tls={:?}", request.uri(), told("host"), told("proxy-connection"), peer.map(|peer| peer.tls))
}

fn router(hangs: Arc<Notify>) -> Router {
    let midway = async || {
        let parts = [Ok(Bytes::from_static(b"half of ")), Err(std::io::Error::other("a fault"))];
        Response::builder().header("content-length", "16").body(Body::from_stream(stream::iter(parts))).unwrap()
    };
    let cut = async || {
        let mut response = Response::new(Body::from("never seen"));
        response.extensions_mut().insert(Cut);
        Ok::<_, Infallible>(response)
    };
    Router::new()
        .route("/midway", get(midway))
        .route("/cut", get(cut))
        .route(
            "/never",
            get(async move || {
                hangs.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .fallback(echo)
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    front: JoinHandle<()>,
    /// A request came that is never answered.
    hangs: Arc<Notify>,
}

async fn front(proxy: Option<Arc<Guard>>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let hangs = Arc::new(Notify::new());
    let front = Front { listener, router: router(hangs.clone()), authority: None, proxy };
    let front = tokio::spawn(front.until(async { drop(stopped.await) }));
    Running { address, stop, front, hangs }
}

/// What comes back for these bytes until the other end hangs up.
async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(sent.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    // A reset is an end as well.
    let _ = socket.read_to_end(&mut got).await;
    String::from_utf8(got).unwrap()
}

fn asks(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn an_answer_that_fails_gets_as_far_as_it_came() {
    let it = front(None).await;
    let got = exchange(it.address, &asks("/midway")).await;
    assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && got.ends_with("\r\n\r\nhalf of "), "{got}");
    assert_eq!(exchange(it.address, &asks("/cut")).await, "");
    let got = exchange(it.address, &asks("/other?a=b")).await;
    assert!(got.ends_with("/other?a=b Some(\"x\") None tls=Some(false)"), "{got}");
    assert_eq!(exchange(it.address, "\u{16}\u{3}\u{1}").await, "", "TLS without an authority is hung up on");
}

#[tokio::test]
async fn http_2_is_spoken_and_cut_as_well() {
    let it = front(None).await;
    let socket = TcpStream::connect(it.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = |path: &str| Request::get(format!("http://kapi.kakao.com{path}")).body(Body::empty()).unwrap();
    let answer = sender.send_request(request("/x")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, axum::http::Version::HTTP_2));
    assert!(sender.send_request(request("/cut")).await.is_err());
    // The whole connection is gone, not the stream alone.
    let ended = tokio::time::timeout(Duration::from_secs(5), connection).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight_and_not_for_ever() {
    let it = front(None).await;
    let mut idle = TcpStream::connect(it.address).await.unwrap();
    let mut hanging = TcpStream::connect(it.address).await.unwrap();
    hanging.write_all(asks("/never").as_bytes()).await.unwrap();
    it.hangs.notified().await;
    let began = Instant::now();
    it.stop.send(()).unwrap();
    it.front.await.unwrap();
    assert!(began.elapsed() >= DRAIN && began.elapsed() < DRAIN * 2, "{:?}", began.elapsed());
    for socket in [&mut idle, &mut hanging] {
        assert!(matches!(socket.read(&mut [0; 8]).await, Ok(0) | Err(_)), "hung up");
    }
    assert!(TcpStream::connect(it.address).await.is_err());
}

#[tokio::test]
async fn a_front_that_is_no_proxy_says_so_and_serves_whole_urls_as_its_own() {
    let it = front(None).await;
    let got = exchange(it.address, "CONNECT kapi.kakao.com:443 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 405 ") && got.contains("bizauth dev --proxy"), "{got}");
    let got = exchange(it.address, &asks("http://example.com/p")).await;
    assert!(got.contains("200 OK") && got.contains("http://example.com/p"), "as any server does: {got}");
}

#[tokio::test]
async fn a_proxy_answers_for_the_two_hosts_and_refuses_the_others() {
    let guard = Arc::new(Guard::new());
    let it = front(Some(guard.clone())).await;
    let got = exchange(it.address, &asks("http://kapi.kakao.com/v1/x")).await;
    assert!(got.contains("200 OK") && got.contains("http://kapi.kakao.com/v1/x"), "{got}");
    for (first, host, port) in [
        ("GET http://api.example.com/x HTTP/1.1", "api.example.com", 80),
        ("GET https://API.example.com./x HTTP/1.1", "api.example.com", 443),
        ("CONNECT accounts.kakao.com:443 HTTP/1.1", "accounts.kakao.com", 443),
        ("CONNECT 192.0.2.1:1 HTTP/1.1", "192.0.2.1", 1),
        ("CONNECT [2001:db8::1]:1 HTTP/1.1", "2001:db8::1", 1),
    ] {
        let got = exchange(it.address, &format!("{first}\r\nhost: kapi.kakao.com\r\nconnection: close\r\n\r\n")).await;
        assert!(got.starts_with("HTTP/1.1 403 ") && got.contains("is refused and counted"), "{first}: {got}");
        let leak = guard.leaks().pop().unwrap();
        assert_eq!((leak.host.as_str(), leak.port), (host, port));
    }
    assert_eq!(guard.count(), 5);
    let got = exchange(it.address, "CONNECT kapi.kakao.com HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
}

#[tokio::test]
async fn a_tunnel_to_one_of_the_two_hosts_leads_here_whatever_the_port() {
    let it = front(Some(Arc::new(Guard::new()))).await;
    for to in
        ["KAUTH.kakao.com:443".to_owned(), "kapi.kakao.com:1".to_owned(), format!("127.0.0.1:{}", it.address.port())]
    {
        let inside = asks("/inside");
        let connect = format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n\r\n");
        let mut socket = TcpStream::connect(it.address).await.unwrap();
        socket.write_all(connect.as_bytes()).await.unwrap();
        let mut head = [0; 512];
        let n = socket.read(&mut head).await.unwrap();
        assert!(head[..n].starts_with(b"HTTP/1.1 200 OK\r\n") && head[..n].ends_with(b"\r\n\r\n"));
        socket.write_all(inside.as_bytes()).await.unwrap();
        let mut got = String::new();
        socket.read_to_string(&mut got).await.unwrap();
        assert!(got.ends_with("/inside Some(\"x\") None tls=Some(false)"), "{got}");
    }
    let nested = "CONNECT kapi.kakao.com:443 HTTP/1.1\r\nhost: a\r\n\r\nCONNECT kapi.kakao.com:443 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let got = exchange(it.address, nested).await;
    assert!(got.contains("HTTP/1.1 403 ") && got.contains("no CONNECT within a tunnel"), "{got}");
}

#[tokio::test]
async fn what_else_runs_on_this_machine_is_reached_unless_it_is_named() {
    let guard = Arc::new(Guard::new());
    let (it, mock) = (front(Some(guard.clone())).await, front(None).await);
    let port = mock.address.port();
    for host in ["127.0.0.1", "localhost", "w1.localhost"] {
        let got = exchange(it.address, &asks(&format!("http://{host}:{port}/beside"))).await;
        assert!(got.starts_with("HTTP/1.1 200 OK") && got.contains("/beside"), "{host}: {got}");
    }
    assert_eq!(guard.count(), 0);
    guard.name(vec![format!("127.0.0.1:{port}").parse().unwrap()], Others::Refuse);
    let got = exchange(it.address, &asks(&format!("http://127.0.0.1:{port}/beside"))).await;
    assert!(got.starts_with("HTTP/1.1 403 "), "{got}");
    assert_eq!(guard.count(), 1);
}

#[tokio::test]
async fn others_pass_if_the_guard_is_told_so() {
    let guard = Arc::new(Guard::new());
    guard.name(vec!["*.example.com".parse().unwrap()], Others::Pass);
    let (it, mock) = (front(Some(guard.clone())).await, front(None).await);
    let at = mock.address;
    let sent = format!(
        "GET http://{at}/passed HTTP/1.1\r\nhost: elsewhere\r\nproxy-connection: close\r\nconnection: close\r\n\r\n"
    );
    let got = exchange(it.address, &sent).await;
    assert!(got.ends_with(&format!("/passed Some(\"{at}\") None tls=Some(false)")), "{got}");
    let got = exchange(it.address, &format!("CONNECT {at} HTTP/1.1\r\nhost: {at}\r\n\r\n{}", asks("/through"))).await;
    assert!(got.starts_with("HTTP/1.1 200 OK") && got.contains("/through Some(\"x\")"), "{got}");
    let got = exchange(it.address, &asks("http://a.example.com/")).await;
    assert!(got.starts_with("HTTP/1.1 403 "), "{got}");
    assert_eq!(guard.count(), 1);
    mock.stop.send(()).unwrap();
    mock.front.await.unwrap();
    let got = exchange(it.address, &asks(&format!("http://{at}/"))).await;
    assert!(got.starts_with("HTTP/1.1 502 ") && got.contains("cannot be reached"), "{got}");
    assert_eq!(guard.count(), 1, "what may pass and is not there is no leak");
}
