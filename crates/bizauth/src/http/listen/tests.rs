//! The accept loop, asked over raw sockets with short limits: what is closed, what is refused, what may finish.

use std::{sync::Arc, time::Instant};

use axum::{Extension, routing::get};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, rustls};

use super::*;
use crate::config::Config;
use crate::http::state::AppState;

pub(super) const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub(super) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    cut: JoinHandle<usize>,
    open: Gauge,
    /// Lets a request to `/slow` go on.
    go: Arc<Notify>,
    /// Tells that a request has come to `/slow`.
    come: Arc<Notify>,
    _folder: tempfile::TempDir,
}

pub(super) fn short() -> Limits {
    let ms = Duration::from_millis;
    let (handshake, header, idle) = (ms(1000), ms(200), ms(2000));
    Limits { handshake, header, idle, stalled: ms(300), drain: ms(400), ..Limits::default() }
}

async fn serve(limits: Limits, tls: Option<TlsAcceptor>) -> Server {
    serve_as(Config::default(), limits, tls).await
}

pub(super) async fn serve_as(config: Config, limits: Limits, tls: Option<TlsAcceptor>) -> Server {
    let (go, come) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (wait, tell) = (Arc::clone(&go), Arc::clone(&come));
    let router = Router::new()
        .route("/", get(async |Extension(peer): Extension<Peer>| format!("tls={}", peer.tls)))
        .route("/large", get(async || vec![b'x'; 32 << 20]))
        .route(
            "/slow",
            get(async move || {
                tell.notify_one();
                wait.notified().await;
                "done"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    // Connections begin as those of every server do: plainly.
    let folder = tempfile::tempdir().unwrap();
    let store = bizauth_store::Store::embedded(&folder.path().join("bizauth.db"), 1).unwrap();
    let hot = Some(Hot::new(&AppState::new(store, config)));
    let listen = Listen { tls, limits, hot, ..Listen::new(listener, router) };
    let open = listen.open.clone();
    let cut = tokio::spawn(listen.until(async { stopped.await.unwrap_or(()) }));
    Server { address, stop, cut, open, go, come, _folder: folder }
}

impl Server {
    pub(super) async fn sends(&self, text: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        socket
    }
}

/// Everything until the other side closes; a reset counts as closing.
pub(super) async fn rest(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let reading = async { while let Ok(1..) = socket.read_buf(&mut bytes).await {} };
    timeout(Duration::from_secs(5), reading).await.expect("the connection was not closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) async fn answer(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = vec![0; 4096];
    let n = timeout(Duration::from_secs(5), socket.read(&mut bytes)).await.expect("no answer").unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

#[tokio::test]
async fn a_connection_that_never_finishes_a_header_is_closed() {
    let server = serve(short(), None).await;
    for begun in ["", "G", "GET / HTTP/1.1\r\nHost:", "P", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let since = Instant::now();
        let mut socket = server.sends(begun).await;
        let said = rest(&mut socket).await;
        assert!(!said.contains("200 OK"), "{begun:?}");
        assert!(since.elapsed() < Duration::from_millis(1500), "{begun:?} took {:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_header_that_comes_in_drops_is_closed() {
    let server = serve(short(), None).await;
    let mut socket = server.sends("GET / HTTP/1.1\r\n").await;
    let since = Instant::now();
    while socket.write_all(b"a: b\r\n").await.is_ok() {
        assert!(since.elapsed() < Duration::from_secs(2), "still open");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_second_header_has_the_same_bound_and_silence_a_longer_one() {
    let server = serve(short(), None).await;
    let mut slow = server.sends(ASK).await;
    assert!(answer(&mut slow).await.ends_with("tls=false"));
    slow.write_all(b"GET / HT").await.unwrap();
    let since = Instant::now();
    assert_eq!(rest(&mut slow).await, "");
    assert!(since.elapsed() < Duration::from_millis(1500), "{:?}", since.elapsed());

    let mut idle = server.sends(ASK).await;
    answer(&mut idle).await;
    sleep(Duration::from_millis(500)).await;
    idle.write_all(ASK.as_bytes()).await.unwrap();
    assert!(answer(&mut idle).await.ends_with("tls=false"), "idle for less than its bound");
    let since = Instant::now();
    assert_eq!(rest(&mut idle).await, "");
    assert!(since.elapsed() > Duration::from_millis(1000), "{:?}", since.elapsed());
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let server = serve(short(), None).await;
    let socket = server.sends("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let closed = async {
        while server.open.get() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        while server.open.get() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), closed).await.expect("still held");
    drop(socket);
}

#[tokio::test]
async fn garbage_and_giants_are_refused() {
    let server = serve(short(), None).await;
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(200));
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}", "y".repeat(32 * 1024));
    for (text, status) in [
        ("\u{16}\u{3}\u{1}rubbish\r\n\r\n", "400"),
        ("GET / HTTP/9.9\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        (&many, "431"),
        (&large, "431"),
    ] {
        let said = rest(&mut server.sends(text).await).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{:?}: {said}", &text[..20.min(text.len())]);
    }
    assert!(answer(&mut server.sends(ASK).await).await.contains("200 OK"));
}

#[tokio::test]
async fn a_stop_lets_the_request_in_flight_finish() {
    let patient = Limits { header: Duration::from_secs(5), drain: Duration::from_secs(5), ..short() };
    let server = serve(patient, None).await;
    let mut idle = server.sends(ASK).await;
    answer(&mut idle).await;
    let mut silent = server.sends("").await;
    let mut busy = server.sends("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.come.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await + &rest(&mut silent).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "no new connections");
    server.go.notify_one();
    let said = rest(&mut busy).await;
    assert!(said.contains("200 OK") && said.contains("connection: close") && said.ends_with("done"), "{said}");
    assert_eq!(server.cut.await.unwrap(), 0);
    assert_eq!(server.open.get(), 0);
}

#[tokio::test]
async fn a_stop_takes_in_who_waits_at_the_door() {
    use std::io::Write;
    let server = serve(short(), None).await;
    // Nobody is awaited: the server has not heard of them when it is stopped.
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let mut caller = std::net::TcpStream::connect(server.address).unwrap();
            caller.write_all(ASK.as_bytes()).unwrap();
            caller.set_nonblocking(true).unwrap();
            TcpStream::from_std(caller).unwrap()
        })
        .collect();
    server.stop.send(()).unwrap();
    for mut caller in crowd {
        assert!(rest(&mut caller).await.contains("200 OK"));
    }
    assert_eq!(server.cut.await.unwrap(), 0);
    assert!(TcpStream::connect(server.address).await.is_err(), "no new connections");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = serve(short(), None).await;
    let mut busy = server.sends("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.come.notified().await;
    let since = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(server.cut.await.unwrap(), 1);
    assert!(since.elapsed() >= Duration::from_millis(400), "{:?}", since.elapsed());
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn a_caller_over_the_limit_waits_for_a_slot() {
    let limits = Limits { connections: 1, header: Duration::from_secs(5), ..short() };
    let server = serve(limits, None).await;
    let mut first = server.sends(ASK).await;
    answer(&mut first).await;
    let mut second = server.sends(ASK).await;
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(100), second.read(&mut byte)).await.is_err(), "served over the limit");
    drop(first);
    assert!(answer(&mut second).await.contains("200 OK"));
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_too() {
    let server = serve(short(), None).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let response = client.get(format!("http://{}/", server.address)).send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (reqwest::Version::HTTP_2, 200));
    // The client holds the connection open; silence on HTTP/2 ends as it does on HTTP/1.
    let closed = async {
        while server.open.get() > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), closed).await.expect("still held");
}

#[tokio::test]
async fn tls_ends_here() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let acceptor = crate::http::tls::Certificate::load(&chain, &key).unwrap().acceptor();
    let server = serve(short(), Some(acceptor)).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = |version: &'static rustls::SupportedProtocolVersion| {
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider));
        let mut config = builder
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsConnector::from(Arc::new(config))
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let socket = TcpStream::connect(server.address).await.unwrap();
        let mut stream = client(version).connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        // A caller may decide for HTTP/1 all the same.
        stream.write_all(ASK.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.ends_with("tls=true"));
    }
    for begun in ["", "\u{16}\u{3}\u{1}", ASK] {
        let said = rest(&mut server.sends(begun).await).await;
        assert!(!said.contains("HTTP"), "{said}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_listed_proxy_more() {
    let patient = Limits { header: Duration::from_secs(5), ..short() };
    let server = serve(Limits { per_address: 2, ..patient.clone() }, None).await;
    let (mut first, mut second) = (server.sends(ASK).await, server.sends(ASK).await);
    assert!(answer(&mut first).await.contains("200 OK") && answer(&mut second).await.contains("200 OK"));
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(rest(&mut third).await, "", "closed at once");
    drop(first);
    let admitted = async {
        loop {
            let mut next = TcpStream::connect(server.address).await.unwrap();
            // It may be closed before we have asked.
            let _ = next.write_all(ASK.as_bytes()).await;
            let mut bytes = [0; 12];
            if next.read_exact(&mut bytes).await.is_ok() {
                return bytes;
            }
        }
    };
    let said = timeout(Duration::from_secs(5), admitted).await.expect("the seat was not given back");
    assert_eq!(&said, b"HTTP/1.1 200");

    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let server = serve(Limits { per_address: 1, proxies, ..patient }, None).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut socket = server.sends(ASK).await;
        assert!(answer(&mut socket).await.contains("200 OK"));
        held.push(socket);
    }
}

#[tokio::test]
async fn who_is_silent_makes_room_when_it_is_crowded() {
    let limits = Limits { connections: 1, idle: Duration::from_secs(600), ..short() };
    let server = serve(limits, None).await;
    let mut first = server.sends(ASK).await;
    answer(&mut first).await;
    let mut second = server.sends(ASK).await;
    assert!(answer(&mut second).await.contains("200 OK"));
    assert_eq!(rest(&mut first).await, "");
}

/// Answered plainly: 401, without waiting for anything. Sixty-four bytes, so that a full reading ends with a request.
const PLAIN: &str = "GET /v1/business/tokeninfo HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyy\r\n\r\n";

#[tokio::test]
async fn what_begins_plainly_has_the_same_bounds() {
    let server = serve(short(), None).await;
    let mut half = server.sends(PLAIN).await;
    assert!(answer(&mut half).await.contains("401"));
    half.write_all(&PLAIN.as_bytes()[..20]).await.unwrap();
    let since = Instant::now();
    assert_eq!(rest(&mut half).await, "");
    assert!(since.elapsed() < Duration::from_millis(1500), "{:?}", since.elapsed());

    let mut idle = server.sends(PLAIN).await;
    answer(&mut idle).await;
    let since = Instant::now();
    assert_eq!(rest(&mut idle).await, "");
    assert!(since.elapsed() > Duration::from_millis(1000), "{:?}", since.elapsed());

    // Nobody takes the answers.
    let mut greedy = server.sends("").await;
    let sends = async { while greedy.write_all(PLAIN.repeat(64).as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(20), sends).await.expect("still served");
}

#[tokio::test]
async fn a_stop_ends_what_began_plainly() {
    let server = serve(Limits { idle: Duration::from_secs(60), drain: Duration::from_secs(60), ..short() }, None).await;
    let mut idle = server.sends(PLAIN).await;
    answer(&mut idle).await;
    // This one's answers wait to be taken; what is on its way is finished, and no more.
    let mut slow = server.sends("").await;
    let many = PLAIN.repeat(64);
    while timeout(Duration::from_millis(100), slow.write_all(many.as_bytes())).await.is_ok() {}
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    let said = rest(&mut slow).await;
    assert!(said.contains("401 Unauthorized"), "nothing was answered");
    assert_eq!(timeout(Duration::from_secs(10), server.cut).await.expect("still open").unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_heard_by_who_never_pauses() {
    let server = serve(Limits { drain: Duration::from_secs(60), ..short() }, None).await;
    let talkers: Vec<_> = (0..4)
        .map(|_| {
            let address = server.address;
            tokio::spawn(async move {
                let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
                let many = PLAIN.repeat(64 * 16);
                let sends = async { while to.write_all(many.as_bytes()).await.is_ok() {} };
                let mut bytes = vec![0; 1 << 20];
                let takes = async { while let Ok(1..) = from.read(&mut bytes).await {} };
                tokio::join!(sends, takes);
            })
        })
        .collect();
    sleep(Duration::from_millis(300)).await;
    server.stop.send(()).unwrap();
    timeout(Duration::from_secs(10), server.cut).await.expect("it does not stop").unwrap();
    for talker in talkers {
        timeout(Duration::from_secs(10), talker).await.expect("it was not hung up on").unwrap();
    }
}

#[tokio::test]
async fn who_spoke_http_1_does_not_change_to_http_2() {
    let server = serve(short(), None).await;
    for first in [ASK, PLAIN] {
        let mut socket = server.sends(first).await;
        answer(&mut socket).await;
        socket.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let said = rest(&mut socket).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said:?}");
    }
}

/// A frame of HTTP/2: RFC 9113, section 4.1.
pub(super) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Reads frames until one of this kind comes for this stream.
pub(super) async fn until_frame(socket: &mut TcpStream, kind: u8, stream: u8) -> Vec<u8> {
    let reading = async {
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            socket.read_exact(&mut payload).await.unwrap();
            if (head[3], head[8]) == (kind, stream) {
                return payload;
            }
        }
    };
    timeout(Duration::from_secs(5), reading).await.expect("no such frame")
}

#[tokio::test]
async fn an_http_2_answer_that_nobody_takes_is_given_up_and_its_neighbours_go_on() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    // GET, http, "/", authority "a"; from the static table of HPACK.
    let ask = |stream| frame(HEADERS, 0x5, stream, &[0x82, 0x86, 0x84, 0x41, 1, b'a']);
    let server = serve(short(), None).await;
    let mut socket = server.sends("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0: the caller will take nothing.
    socket.write_all(&[frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]), ask(1)].concat()).await.unwrap();
    until_frame(&mut socket, HEADERS, 1).await;
    until_frame(&mut socket, RST_STREAM, 1).await;
    socket.write_all(&ask(3)).await.unwrap();
    until_frame(&mut socket, HEADERS, 3).await;
    // WINDOW_UPDATE: this one is taken.
    socket.write_all(&frame(8, 0, 3, &[0, 0, 0xff, 0xff])).await.unwrap();
    assert_eq!(until_frame(&mut socket, DATA, 3).await, b"tls=false");
}
