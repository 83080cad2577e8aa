//! SIGTERM under load: who was heard is answered, what was not answered was not done, and the end has a bound.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ledger::Fate;
use super::{Lives, at_work, signed_in};
use crate::report::Report;
use crate::world::{Lost, Scene, Server, program};

/// How often the server is stopped under load.
const STOPS: usize = 3;
/// Longer than any drain asked for here.
const END: Duration = Duration::from_secs(40);

/// Stops under load. A caller whose request crosses the server's goodbye on a kept-open connection hears nothing, as
/// HTTP/1 has it (RFC 9112, section 9.5); then nothing may have been done.
pub(super) async fn under_load(scene: &Arc<Scene>, report: &mut Report) -> anyhow::Result<()> {
    let (mut answered, mut crossed) = (0, 0);
    for turn in 0..STOPS {
        let mut server = scene.serve().await?;
        let browsers = signed_in(scene, &server, super::HANDS).await?;
        let lives = Lives::default();
        let hands = at_work(scene, &browsers, &server.base, turn as u64, &lives);
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
            if entry.redeemed == Fate::Unknown {
                crossed += 1;
                entry.was_not_done(&check, &server.base, &scene.app, report).await;
            }
        }
    }
    report.promise(answered > 0, || "nobody did anything before the stops".to_owned());
    report.say(format!(
        "{STOPS} SIGTERMs under load: {answered} token lives answered in full, no request cut off; {crossed} requests \
         crossed the goodbye and had no effect"
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
    let asked = crate::world::tokeninfo(&program()?, &server.base, "none").await;
    report.promise(asked.is_ok(), || format!("before the stop: {asked:?}"));
    server.terminate()?;
    let code = server.ended(Duration::from_secs(20)).await?;
    report.promise(code == Some(0), || format!("stopped while a request hung it ended with {code:?}"));
    let mut rest = Vec::new();
    // Reset or closed: both are an end.
    let _ = endless.read_to_end(&mut rest).await;
    let after = crate::world::tokeninfo(&program()?, &server.base, "none").await;
    report.promise(after == Err(Lost::Unsent), || format!("after the stop: {after:?}"));
    report.say("SIGTERM while a request never ends: stopped within its drain_timeout");
    Ok(())
}
