//! What is plain, and that nobody can tell by an answer who gave it.

use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::*;
use crate::config::Config;
use crate::http::listen::Listen;
use crate::http::state::AppState;

fn knows_all(_: &Parts) -> Option<Endpoint> {
    Some(Endpoint::Revoke)
}

fn length_of(text: &str) -> Option<(usize, usize)> {
    Head::default().read(text.as_bytes(), knows_all).map(|read| (read.until, read.body))
}

#[test]
fn plain_is_what_came_whole_and_has_one_end() {
    for fields in [
        "",
        "Authorization: Bearer bzt_x\r\nAccept: */*\r\n",
        "connection: Keep-Alive\r\n",
        "Content-Length: 0\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0005\r\n",
    ] {
        let head = format!("POST /v1/business/revoke?a=b HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let body = if fields.contains('5') { 5 } else { 0 };
        assert_eq!(length_of(&format!("{head}12345")), Some((head.len(), body)), "{fields}");
        for end in 0..head.len() {
            assert_eq!(length_of(&head[..end]), None, "{}", &head[..end]);
        }
        if body > 0 {
            assert_eq!(length_of(&format!("{head}1234")), None, "a byte is yet to come");
        }
    }
}

#[test]
fn what_can_be_argued_about_is_not_plain() {
    for odd in [
        "PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        assert_eq!(length_of(odd), None, "{odd}");
    }
    for field in [
        "Transfer-Encoding: chunked",
        "Content-Length: +1",
        "Content-Length: 1, 1",
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length:",
        "Content-Length: 99999",
        "Connection: close",
        "Connection: keep-alive, upgrade",
        "Upgrade: h2c",
        "Expect: 100-continue",
    ] {
        assert_eq!(length_of(&format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n1")), None, "{field}");
    }
    let many = "a: b\r\n".repeat(FIELDS);
    assert_eq!(length_of(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")), None);
}

struct Server {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

async fn serve() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let store = bizauth_store::Store::embedded(&folder.path().join("bizauth.db"), 1).unwrap();
    let state = AppState::new(store, Config::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let hot = Some(Hot::new(&state));
    let listen = Listen { hot, ..Listen::new(listener, crate::http::router(state)) };
    tokio::spawn(listen.until(async { drop(stopped.await) }));
    Server { address, _stop: stop, _folder: folder }
}

/// On a connection that carries this, hyper answers from then on.
const ODD: &str = "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST: &str = "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

impl Server {
    /// All that is answered to these pieces and to [`LAST`] until the connection is closed, but for its times.
    async fn says(&self, first: &str, pieces: &[&[u8]]) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let mut answered = Vec::new();
        if !first.is_empty() {
            socket.write_all(first.as_bytes()).await.unwrap();
            while !answered.ends_with(b"}") && !answered.ends_with(b"</html>\n") && !answered.ends_with(b"</html>") {
                assert_ne!(socket.read_buf(&mut answered).await.unwrap(), 0);
            }
            answered.clear();
        }
        for piece in pieces {
            // It may have hung up already.
            let _ = socket.write_all(piece).await;
            sleep(Duration::from_millis(2)).await;
        }
        let _ = socket.write_all(LAST.as_bytes()).await;
        let reading = async { while let Ok(1..) = socket.read_buf(&mut answered).await {} };
        timeout(Duration::from_secs(5), reading).await.expect("the connection was not closed");
        let text = String::from_utf8_lossy(&answered).into_owned();
        text.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
    }
}

fn request() -> impl Strategy<Value = String> {
    let of = |all: &'static [&'static str]| proptest::sample::select(all);
    let method = of(&["GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "get"]);
    let path = of(&[
        "/v1/business/tokeninfo",
        "/v1/business/tokeninfo",
        "/v1/business/tokeninfo?a=%20",
        "/v1/business/revoke",
        "/v1/system/ips",
        "/v1/system/ips?rule_type=inbound",
        "/oauth/business/token",
        "/v1/business//tokeninfo",
        "/nowhere",
        "http://a/v1/business/tokeninfo",
        "*",
    ]);
    let version = of(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"]);
    let field = of(&[
        "Authorization: Bearer bzt_x",
        "Authorization: KakaoAK 00000000000000000000000000000000",
        "authorization:Bearer  x",
        "Content-Type: application/x-www-form-urlencoded",
        "If-None-Match: \"x\"",
        "Connection: keep-alive",
        "Connection: close",
        "Transfer-Encoding: chunked",
        "Content-Length: +1",
        "Expect: nothing",
        "X-Forwarded-For: 203.0.113.9",
        "Host: kauth.example.com",
        "Host : b",
        " folded: b",
        "x: \u{7f}",
    ]);
    let body = of(&["", "", "", "grant_type=authorization_code&code=x", "0\r\n\r\n"]);
    let (fields, shorter) = (prop::collection::vec(field, 0..4), prop::option::weighted(0.1, 0..3_usize));
    let host = prop::bool::weighted(0.95);
    (method, path, version, host, fields, body, shorter).prop_map(
        |(method, path, version, host, fields, body, shorter)| {
            let mut text = format!("{method} {path} {version}\r\n");
            if host {
                text.push_str("Host: a\r\n");
            }
            for field in fields {
                text.push_str(field);
                text.push_str("\r\n");
            }
            if !body.is_empty() {
                text.push_str(&format!("Content-Length: {}\r\n", body.len() - shorter.unwrap_or(0)));
            }
            text + "\r\n" + body
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nobody_can_tell_who_answered(requests in prop::collection::vec(request(), 1..4), cut in any::<prop::sample::Index>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (server, all) = (serve().await, requests.concat() + &requests[0]);
            let (begin, end) = all.as_bytes().split_at(cut.index(all.len()));
            // An answer may depend on how much of a request had come by then: both hear it in the same pieces.
            for pieces in [&[all.as_bytes()][..], &[begin, end]] {
                assert_eq!(server.says("", pieces).await, server.says(ODD, pieces).await, "{pieces:?}");
            }
        });
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut head = Head::default();
        let _ = head.read(&bytes, knows_all);
        let _ = head.again(&bytes);
    }

    /// Reading over again comes to what reading anew does, whatever stands where the last value stood.
    #[test]
    fn a_head_over_again_is_read_as_it_would_be_anew(
        value in prop_oneof![Just("Bearer bzt_x".to_owned()), "[ -~\\t\\r\\n\u{7f}\u{e9}]{0,12}"],
        at in any::<prop::sample::Index>(),
        changed in proptest::option::weighted(0.2, any::<u8>()),
        end in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
        more in proptest::sample::select(&["", "Content-Length: 3\r\n", "Authorization: Bearer z\r\n", "X: y\r\n"]),
        field in proptest::sample::select(&["Authorization", "Authorization", "Another"]),
    ) {
        let request = |value: &str| {
            format!("POST /v1/business/revoke HTTP/1.1\r\nHost: a\r\n{field}: {value}\r\n{more}\r\n123")
        };
        let mut head = Head::default();
        let first = head.read(request("Bearer bzt_x").as_bytes(), knows_all);
        prop_assert!(first.is_some());
        let mut next = request(&value).into_bytes();
        if let Some(byte) = changed {
            let at = at.index(next.len());
            next[at] = byte;
        }
        next.truncate(end.map_or(next.len(), |end| end.index(next.len())));
        if let Some(again) = head.again(&next) {
            let mut anew = Head::default();
            prop_assert_eq!(anew.read(&next, knows_all), Some(again));
            prop_assert_eq!(anew.parts.headers, head.parts.headers);
            prop_assert_eq!((anew.parts.uri, anew.parts.method), (head.parts.uri, head.parts.method));
        } else {
            // What was not read over again has left nothing behind.
            let mut anew = Head::default();
            prop_assert_eq!(head.read(&next, knows_all), anew.read(&next, knows_all));
        }
    }

    #[test]
    fn another_token_is_read_over_again(value in "Bearer [a-zA-Z0-9_]{1,50}") {
        let request = |value: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nauthorization: {value}\r\nAccept: */*\r\n\r\n");
        let mut head = Head::default();
        head.read(request("Bearer x").as_bytes(), knows_all);
        prop_assert!(head.again(request(&value).as_bytes()).is_some());
        prop_assert_eq!(head.parts.headers[AUTHORIZATION].to_str().unwrap(), value);
    }

    #[test]
    fn another_body_is_of_a_head_over_again(bodies in prop::collection::vec("[a-z]{20}", 2..4)) {
        let fields = "Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n";
        let request = |body: &str| format!("POST / HTTP/1.1\r\n{fields}\r\n{body}");
        let mut head = Head::default();
        let first = head.read(request("").as_bytes(), knows_all);
        prop_assert!(first.is_none(), "the body is yet to come");
        for body in bodies {
            let (again, last) = (head.again(request(&body).as_bytes()), head.read(request(&body).as_bytes(), knows_all));
            prop_assert!(again.is_some() && again == last);
            prop_assert!(head.again(request(&body[1..]).as_bytes()).is_none());
        }
    }
}
