//! Everybody wants the same thing at the same time: 64 at once, spread over all servers (two processes on PostgreSQL,
//! one on the embedded engine, which has one).

mod keys;
mod passwords;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use reqwest::Client;
use tokio::task::JoinSet;

use crate::Effort;
use crate::report::Report;
use crate::world::{Ask, Engine, Scene, Server, program, revoke, tokeninfo};

/// How many want it.
const CROWD: usize = 64;
/// How many people are at it.
const PEOPLE: usize = 7;

/// The servers and the scene that they serve.
pub(crate) struct Field {
    pub(crate) scene: Scene,
    pub(crate) servers: Vec<Server>,
    pub(crate) client: Client,
    addresses: AtomicU32,
}

impl Field {
    async fn laid(engine: Engine, people: usize) -> anyhow::Result<Field> {
        let scene = Scene::set(engine, people).await?;
        let mut servers = Vec::new();
        for _ in 0..if engine == Engine::Postgres { 2 } else { 1 } {
            servers.push(scene.serve().await?);
        }
        Ok(Field { scene, servers, client: program()?, addresses: AtomicU32::new(0) })
    }

    /// An address that nobody has come from. One address may be wrong so many times a minute, and in the long form it would
    /// be; what is tried here is another rule.
    pub(crate) fn elsewhere(&self) -> String {
        Ipv4Addr::from_bits(0x0a00_0001 + self.addresses.fetch_add(1, Ordering::Relaxed)).to_string()
    }

    /// The server whose turn it is.
    pub(crate) fn base(&self, turn: usize) -> String {
        self.servers[turn % self.servers.len()].base.clone()
    }

    /// Whether every server says that a token is alive (200) or dead (401).
    async fn everywhere(&self, token: &str, status: u16) -> bool {
        for server in &self.servers {
            if tokeninfo(&self.client, &server.base, token).await.map(|said| said.status) != Ok(status) {
                return false;
            }
        }
        true
    }
}

/// Runs all races.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of(format!("races, {}", engine.name()));
    // Wrong passwords use up an account for a while: each round of them has one of its own.
    let guessed = effort.of(1, 20);
    let field = Field::laid(engine, PEOPLE + guessed).await?;
    let browser = field.scene.browser(0)?;
    browser.signs_in(&field.base(0)).await?;
    let rounds = effort.of(2, 200);
    let mut beside = [0, 0];
    for _ in 0..rounds {
        one_code(&field, &mut report).await?;
        one_screen(&field, &mut report).await?;
        one_token(&field, &mut report).await?;
        keys::new_secrets(&field, &mut report).await?;
        let [served, refused] = keys::deleted(&field, &mut report).await?;
        beside = [beside[0] + served, beside[1] + refused];
    }
    // Once or twice all may come before it, or behind.
    report.promise(!effort.long || !beside.contains(&0), || {
        format!("beside deletions {} redemptions were served and {} refused: no race", beside[0], beside[1])
    });
    for person in PEOPLE..PEOPLE + guessed {
        passwords::wrong(&field, person, &mut report).await?;
    }
    passwords::good(&field, &mut report).await?;
    report.say(format!(
        "{rounds} rounds of {CROWD} at once over {} server(s): one code, one consent screen, one token to revoke, \
         new secrets, a key deleted",
        field.servers.len()
    ));
    report.say(format!("beside the deletions {} redemptions were served and {} refused", beside[0], beside[1]));
    report.figure("rounds", rounds);
    Ok(report)
}

/// Runs `one` for each of a crowd at the same time; how often each outcome was seen.
pub(crate) async fn at_once<F>(crowd: usize, one: impl Fn(usize) -> F) -> Vec<Ask>
where
    F: Future<Output = Ask> + Send + 'static,
{
    let mut all = JoinSet::new();
    for turn in 0..crowd {
        all.spawn(one(turn));
    }
    all.join_all().await
}

