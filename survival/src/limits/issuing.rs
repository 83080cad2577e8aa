//! What is issued: codes of one account for one app a day (KOE236), tokens of one key a minute (KOE237).

use super::bound::{Account, Became, Bound, DAY, Heard, MINUTE, heard, room};
use crate::world::{App, Field, Lost, Said, at_once};

/// Codes that one account may issue to one app a day.
pub(super) const CODES: usize = 12;
/// Tokens that one key may have a minute.
pub(super) const TOKENS: usize = 8;
/// Consent screens that are open at once: a session keeps no more than 30.
const SCREENS: usize = 28;
/// Seconds that are to be left of a minute when a crowd comes.
const ROOM: u64 = 10;

/// What a crowd could not buy yet: by one key.
pub(super) struct Unbought {
    app: App,
    codes: Vec<String>,
}

/// Somebody agrees on all screens at once, here and there: so many codes, and KOE236. They are redeemed at once: so many
/// tokens, and KOE237.
pub(super) async fn crowd(field: &Field, person: usize, report: &mut Account) -> anyhow::Result<Unbought> {
    let bound = Bound { what: "codes of an account for an app a day", most: CODES, window: DAY, rounded: 0 };
    room(DAY, 2 * 60).await;
    let (app, browser) = (field.another_key().await?, field.scene.browser(person)?);
    browser.signs_in(&field.base(0)).await?;
    let mut screens = Vec::new();
    for turn in 0..SCREENS {
        let screen = browser.asked(&field.base(turn), &app).await;
        screens.push(screen.map_err(|other| anyhow::anyhow!("no consent screen: {other:?}"))?);
    }
    let agreed = at_once(SCREENS, |turn| {
        let (browser, screen, base) = (browser.clone(), screens[turn].clone(), field.base(turn));
        async move { heard(browser.agrees(&base, &screen)).await }
    })
    .await;
    bound.holds(&agreed, said_of_codes, report);
    // Whoever may issue no more is told so before any other screen is shown.
    let authorize = app.authorize();
    for turn in 0..field.servers.len() {
        let base = field.base(turn);
        let opens = async { browser.opens(&base, &authorize).await.map_err(|_| Lost::Silence) };
        Bound { most: 0, ..bound }.holds([&heard(opens).await], said_of_codes, report);
    }
    let codes: Vec<String> = agreed.iter().filter_map(|one| one.said.as_ref().ok()?.code()).collect();
    let bound = Bound { what: "tokens of a key a minute", most: TOKENS, window: MINUTE, rounded: 0 };
    room(MINUTE, ROOM).await;
    let traded = at_once(codes.len(), |turn| {
        let (app, client, base, code) = (app.clone(), field.client.clone(), field.base(turn), codes[turn].clone());
        async move {
            let heard = heard(app.redeems(&client, &base, &code)).await;
            (code, heard)
        }
    })
    .await;
    bound.holds(traded.iter().map(|(_, heard)| heard), said_of_tokens, report);
    let refused = |heard: &Heard| heard.said.as_ref().is_ok_and(|said| said_of_tokens(said) == Became::Refused);
    let codes = traded.into_iter().filter(|(_, heard)| refused(heard)).map(|(code, _)| code).collect();
    Ok(Unbought { app, codes })
}

impl Unbought {
    /// Once the minute is over each of the refused codes buys its token: nothing was burnt. How many there were.
    pub(super) async fn buys(&self, field: &Field, report: &mut Account) -> anyhow::Result<usize> {
        for (turn, code) in self.codes.iter().enumerate() {
            let said = self.app.redeems(&field.client, &field.base(turn), code).await;
            let bought = said.as_ref().is_ok_and(|said| said.status == 200);
            report.promise(bought, || format!("a code that was refused with KOE237, a minute later: {said:?}"));
        }
        field.scene.tell(&["key", "delete", &self.app.key.to_string()]).await?;
        Ok(self.codes.len())
    }
}

fn said_of_codes(said: &Said) -> Became {
    let refused = said.status == 400 && said.body.contains("KOE236");
    if said.code().is_some() { Became::Passed } else { Became::of(said, 200, refused) }
}

fn said_of_tokens(said: &Said) -> Became {
    Became::of(said, 200, said.status == 429 && said.field("error_code").as_deref() == Some("KOE237"))
}
