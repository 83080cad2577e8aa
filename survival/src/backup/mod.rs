//! Backup and restore while people work, and new secrets while apps run: a restored copy is never served before somebody
//! has said what becomes of its tokens, and no rotation locks anybody out.

mod copies;
mod secrets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;

use crate::Effort;
use crate::report::Report;
use crate::world::{Ask, Engine, Scene, Server, program, revoke, tokeninfo};

/// Longer than a server takes to stop.
pub(crate) const END: Duration = Duration::from_secs(40);

/// Runs it over an engine.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of(format!("backup, {}", engine.name()));
    for round in 0..effort.of(1, 10) {
        match engine {
            Engine::Sqlite => copies::of_a_file(&mut report).await?,
            Engine::Postgres => copies::of_a_cluster(&mut report).await?,
        }
        secrets::of_an_app(engine, &mut report).await?;
        secrets::of_the_server(engine, &mut report).await?;
        report.figure("rounds", round + 1);
    }
    Ok(report)
}

/// What is there when the copy is made, and what becomes of it before the copy comes back.
pub(crate) struct Past {
    client: Client,
    /// Lives when the copy is made, and is left alone.
    kept: String,
    /// Lives when the copy is made, and is revoked afterwards.
    revoked: String,
    /// Unspent when the copy is made, and redeemed afterwards.
    code: String,
}

impl Past {
    pub(crate) async fn made(scene: &Scene, server: &Server) -> anyhow::Result<Past> {
        let (client, browser) = (program()?, scene.browser(0)?);
        browser.signs_in(&server.base).await?;
        let kept = browser.token(&client, &server.base, &scene.app).await?;
        let revoked = browser.token(&client, &server.base, &scene.app).await?;
        let code = browser.code(&server.base, &scene.app).await?;
        Ok(Past { client, kept, revoked, code })
    }

    /// What happens after the copy was made.
    pub(crate) async fn goes_on(&self, scene: &Scene, server: &Server, report: &mut Report) {
        let revoked = revoke(&self.client, &server.base, &self.revoked).await;
        report.promise(status(&revoked) == 200, || format!("revoking after the copy: {revoked:?}"));
        let redeemed = scene.app.redeems(&self.client, &server.base, &self.code).await;
        report.promise(status(&redeemed) == 200, || format!("redeeming after the copy: {redeemed:?}"));
    }

    /// What a server over an accepted copy says: of the tokens that it kept or ended, of the code, and to people.
    pub(crate) async fn is_now(&self, what: &str, tokens: u16, scene: &Scene, server: &Server, report: &mut Report) {
        let (client, base) = (&self.client, &server.base);
        for token in [&self.kept, &self.revoked] {
            let said = tokeninfo(client, base, token).await;
            report.promise(status(&said) == tokens, || format!("{what}, a token of the copy: {said:?}"));
        }
        let said = scene.app.redeems(client, base, &self.code).await;
        report.promise(status(&said) == 400, || format!("{what}: a code that was redeemed works again: {said:?}"));
        let anew = async {
            let browser = scene.browser(0)?;
            browser.signs_in(base).await?;
            browser.token(client, base, &scene.app).await
        };
        let anew = anew.await;
        report.promise(anew.is_ok(), || format!("{what}: nobody can begin anew: {anew:?}"));
    }
}

pub(crate) fn status(ask: &Ask) -> u16 {
    ask.as_ref().map_or(0, |said| said.status)
}

/// People who work while something else goes on: how many tokens they got, and what went wrong.
pub(crate) struct Working {
    stop: Arc<AtomicBool>,
    hand: tokio::task::JoinHandle<anyhow::Result<usize>>,
}

impl Working {
    pub(crate) async fn begin(scene: &Scene, server: &Server) -> anyhow::Result<Working> {
        let (browser, client, stop) = (scene.browser(1)?, program()?, Arc::new(AtomicBool::new(false)));
        browser.signs_in(&server.base).await?;
        let (app, base, told) = (scene.app.clone(), server.base.clone(), stop.clone());
        let hand = tokio::spawn(async move {
            let mut tokens = 0;
            while !told.load(Ordering::Relaxed) {
                browser.token(&client, &base, &app).await?;
                tokens += 1;
            }
            Ok(tokens)
        });
        Ok(Working { stop, hand })
    }

    pub(crate) async fn ended(self, report: &mut Report) -> anyhow::Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        let tokens = self.hand.await?;
        report.promise(tokens.is_ok(), || format!("somebody was disturbed in their work: {tokens:?}"));
        Ok(tokens.unwrap_or(0))
    }
}

/// Stops a server in good order.
pub(crate) async fn stopped(mut server: Server) -> anyhow::Result<()> {
    server.terminate()?;
    server.ended(END).await.map(drop)
}

/// A start that must be refused with these words.
pub(crate) async fn refused(what: &str, flags: &[String], words: &str, report: &mut Report) {
    match Server::start(flags).await {
        Ok(_) => report.promise(false, || format!("{what}: it is served without a word")),
        Err(error) => {
            let said = error.to_string();
            let clear = said.contains(words) && said.contains("bizauth restore accept");
            report.promise(clear, || format!("{what}: {said}"));
        }
    }
}
