//! An authenticator app on somebody's phone, and the recovery codes they keep.

use bizauth_core::second_factor::Seed;

use super::{Answer, PASSWORD, Person, World};

/// What somebody has beside their password.
pub struct Authenticator {
    seed: Seed,
    pub recovery: Vec<String>,
}

impl Authenticator {
    /// The code that it shows now.
    pub fn code(&self, world: &World) -> String {
        self.seed.code_at(world.now())
    }

    /// A code that it does not show, now or a step away.
    pub fn wrong(&self, world: &World) -> String {
        let wrong = |code: &String| self.seed.step(code, world.now()).is_none();
        (0..9).map(|n| format!("{n}{n}{n}{n}{n}{n}")).find(wrong).unwrap()
    }

    /// The app that was given the key on this page.
    fn scans(page: &Answer) -> Self {
        let text: String = page.all("#seed")[0].chars().filter(|c| !c.is_whitespace()).collect();
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
        for letter in text.chars() {
            let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
            bits = (bits << 5 | u32::try_from(value).unwrap()) & 0xfff;
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
            }
        }
        Authenticator { seed: Seed::from_bytes(bytes.try_into().unwrap()), recovery: Vec::new() }
    }
}

impl Person {
    /// Switches two-factor sign-in on, signed in as they are.
    pub async fn switches_on(&self, world: &World) -> Authenticator {
        const HERE: &str = "/me/account/two-factor";
        let begun = self.submits(HERE, &format!("{HERE}/begin"), &[("current", PASSWORD)]).await;
        assert_eq!((begun.status, begun.location()), (303, HERE), "{begun:?}");
        let mut app = Authenticator::scans(&self.opens(HERE).await);
        let on = self.submits(HERE, &format!("{HERE}/confirm"), &[("code", &app.code(world))]).await;
        assert_eq!(on.status, 303, "{on:?}");
        app.recovery = self.recovery_codes(on.location()).await;
        app
    }

    /// The recovery codes on this page.
    pub async fn recovery_codes(&self, page: &str) -> Vec<String> {
        self.opens(page).await.all("#recovery")[0].split_whitespace().map(str::to_owned).collect()
    }

    /// Posts a code to the page of the second factor.
    pub async fn tries_code(&self, code: &str) -> Answer {
        let page = self.opens("/login/code?next=%2Fme").await;
        let token = page.input("/login/code", "form_token");
        self.posts("/login/code", &[("code", code), ("next", "/me"), ("form_token", &token)]).await
    }
}
