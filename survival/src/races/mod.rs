//! Everybody wants the same thing at the same time: 64 at once, spread over all servers (two processes on PostgreSQL,
//! one on the embedded engine, which has one).

mod keys;
mod passwords;

use anyhow::Context;

use crate::Effort;
use crate::report::Report;
use crate::world::{Engine, Field, Scene, at_once, counted, revoke};

/// How many want it.
const CROWD: usize = 64;
/// How many people are at it.
const PEOPLE: usize = 7;

/// Runs all races.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of(format!("races, {}", engine.name()));
    // Wrong passwords use up an account for a while: each round of them has one of its own.
    let guessed = effort.of(1, 20);
    let scene = Scene::set(engine, PEOPLE + guessed).await?;
    let flags = scene.flags();
    let field = Field::laid(scene, flags).await?;
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
