//! What people type and do: passwords by address, codes of the second factor by sign-in and by account, first codes of an
//! authenticator, actions on the pages. (Passwords by account are a race: `races`.)

use super::bound::{Account, Became, Bound, HOUR, Heard, MINUTE, QUARTER, heard, room};
use crate::world::{Browser, Field, Form, Phone, Said, at_once};

/// Seconds that are to be left of a window when a crowd comes.
const ROOM: u64 = 20;
/// Where the second factor is asked for.
const CODE: &str = "/login/code?next=%2F";
/// Where a second factor is switched on.
const FACTOR: &str = "/me/account/two-factor";
/// An action that does nothing to who has done it before.
const ACTION: &str = "/me/account/devices/forget-all";

/// Wrong passwords from one address for accounts that there are not, which count as those that there are; from elsewhere
/// there is no limit yet.
pub(super) async fn passwords(field: &Field, round: usize, report: &mut Account) -> anyhow::Result<()> {
    const TRIES: usize = 112;
    let bound = Bound { what: "wrong passwords from one address", most: 100, window: QUARTER, rounded: MINUTE };
    let here = field.elsewhere();
    let mut browsers = Vec::new();
    for number in 0..TRIES {
        // Others in each round: what one account may try is used up by ten of them.
        browsers.push(Browser::of(&format!("nobody{number}-{round}@example.com"))?);
    }
    room(QUARTER, ROOM * 3).await;
    let mut heard_all = Vec::new();
    // As many as a server may look at in the time that it bears.
    for first in (0..TRIES).step_by(16) {
        heard_all.extend(
            at_once(16, |turn| {
                let (browser, base, from) = (browsers[first + turn].clone(), field.base(turn), here.clone());
                async move { heard(browser.tries(&base, "wrong horse", &from)).await }
            })
            .await,
        );
    }
    let passed = bound.holds(&heard_all, wrong, report);
    report.promise(passed > 0, || "no password was looked at".to_owned());
    let other = browsers[0].tries(&field.base(1), "wrong horse", &field.elsewhere()).await;
    report.promise(other.as_ref().is_ok_and(|said| said.status == 401), || format!("another address: {other:?}"));
    Ok(())
}

/// Wrong codes: five in one sign-in, ten for one account, at once over several sign-ins; the owner's own browser is not
/// locked out.
pub(super) async fn codes(field: &Field, person: usize, report: &mut Account) -> anyhow::Result<()> {
    let step = Bound { what: "wrong codes in one sign-in", most: 5, window: QUARTER, rounded: MINUTE };
    let account = Bound { what: "wrong codes for one account", most: 5, window: HOUR, rounded: MINUTE };
    let owner = field.scene.browser(person)?;
    owner.signs_in(&field.base(0)).await?;
    let mut phone = Phone::of(&owner, &field.base(0)).await?;
    owner.signs_out(&field.base(0)).await?;
    let mut strangers = Vec::new();
    for turn in 0..3 {
        let stranger = field.scene.browser(person)?;
        stranger.signs_in(&field.base(turn)).await?;
        strangers.push(stranger);
    }
    // Both crowds are to come within one hour.
    room(QUARTER, ROOM * 3).await;
    let wrong_code = phone.wrong();
    let mut forms = Vec::new();
    for stranger in &strangers {
        forms.push(stranger.form(&field.base(0), CODE, "/login/code", &[("code", &wrong_code)]).await?);
    }
    // Not from where everybody else comes from: an address has a limit, too.
    let here = field.elsewhere();
    let tries = async |first: usize, of: usize| {
        at_once(8, |turn| {
            let (who, base, from) = (first + turn % of, field.base(turn / 2), here.clone());
            let (stranger, form) = (strangers[who].clone(), forms[who].clone());
            async move { heard(stranger.posts(&base, "/login/code", &form, &from)).await }
        })
        .await
    };
    step.holds(&tries(0, 1).await, wrong, report);
    // Four in each, which a sign-in has room for; of the account's ten tries five are left.
    account.holds(&tries(1, 2).await, wrong, report);
    owner.signs_in(&field.base(1)).await?;
    let right = phone.code().await;
    let home = owner.submits(&field.base(1), CODE, "/login/code", &[("code", &right)]).await?;
    report.promise(home.status == 303, || format!("wrong codes elsewhere lock out the owner's own browser: {home:?}"));
    Ok(())
}

/// Somebody who acts on the pages more than anybody can.
pub(super) struct Busy(Browser, Form);

/// First codes of an authenticator.
pub(super) async fn first_codes(field: &Field, person: usize, report: &mut Account) -> anyhow::Result<()> {
    let browser = field.scene.browser(person)?;
    browser.signs_in(&field.base(0)).await?;
    let code = Phone::begun(&browser, &field.base(0)).await?.wrong();
    let bound = Bound { what: "first codes of an authenticator", most: 10, window: QUARTER, rounded: 0 };
    room(QUARTER, ROOM).await;
    let action = format!("{FACTOR}/confirm");
    let form = browser.form(&field.base(0), FACTOR, &action, &[("code", &code)]).await?;
    let heard = crowd(field, &browser, 16, &action, &form).await;
    bound.holds(&heard, |said| Became::of(said, 422, said.status == 429), report);
    Ok(())
}

/// Actions of one account.
pub(super) async fn actions(field: &Field, person: usize, report: &mut Account) -> anyhow::Result<Busy> {
    let browser = field.scene.browser(person)?;
    browser.signs_in(&field.base(0)).await?;
    let bound = Bound { what: "actions of an account a minute", most: 300, window: MINUTE, rounded: 0 };
    room(MINUTE, ROOM).await;
    let form = browser.form(&field.base(0), "/me/account", ACTION, &[]).await?;
    let heard = crowd(field, &browser, 330, ACTION, &form).await;
    bound.holds(&heard, |said| Became::of(said, 303, said.status == 429), report);
    Ok(Busy(browser, form))
}

impl Busy {
    /// In the next minute they may act again.
    pub(super) async fn act_again(&self, field: &Field, report: &mut Account) {
        let said = self.0.posts(&field.base(1), ACTION, &self.1, &field.elsewhere()).await;
        let done = said.as_ref().is_ok_and(|said| said.status == 303);
        report.promise(done, || format!("an action, a minute later: {said:?}"));
    }
}

/// A crowd of one form. Not more of it at a time than a busy machine has served before they lose patience; the number at
/// which the limit lies is none at which one wave ends and the next begins.
async fn crowd(field: &Field, browser: &Browser, crowd: usize, action: &str, form: &Form) -> Vec<Heard> {
    const WAVE: usize = 64;
    let (mut all, here) = (Vec::new(), field.elsewhere());
    while all.len() < crowd {
        let wave = at_once(WAVE.min(crowd - all.len()), |turn| {
            let (browser, form, base) = (browser.clone(), form.clone(), field.base(turn));
            let (action, from) = (action.to_owned(), here.clone());
            async move { heard(browser.posts(&base, &action, &form, &from)).await }
        });
        all.extend(wave.await);
    }
    all
}

/// What became of a password or a code that was wrong. On a starved machine others may be looked at for so long that there
/// is no telling how many may still be tried: then they are to come again in a minute, which these windows are longer than.
fn wrong(said: &Said) -> Became {
    match (said.status, said.retry_after) {
        (429, Some(MINUTE)) => Became::PutOff,
        _ => Became::of(said, 401, said.status == 429),
    }
}
