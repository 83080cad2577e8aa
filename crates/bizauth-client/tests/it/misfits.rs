//! Answers that no document promises: they become errors that say so, and never show what they held.

use std::error::Error as _;
use std::time::Duration;

use axum::Router;
use bizauth_client::{Client, Error, Hosts, Limits, SecretString};

use super::{JSON, Platform, serve};

fn token() -> SecretString {
    "tok-secret".to_owned().into()
}

/// The error, which must not show the token anywhere in its chain.
async fn misfit(platform: &Platform) -> Error {
    let error = platform.client().token_info(&token()).await.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(deeper) = source {
        shown += &format!("{deeper} {deeper:?}");
        source = deeper.source();
    }
    assert!(!shown.contains("tok-secret"), "{shown}");
    error
}

#[tokio::test]
async fn a_body_outside_the_contract_is_told_by_its_place() {
    const OUTSIDE: &str = "an answer outside the contract";
    for (head, body, wanted) in [
        (JSON, "<html>tok-secret</html>", "(status 200): not JSON, at line 1, column 1 of the body"),
        (JSON, "", "(status 200): not JSON, at line 1, column 0 of the body"),
        (JSON, "\"tok-secret\"", "(status 200): not the promised fields, at line 1, column 12 of the body"),
        (JSON, "{\"id\":\n7}", "(status 200): not the promised fields, at line 2, column 1 of the body"),
        ("502", "<html>tok-secret</html>", "(status 502): a failure without the platform's error envelope"),
        ("401", r#"{"error":"x"}"#, "(status 401): a failure without the platform's error envelope"),
        ("204", "", "(status 204): another success than 200"),
    ] {
        let platform = Platform::answers(head, body).await;
        assert_eq!(misfit(&platform).await.to_string(), format!("{OUTSIDE} {wanted}"), "{body:?}");
    }
}

#[tokio::test]
async fn a_token_of_another_type_is_no_token() {
    for body in [
        r#"{"access_token":"tok-secret","token_type":"mac","scope":""}"#,
        r#"{"access_token":"","token_type":"bearer","scope":""}"#,
        r#"{"access_token":["tok-secret"],"token_type":"bearer","scope":""}"#,
    ] {
        let platform = Platform::answers(JSON, body).await;
        let trade = bizauth_client::CodeTrade {
            client_id: "key".into(),
            client_secret: None,
            redirect_uri: "https://app.example".into(),
            code: token(),
            verifier: None,
        };
        let error = platform.client().trade_code(&trade).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { status: 200, .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("tok-secret"));
    }
}

#[tokio::test]
async fn a_sentence_of_the_platform_cannot_play_with_the_terminal() {
    let body = format!(r#"{{"msg":"tok-secret \u001b[2J{}","code":-2}}"#, "x".repeat(900));
    let platform = Platform::answers("400", body).await;
    let Error::Kapi { msg, .. } = misfit(&platform).await else { panic!("a refusal in the envelope") };
    assert!(msg.starts_with("[hidden]  [2Jxxx") && msg.chars().count() == 500, "{msg}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for head in ["302\nlocation: /elsewhere", "307\nlocation: /elsewhere", "301\nlocation: http://127.0.0.1:1/"] {
        let platform = Platform::answers(head, "").await;
        let error = misfit(&platform).await;
        assert!(error.to_string().ends_with("a redirect, which is not followed"), "{error}");
        assert_eq!(platform.asked().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_dropped() {
    let sample = r#"{"token_user_id":"7"}"#;
    let platform = Platform::answers(JSON, sample).await;
    for (body_bytes, fits) in [(sample.len(), true), (sample.len() - 1, false), (0, false)] {
        let client = platform.client_with(Limits { body_bytes, ..Limits::default() });
        match client.user_info(&token()).await {
            Ok(_) => assert!(fits, "{body_bytes}"),
            Err(error) => {
                assert!(!fits && matches!(error, Error::TooLong { limit } if limit == body_bytes), "{error:?}");
            }
        }
    }
}

/// Without a Content-Length the pieces are counted as they come.
#[tokio::test]
async fn an_endless_answer_is_dropped() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        // An answer that comes before its request would be refused for that.
        while !asked_by(&socket).await {}
        write_all(&socket, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while write_all(&socket, b"400\r\n").await && write_all(&socket, &[b' '; 0x400]).await {
            write_all(&socket, b"\r\n").await;
        }
    });
    let limits = Limits { body_bytes: 1 << 20, ..Limits::default() };
    let client = Client::with_limits(Hosts::one(&base).unwrap(), limits).unwrap();
    let error = client.token_info(&token()).await.unwrap_err();
    assert!(matches!(error, Error::TooLong { limit: 0x0010_0000 }), "{error:?}");
}

/// Whether something of a request has come.
async fn asked_by(socket: &tokio::net::TcpStream) -> bool {
    socket.readable().await.is_ok() && socket.try_read(&mut [0; 4096]).is_ok_and(|read| read > 0)
}

/// Whether everything was written before the other side went away.
async fn write_all(socket: &tokio::net::TcpStream, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        if socket.writable().await.is_err() {
            return false;
        }
        match socket.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
    }
    true
}

#[tokio::test]
async fn silence_and_a_closed_port_are_transport_errors() {
    let base = serve(Router::new().fallback(async || std::future::pending::<&str>().await)).await;
    let limits = Limits { whole: Duration::from_millis(50), ..Limits::default() };
    let client = Client::with_limits(Hosts::one(&base).unwrap(), limits).unwrap();
    let error = client.token_info(&token()).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.is_timeout(), "{error:?}");

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = Client::new(Hosts::one(&format!("http://{closed}")).unwrap()).unwrap();
    let error = client.token_info(&token()).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && !error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_secret_that_no_header_can_hold_is_not_sent() {
    let platform = Platform::answers(JSON, "{}").await;
    let split: SecretString = "tok-secret\r\nx: y".to_owned().into();
    let error = platform.client().revoke(&split).await.unwrap_err();
    assert_eq!(error.to_string(), "the token has a character that cannot be sent in a header");
    let error = platform.client().ip_list(&token(), None, Some("\n")).await.unwrap_err();
    assert!(matches!(error, Error::Unsendable("ETag")), "{error:?}");
    assert!(platform.asked().is_empty());
}
