//! Races at the sign-in: parallel wrong passwords never beat the limit (CVE-2023-47111), parallel good ones pass.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::report::Report;
use crate::world::{Field, PASSWORD, at_once, counted};

/// Wrong passwords that are looked at for one account from browsers that are not known, in one window.
const MOST: usize = 10;
/// The length of a window, in seconds. Windows lie on the clock.
const WINDOW: u64 = 15 * 60;

/// The window that we are in.
fn window() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / WINDOW)
}

/// 100 wrong passwords at once for one account, each from another address and browser.
pub(super) async fn wrong(field: &Field, person: usize, report: &mut Report) -> anyhow::Result<()> {
    const TRIES: usize = 100;
    let owner = field.scene.browser(person)?;
    owner.signs_in(&field.base(0)).await?;
    owner.signs_out(&field.base(1)).await?;
    let mut strangers = Vec::new();
    for _ in 0..TRIES {
        strangers.push(field.scene.browser(person)?);
    }
    let began = window();
    let said = at_once(TRIES, |turn| {
        let (stranger, base) = (strangers[turn].clone(), field.base(turn));
        let from = field.elsewhere();
        async move { stranger.tries(&base, "wrong horse", &from).await }
    })
    .await;
    // Where the clock began another window meanwhile, that one has tries of its own.
    let windows = usize::try_from(window() - began).unwrap_or(0) + 1;
    let counts = counted(&said);
    let (judged, turned_away) = (counts.get("401").copied().unwrap_or(0), counts.get("429").copied().unwrap_or(0));
    report.promise(judged <= MOST * windows, || format!("{judged} wrong passwords were looked at: {counts:?}"));
    report.promise(judged >= MOST, || format!("only {judged} wrong passwords were looked at: {counts:?}"));
    // Where the machine is starved, some are told to come again (503); nobody looked at theirs.
    let put_off = counts.get("503").copied().unwrap_or(0);
    report.promise(judged + turned_away + put_off == TRIES, || format!("wrong passwords at once: {counts:?}"));
    let stranger = field.scene.browser(person)?.tries(&field.base(0), PASSWORD, &field.elsewhere()).await;
    let kept_out = windows > 1 || stranger.as_ref().is_ok_and(|said| said.status == 429);
    report.promise(kept_out, || format!("a stranger after all tries were used up: {stranger:?}"));
    let home = owner.tries(&field.base(1), PASSWORD, "192.0.2.1").await;
    let let_in = home.as_ref().is_ok_and(|said| said.status == 303);
    report.promise(let_in, || format!("the owner's own browser was locked out: {home:?}"));
    report.say(format!(
        "{TRIES} wrong passwords at once: {judged} were looked at, the owner's browser was not locked out"
    ));
    Ok(())
}

/// Many sign in to one account with the right password at once.
pub(super) async fn good(field: &Field, report: &mut Report) -> anyhow::Result<()> {
    // More than may be looked at before one is proved, so that some must wait for others; the wait has a bound of 8 s, which
    // a starved machine needs for many more.
    const TRIES: usize = 16;
    let mut browsers = Vec::new();
    for _ in 0..TRIES {
        browsers.push(field.scene.browser(6)?);
    }
    let said = at_once(TRIES, |turn| {
        let (browser, base) = (browsers[turn].clone(), field.base(turn));
        async move { browser.tries(&base, PASSWORD, "192.0.2.66").await }
    })
    .await;
    let counts = counted(&said);
    report.promise(counts.get("303") == Some(&TRIES), || format!("{TRIES} good passwords at once: {counts:?}"));
    report.say(format!("{TRIES} good passwords at once: {} let in", counts.get("303").unwrap_or(&0)));
    Ok(())
}
