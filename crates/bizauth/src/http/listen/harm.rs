//! What callers do who mean harm, each by itself over a raw socket: that it is ended, by what, and that no other bound of
//! the connection has ended it before.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Limits;
use super::tests::{ASK, Server, answer, frame, rest, serve_as, short, until_frame};
use crate::config::Config;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// The code with which a peer is told that it is a nuisance: RFC 9113, section 7.
const ENHANCE_YOUR_CALM: [u8; 4] = [0, 0, 0, 0xb];

/// A request whose body is answered without the router, up to the body.
const BODY: &str = "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";

/// With bounds of a connection that are all longer than a test.
async fn patient() -> Server {
    let long = Duration::from_secs(60);
    serve_as(Config::default(), Limits { header: long, idle: long, stalled: long, ..short() }, None).await
}

#[tokio::test]
async fn who_has_sent_half_and_will_send_no_more_is_hung_up_on_at_once() {
    let server = patient().await;
    let body = format!("{BODY}Content-Length: 100\r\n\r\ngrant_type=");
    let chunks = format!("{BODY}Transfer-Encoding: chunked\r\n\r\nb\r\ngrant_type=\r\n");
    for begun in ["", "GET /", "GET / HTTP/1.1\r\nHost: a\r\n", "PRI * HTTP/2.0\r\n\r\n", &body, &chunks] {
        let mut socket = server.sends(begun).await;
        socket.shutdown().await.unwrap();
        let since = Instant::now();
        let said = rest(&mut socket).await;
        assert!(since.elapsed() < Duration::from_millis(1500), "{begun:?} took {:?}", since.elapsed());
        assert!(!said.contains("200 OK"), "{begun:?}: {said}");
    }
    let mut whole = server.sends(ASK).await;
    assert!(answer(&mut whole).await.contains("200 OK"));
    whole.shutdown().await.unwrap();
    assert_eq!(rest(&mut whole).await, "");
}

#[tokio::test]
async fn a_body_that_comes_in_drops_is_ended_with_the_time_of_its_request() {
    let mut config = Config::default();
    config.request_timeout = Duration::from_millis(400);
    let long = Duration::from_secs(60);
    let server = serve_as(config, Limits { header: long, idle: long, stalled: long, ..short() }, None).await;
    for (length, drop) in [("Content-Length: 100000", "a"), ("Transfer-Encoding: chunked", "1\r\na\r\n")] {
        let mut socket = server.sends(&format!("{BODY}{length}\r\n\r\n")).await;
        let since = Instant::now();
        while socket.write_all(drop.as_bytes()).await.is_ok() {
            assert!(since.elapsed() < Duration::from_secs(5), "{length}: still open");
            sleep(Duration::from_millis(20)).await;
        }
        assert!(since.elapsed() >= Duration::from_millis(400), "{length}: ended after {:?}", since.elapsed());
    }
}

/// On a connection of HTTP/2 that has begun.
async fn multiplexed(server: &Server) -> TcpStream {
    let mut socket = server.sends("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    socket.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    socket
}

/// GET, http, "/", authority "a"; from the static table of HPACK.
fn ask(stream: u8, flags: u8) -> Vec<u8> {
    frame(HEADERS, flags, stream, &[0x82, 0x86, 0x84, 0x41, 1, b'a'])
}

/// Streams that are opened and reset, all in one piece: the last of them is below `end`.
fn resets(from: u8, end: u8) -> Vec<u8> {
    (from..end)
        .step_by(2)
        .flat_map(|stream| [ask(stream, 5), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat())
        .collect()
}

/// CVE-2023-44487. The bound of twenty is the library's default, too; without one this fails.
#[tokio::test]
async fn streams_opened_and_reset_in_a_hurry_end_the_connection() {
    let server = patient().await;
    let mut socket = multiplexed(&server).await;
    // Ten are what a browser does whose person goes elsewhere.
    socket.write_all(&[resets(1, 21), ask(21, 5)].concat()).await.unwrap();
    until_frame(&mut socket, HEADERS, 21).await;
    socket.write_all(&resets(23, 103)).await.unwrap();
    let goodbye = until_frame(&mut socket, GOAWAY, 0).await;
    assert_eq!(goodbye[4..8], ENHANCE_YOUR_CALM);
    rest(&mut socket).await;
}

/// CVE-2024-27316. How many frames a header may have follows from its longest length.
#[tokio::test]
async fn a_header_that_goes_on_and_on_ends_the_connection() {
    let server = patient().await;
    let mut socket = multiplexed(&server).await;
    // Each with a literal field "x: y", and none with the end.
    let more = frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y']);
    socket.write_all(&[ask(1, 1), more.repeat(20)].concat()).await.unwrap();
    let goodbye = until_frame(&mut socket, GOAWAY, 0).await;
    assert_eq!(goodbye[4..8], ENHANCE_YOUR_CALM);
    rest(&mut socket).await;
}