/// How often each status was seen; what got no answer is counted under its reason.
pub(crate) fn counted(said: &[Ask]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for ask in said {
        let name = match ask {
            Ok(said) => said.status.to_string(),
            Err(lost) => format!("{lost:?}"),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    counts
}

/// One code, redeemed by a crowd: one is served, and the replays of the others end the token (RFC 6749, 4.1.2).
async fn one_code(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let browser = field.scene.browser(0)?;
    browser.signs_in(&field.base(0)).await?;
    let code = browser.code(&field.base(0), &field.scene.app).await?;
    let said = at_once(CROWD, |turn| {
        let (app, client, base, code) = (field.scene.app.clone(), field.client.clone(), field.base(turn), code.clone());
        async move { app.redeems(&client, &base, &code).await }
    })
    .await;
    let counts = counted(&said);
    let as_promised = counts.get("200") == Some(&1) && counts.get("400") == Some(&(CROWD - 1));
    report.promise(as_promised, || format!("{CROWD} redemptions of one code: {counts:?} instead of one 200"));
    let bought = said.iter().flatten().find_map(|said| said.field("access_token"));
    if let Some(token) = bought {
        report.promise(field.everywhere(&token, 401).await, || "a replayed code's token lives on".to_owned());
    }
    // The same, with the replays behind the redemption.
    let code = browser.code(&field.base(1), &field.scene.app).await?;
    let bought = field.scene.app.redeems(&field.client, &field.base(0), &code).await.ok();
    let token = bought.and_then(|said| said.field("access_token")).context("a good code bought nothing")?;
    report.promise(field.everywhere(&token, 200).await, || "a new token is not alive everywhere".to_owned());
    let said = at_once(CROWD, |turn| {
        let (app, client, base, code) = (field.scene.app.clone(), field.client.clone(), field.base(turn), code.clone());
        async move { app.redeems(&client, &base, &code).await }
    })
    .await;
    let counts = counted(&said);
    report.promise(counts.get("400") == Some(&CROWD), || format!("replays of a spent code: {counts:?}"));
    report.promise(field.everywhere(&token, 401).await, || "the token of a replayed code lives on".to_owned());
    Ok(())
}

/// One consent screen, agreed to by a crowd of clicks: one code.
async fn one_screen(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let browser = field.scene.browser(1)?;
    browser.signs_in(&field.base(0)).await?;
    let screen = browser.asked(&field.base(0), &field.scene.app).await;
    let screen = screen.map_err(|other| anyhow::anyhow!("no consent screen: {other:?}"))?;
    let said = at_once(CROWD, |turn| {
        let (browser, screen, base) = (browser.clone(), screen.clone(), field.base(turn));
        async move { browser.agrees(&base, &screen).await }
    })
    .await;
    let codes = said.iter().flatten().filter_map(crate::world::Said::code).count();
    let broken = said.iter().filter(|ask| ask.as_ref().map_or(true, |said| said.status >= 500)).count();
    report.promise(codes == 1, || format!("{CROWD} clicks on one consent screen gave {codes} codes"));
    report.promise(broken == 0, || format!("clicks on one screen: {:?}", counted(&said)));
    Ok(())
}

/// One token, revoked by a crowd: one hears that it did it, and it is dead for all.
async fn one_token(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    let browser = field.scene.browser(2)?;
    browser.signs_in(&field.base(0)).await?;
    let token = browser.token(&field.client, &field.base(0), &field.scene.app).await?;
    // Whatever a server remembers of a token, it does so now.
    report.promise(field.everywhere(&token, 200).await, || "a new token is not alive everywhere".to_owned());
    let said = at_once(CROWD, |turn| {
        let (client, base, token) = (field.client.clone(), field.base(turn), token.clone());
        async move { revoke(&client, &base, &token).await }
    })
    .await;
    let counts = counted(&said);
    let as_promised = counts.get("200") == Some(&1) && counts.get("401") == Some(&(CROWD - 1));
    report.promise(as_promised, || format!("{CROWD} revocations of one token: {counts:?} instead of one 200"));
    report.promise(field.everywhere(&token, 401).await, || "a revoked token lives on".to_owned());
    Ok(())
}
