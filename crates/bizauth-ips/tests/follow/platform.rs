//! A platform over HTTP: the documented endpoint with a key, a tag and 304, and everything else that may answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use bizauth_client::SecretString;
use bizauth_ips::fetch::{self, Arrived, FetchError};

use super::desk::{Desk, SEED};

/// Answers each connection with the next of `answers`, and gives the requests it was sent.
fn platform(answers: Vec<String>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        answers
            .into_iter()
            .map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    let read = stream.read(&mut piece).unwrap();
                    assert!(read > 0, "the request broke off");
                    request.extend_from_slice(&piece[..read]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8(request).unwrap()
            })
            .collect()
    });
    (base, served)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn the_documented_endpoint_is_asked_with_a_key_and_the_last_tag() {
    let (base, served) = platform(vec![
        answer("200 OK", "etag: \"abc\"\r\n", SEED),
        answer("304 Not Modified", "etag: \"abc\"\r\n", ""),
    ]);
    let mut settings = Desk::new("").settings();
    settings.source = bizauth_ips::settings::Source::Platform(base);
    let key: SecretString = "0123456789abcdef0123456789abcdef".into();
    let Arrived::Offer(offer) = fetch::ask(&settings, Some(&key), None).await.unwrap() else { panic!("an offer") };
    assert_eq!((offer.body.as_slice(), offer.etag.as_deref()), (SEED.as_bytes(), Some("\"abc\"")));
    assert_eq!(fetch::ask(&settings, Some(&key), offer.etag.as_deref()).await.unwrap(), Arrived::NotModified);
    let requests = served.join().unwrap();
    assert!(requests[0].starts_with("GET /v1/system/ips HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("authorization: KakaoAK 0123456789abcdef0123456789abcdef\r\n"));
    assert!(requests[1].contains("if-none-match: \"abc\"\r\n"));
}

#[tokio::test]
async fn what_else_may_answer_is_refused() {
    let key: SecretString = "key".into();
    for (answer, word, told) in [
        (answer("404 Not Found", "", "<html>"), "status", "status 404"),
        (answer("401 Unauthorized", "", r#"{"msg":"appKey(key) does not exist","code":-401}"#), "status", "-401"),
        (answer("302 Found", "location: http://127.0.0.1:1/\r\n", ""), "status", "a redirect, which is not followed"),
        (answer("500 Internal Server Error", "", ""), "status", "status 500"),
        (answer("304 Not Modified", "", ""), "status", "status 304"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_owned(), "unreachable", "no answer from the platform"),
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 100 << 20), "malformed", "longer than"),
    ] {
        let (base, served) = platform(vec![answer]);
        let mut settings = Desk::new("").settings();
        settings.source = bizauth_ips::settings::Source::Platform(base);
        match fetch::ask(&settings, Some(&key), None).await {
            Err(FetchError::Refused { reason, detail }) => {
                assert_eq!(reason.word(), word, "{detail}");
                assert!(detail.contains(told) && !detail.contains("appKey(key)"), "{detail:?} does not say {told:?}");
            }
            other => panic!("{other:?}"),
        }
        served.join().unwrap();
    }
    let mut settings = Desk::new("").settings();
    settings.source = bizauth_ips::settings::Source::Platform("http://127.0.0.1:1".to_owned());
    assert!(matches!(fetch::ask(&settings, None, None).await, Err(FetchError::Setting(_))));
}
