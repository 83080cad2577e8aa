//! Limits: whoever wants more than may, all at once and on every server, gets exactly what may; the others hear when to
//! come again, which is true, and then they may. Quotas (-10), issuance (KOE236, KOE237), whatever can be guessed, and what
//! people type and do. Two processes on PostgreSQL, one on the embedded engine.

mod bound;
mod guesses;
mod issuing;
mod people;
mod quota;

use crate::Effort;
use crate::chance::Chance;
use crate::report::Report;
use crate::world::{Engine, Field, Scene};

use self::bound::{Account, MINUTE};
use self::quota::Quota;

/// People who are new to each round: their limits are theirs.
const PEOPLE: usize = 4;

/// Runs all of them.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut account = Account::of(Report::of(format!("limits, {}", engine.name())));
    let rounds = effort.of(1, 20);
    let scene = Scene::set(engine, 1 + PEOPLE * rounds).await?;
    let limits = [
        ["--issuance-limit".to_owned(), issuing::CODES.to_string()],
        ["--token-rate".to_owned(), issuing::TOKENS.to_string()],
        // One house on loopback, and not its neighbours.
        ["--trusted-proxies".to_owned(), "127.0.0.1/32".to_owned()],
    ];
    let flags = [scene.records(), limits.concat(), scene.with_master_key().await?].concat();
    let mut field = Field::laid(scene, flags).await?;
    let browser = field.scene.browser(0)?;
    browser.signs_in(&field.base(0)).await?;
    let token = browser.token(&field.client, &field.base(0), &field.scene.app).await?;
    let (mut quota, chance) = (Quota::of(token), Chance::of(effort.seed));
    let (mut bought, mut doors) = (0, 0);
    for round in 0..rounds {
        let person = 1 + PEOPLE * round;
        quota.shared(&field, &mut account).await?;
        quota.killed(&mut field, &chance, &mut account).await?;
        people::passwords(&field, round, &mut account).await?;
        people::codes(&field, person, &mut account).await?;
        people::first_codes(&field, person + 1, &mut account).await?;
        let busy = people::actions(&field, person + 2, &mut account).await?;
        let unbought = issuing::crowd(&field, person + 3, &mut account).await?;
        let guessed = guesses::crowds(&field, round, &mut account).await?;
        // All that were told to come again within a minute do so.
        bound::room(MINUTE, MINUTE).await;
        bought += unbought.buys(&field, &mut account).await?;
        doors += guessed.come_again(&field, &mut account).await?;
        busy.act_again(&field, &mut account).await;
    }
    account.report.say(format!(
        "{rounds} rounds over {} server(s), one of which was killed within a quota: of all who came at once as many passed \
         as may, here and there together; {bought} codes that were refused bought their token within a minute, {doors} \
         doors looked again",
        field.servers.len()
    ));
    account.report.figure("rounds", rounds);
    Ok(account.given())
}
