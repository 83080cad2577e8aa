//! An authenticator app.

use anyhow::Context;
use bizauth::clock::Clock;
use bizauth_core::second_factor::Seed;
use bizauth_core::time::Time;

use super::{Browser, PASSWORD};

/// Where an account's second factor is.
const PAGE: &str = "/me/account/two-factor";

/// An authenticator app whose owner never shows a code twice: each works once.
pub(crate) struct Phone {
    seed: Seed,
    last: i64,
}

impl Phone {
    /// How long a code lasts, in milliseconds.
    const STEP: i64 = 30_000;
    /// How long it may be on its way.
    const WAY: i64 = 10_000;

    /// One that an account has begun to switch on, and not proved yet.
    ///
    /// # Errors
    /// The page shows no seed.
    pub(crate) async fn begun(browser: &Browser, base: &str) -> anyhow::Result<Phone> {
        browser.submits(base, PAGE, &format!("{PAGE}/begin"), &[("current", PASSWORD)]).await?;
        let page = browser.opens(base, PAGE).await?;
        let shown = page.body.split("id=\"seed\"").nth(1).and_then(|rest| rest.split_once('>')).context("no seed")?.1;
        let text: String =
            shown.split('<').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        let seed = Seed::from_bytes(base32(&text).try_into().ok().context("a seed has 20 bytes")?);
        Ok(Phone { seed, last: 0 })
    }

    /// Switches two-factor sign-in on.
    ///
    /// # Errors
    /// It is not on.
    pub(crate) async fn of(browser: &Browser, base: &str) -> anyhow::Result<Phone> {
        let mut phone = Phone::begun(browser, base).await?;
        let code = phone.code().await;
        let on = browser.submits(base, PAGE, &format!("{PAGE}/confirm"), &[("code", &code)]).await?;
        anyhow::ensure!(on.status == 303, "two-factor sign-in was not switched on: {on:?}");
        Ok(phone)
    }

    /// A code that was not used yet. The server takes those of the steps beside its own, so there is rarely a wait.
    pub(crate) async fn code(&mut self) -> String {
        let now = || Clock::System.now().millis();
        // The one before this one is good until this one ends, and it takes a while to get there.
        let oldest = (now() + Phone::WAY) / Phone::STEP - 1;
        let step = (self.last + 1).max(oldest);
        while now() / Phone::STEP + 1 < step {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        self.last = step;
        self.code_of(step)
    }

    /// A code that is none of this hour.
    pub(crate) fn wrong(&self) -> String {
        let current = Clock::System.now().millis() / Phone::STEP;
        let right: Vec<String> = (-4..120).map(|away| self.code_of(current + away)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap_or_default()
    }

    fn code_of(&self, step: i64) -> String {
        self.seed.code_at(Time::from_millis(step * Phone::STEP))
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).and_then(|at| u32::try_from(at).ok());
        held = (held << 5 | value.unwrap_or(0)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
        }
    }
    bytes
}
