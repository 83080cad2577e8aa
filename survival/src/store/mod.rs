//! The store fails in every way it can: each fault is answered with 503 in the door's own words within a bound,
//! readiness says no, the server comes back by itself, and nothing single-use is burnt by what was rolled back.

mod postgres;
mod remembered;
mod sqlite;

use std::time::{Duration, Instant};

use anyhow::bail;
use reqwest::Client;

use crate::Effort;
use crate::report::Report;
use crate::world::{Ask, Browser, Engine, Said, Scene, Server, health, program, revoke, tokeninfo};

/// Within this everybody must have heard an answer: connections to wait for (3 s each), a statement's bound (10 s) or a
/// silent line's (12 s).
pub(crate) const BOUND: Duration = Duration::from_secs(25);
/// Longer than [`BOUND`]: it must be the store's own bounds that keep it, not the one that cuts any request off.
const REQUEST_TIMEOUT: [&str; 2] = ["--request-timeout", "120s"];
/// Within this the server must be back once its store is.
const RECOVERY: Duration = Duration::from_secs(60);

/// Breaks the store of an engine.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    match engine {
        Engine::Sqlite => sqlite::run(effort).await,
        Engine::Postgres => postgres::run(effort).await,
    }
}

/// The flags of a server whose store alone bounds what a request may take.
pub(crate) fn unhurried(flags: Vec<String>) -> Vec<String> {
    [flags, REQUEST_TIMEOUT.map(str::to_owned).to_vec()].concat()
}

/// What the fault at hand lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Neither reading nor writing.
    Nothing,
    /// Reading.
    Reading,
}

/// A server with a live token, a dead one, and codes that nobody has redeemed.
pub(crate) struct Bench<'s> {
    scene: &'s Scene,
    server: &'s Server,
    client: Client,
    browser: Browser,
    live: String,
    dead: String,
    codes: Vec<String>,
}

impl Bench<'_> {
    /// Prepared while all is well.
    pub(crate) async fn laid<'s>(scene: &'s Scene, server: &'s Server, person: usize) -> anyhow::Result<Bench<'s>> {
        let (client, base, app) = (program()?, &server.base, &scene.app);
        let browser = scene.browser(person)?;
        browser.signs_in(base).await?;
        let live = browser.token(&client, base, app).await?;
        let dead = browser.token(&client, base, app).await?;
        if revoke(&client, base, &dead).await.map(|said| said.status) != Ok(200) {
            bail!("a token cannot be revoked while all is well");
        }
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(browser.code(base, app).await?);
        }
        Ok(Bench { scene, server, client, browser, live, dead, codes })
    }

    /// Asks everything while the store is broken.
    pub(crate) async fn suffers(&self, fault: &str, reach: Reach, report: &mut Report) -> anyhow::Result<()> {
        let base = &self.server.base;
        let since = Instant::now();
        let authorize = self.scene.app.authorize();
        let (live, dead, redeemed, revoked, screen, page) = tokio::join!(
            tokeninfo(&self.client, base, &self.live),
            tokeninfo(&self.client, base, &self.dead),
            self.scene.app.redeems(&self.client, base, &self.codes[0]),
            revoke(&self.client, base, &self.live),
            self.browser.opens(base, &authorize),
            self.browser.opens(base, "/me"),
        );
        let took = since.elapsed();
        let refused = |ask: &Ask, path: &str| ask.as_ref().is_ok_and(|said| said.is_unavailable(path));
        let status = |ask: &Ask| ask.as_ref().map_or(0, |said| said.status);
        report.promise(refused(&redeemed, "/oauth/business/token"), || format!("{fault}, redeeming: {redeemed:?}"));
        report.promise(refused(&revoked, "/v1/business/revoke"), || format!("{fault}, revoking: {revoked:?}"));
        // A consent screen is parked, which is a write; a page is only read.
        let is_page = |said: &Said| said.status == 503 && said.kind.starts_with("text/html");
        report.promise(screen.as_ref().is_ok_and(is_page), || format!("{fault}, asking for consent: {screen:?}"));
        let shown = page.as_ref().is_ok_and(|said| is_page(said) || (reach == Reach::Reading && said.status == 200));
        report.promise(shown, || format!("{fault}, a page of the owner's: {page:?}"));
        report.promise(status(&dead) != 200, || format!("{fault}: a revoked token is answered for: {dead:?}"));
        let told = refused(&live, "/v1/business/tokeninfo") || (reach == Reach::Reading && status(&live) == 200);
        report.promise(told, || format!("{fault}, asking for a live token: {live:?}"));
        report.promise(took < BOUND, || format!("{fault}: the answers took {took:?}"));
        let ready = health(&self.client, &self.server.operators, "ready").await;
        report.promise(status(&ready) == 503, || format!("{fault}, readiness: {ready:?}"));
        let live = health(&self.client, &self.server.operators, "live").await;
        report.promise(status(&live) == 200, || format!("{fault}, liveness: {live:?}"));
        report.say(format!("{fault}: everybody heard 503 within {:.1} s, not ready", took.as_secs_f64()));
        Ok(())
    }

    /// Waits until the server says that it is not ready.
    pub(crate) async fn is_noticed(&self, fault: &str, report: &mut Report) {
        let noticed = self.is_ready(false).await;
        report.promise(noticed, || format!("{fault}: the server says that it is ready"));
    }

    /// Waits until readiness is this, but not for ever.
    async fn is_ready(&self, it_is: bool) -> bool {
        let since = Instant::now();
        while since.elapsed() < RECOVERY {
            let said = health(&self.client, &self.server.operators, "ready").await;
            if said.is_ok_and(|said| (said.status == 200) == it_is) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// Once the store is back: the server is ready by itself and everything is as it was. Codes that were refused with
    /// 503 work, once.
    pub(crate) async fn recovers(&self, fault: &str, report: &mut Report) -> anyhow::Result<()> {
        let ready = self.is_ready(true).await;
        report.promise(ready, || format!("{fault}: not ready again: {}", self.server.log()));
        let base = &self.server.base;
        let live = tokeninfo(&self.client, base, &self.live).await;
        report.promise(live.as_ref().is_ok_and(|said| said.status == 200), || {
            format!("{fault}, afterwards, a token whose revocation was refused: {live:?}")
        });
        let dead = tokeninfo(&self.client, base, &self.dead).await;
        report.promise(dead.as_ref().is_ok_and(|said| said.status == 401), || {
            format!("{fault}, afterwards, a revoked token: {dead:?}")
        });
        for code in &self.codes {
            let first = self.scene.app.redeems(&self.client, base, code).await;
            report.promise(first.as_ref().is_ok_and(|said| said.status == 200), || {
                format!("{fault}: a code was burnt by what was rolled back: {first:?}")
            });
            let second = self.scene.app.redeems(&self.client, base, code).await;
            report.promise(second.as_ref().is_ok_and(|said| said.status == 400), || {
                format!("{fault}: a code worked twice: {second:?}")
            });
        }
        Ok(())
    }
}
