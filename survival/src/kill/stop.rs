//! SIGTERM under load: who was heard is answered, what was not answered was not done, and the end has a bound.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::{Lives, at_work, signed_in};
use crate::Effort;
use crate::report::Report;
use crate::world::{Lost, Scene, Server, health, program, tokeninfo};

/// How many requests are half sent when the stop comes.
const HALVES: usize = 16;
/// Longer than any drain asked for here.
const END: Duration = Duration::from_secs(40);

/// Stops under load. A caller whose request crosses the server's goodbye on a kept-open connection hears nothing, as
/// HTTP/1 has it (RFC 9112, section 9.5); then nothing may have been done.
pub(super) async fn under_load(scene: &Arc<Scene>, effort: Effort, report: &mut Report) -> anyhow::Result<()> {
    let (mut answered, mut crossed) = (0, 0);
    let stops = effort.of(3_usize, 100);
    for turn in 0..stops {
        let mut server = scene.serve().await?;
        let browsers = signed_in(scene, &server, super::HANDS).await?;
        let lives = Lives::default();
        let hands = at_work(scene, &browsers, &server.base, effort.seed ^ turn as u64, &lives);
        lives.reach(12).await;
        server.terminate()?;
        let entries: Vec<_> = hands.join_all().await.into_iter().flatten().collect();
        let code = server.ended(END).await?;
        report.promise(code == Some(0), || format!("stopped by SIGTERM it ended with {code:?}: {}", server.log()));
        let cut = server.log().contains("\"cut\":0");
        report.promise(cut, || format!("requests were cut off: {}", server.log()));
        let server = scene.serve().await?;
        let check = program()?;
        for entry in &entries {
            entry.look(&check, &server.base, report).await;
            answered += usize::from(!entry.is_uncertain());
            if entry.is_uncertain() {
                crossed += 1;
                entry.was_not_done(&check, &server.base, &scene.app, report).await;
            }
        }
    }
    report.promise(answered > 0, || "nobody did anything before the stops".to_owned());
    report.say(format!(
        "{stops} SIGTERMs under load: {answered} token lives answered in full, no request cut off; {crossed} requests \
         crossed the goodbye and had no effect"
    ));
    Ok(())
}

/// Requests of which the server has the head and half of the body when the stop comes, and the rest a moment later: each
/// is answered, and what was answered was done.
pub(super) async fn heard(scene: &Arc<Scene>, report: &mut Report) -> anyhow::Result<()> {
    let mut server = scene.serve().await?;
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let address = server.base.trim_start_matches("http://").to_owned();
    let (mut halves, mut codes) = (Vec::new(), Vec::new());
    for _ in 0..HALVES {
        let code = browser.code(&server.base, &scene.app).await?;
        let fields = scene.app.trade(&code);
        let body = fields.iter().map(|(name, value)| format!("{name}={}", bizauth::http::reply::escape(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let head = format!(
            "POST /oauth/business/token HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n",
            body.len()
        );
        let (begun, rest) = body.split_at(body.len() / 2);
        let mut connection = TcpStream::connect(&address).await?;
        connection.write_all(format!("{head}{begun}").as_bytes()).await?;
        halves.push((connection, rest.to_owned()));
        codes.push(code);
    }
    // An answer on another connection: those before it were accepted, and their heads are read.
    let asked = tokeninfo(&program()?, &server.base, "none").await;
    report.promise(asked.is_ok(), || format!("before the stop: {asked:?}"));
    server.terminate()?;
    let looks_on = program()?;
    let stopping = async {
        // No answer is as good: the operator's door is shut.
        while health(&looks_on, &server.operators, "ready").await.is_ok_and(|said| said.status != 503) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let stopping = timeout(END, stopping).await;
    report.promise(stopping.is_ok(), || format!("{END:?} after the stop it is still ready"));
    let mut tokens = Vec::new();
    for (mut connection, rest) in halves {
        let mut said = String::new();
        let heard = async {
            connection.write_all(rest.as_bytes()).await?;
            connection.read_to_string(&mut said).await
        };
        let heard = heard.await.map(|_| ());
        let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let token = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
        let token = token["access_token"].as_str().map(str::to_owned);
        let whole = said.starts_with("HTTP/1.1 200 ") && token.is_some();
        report.promise(heard.is_ok() && whole, || {
            format!("half sent when the stop came, the rest sent afterwards: {heard:?}, {:?}", said.lines().next())
        });
        tokens.extend(token);
    }
    let code = server.ended(END).await?;
    report.promise(code == Some(0), || format!("stopped with requests half sent it ended with {code:?}"));
    let (server, check) = (scene.serve().await?, program()?);
    for token in &tokens {
        let said = tokeninfo(&check, &server.base, token).await;
        report.promise(said.as_ref().is_ok_and(|said| said.status == 200), || {
            format!("a token that was told while the server stopped: {said:?}")
        });
    }
    report.say(format!(
        "SIGTERM with {HALVES} token requests half sent: {} answered in full, their tokens live",
        tokens.len()
    ));
    Ok(())
}

/// A caller who never finishes a request does not keep the server from ending.
pub(super) async fn bounded(scene: &Arc<Scene>, report: &mut Report) -> anyhow::Result<()> {
    let flags = [scene.flags(), vec!["--drain-timeout".to_owned(), "2s".to_owned()]].concat();
    let mut server = Server::start(&flags).await?;
    let mut endless = TcpStream::connect(server.base.trim_start_matches("http://")).await?;
    let begun = "POST /oauth/business/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type=";
    endless.write_all(begun.as_bytes()).await?;
    // An answer on another connection: the first was accepted before it, and its header is read.
    let asked = tokeninfo(&program()?, &server.base, "none").await;
    report.promise(asked.is_ok(), || format!("before the stop: {asked:?}"));
    server.terminate()?;
    // Well below the default, so that it is this bound that is kept, and well above it for a busy machine.
    let code = server.ended(Duration::from_secs(10)).await?;
    report.promise(code == Some(0), || format!("stopped while a request hung it ended with {code:?}"));
    let mut rest = Vec::new();
    // Reset or closed: both are an end.
    let _ = endless.read_to_end(&mut rest).await;
    let after = tokeninfo(&program()?, &server.base, "none").await;
    report.promise(after == Err(Lost::Unsent), || format!("after the stop: {after:?}"));
    report.say("SIGTERM while a request never ends: stopped within its drain_timeout");
    Ok(())
}
