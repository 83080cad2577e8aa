//! The whole way of a signed-in person: authorize, the screen, the agreement, and the app's redemption of the code.

use std::time::{Duration, Instant};

use super::load::{Script, field, find};
use super::place::CLIENT_ID;
use super::script::redeem;

/// A signed-in person with the one asset that is lent.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) cookie: String,
    pub(crate) asset: String,
}

/// What is asked for, in this order.
pub(crate) const STEPS: [&str; 4] = ["authorize", "screen", "agree", "token"];

/// One person for each connection, again and again.
pub(crate) struct Flow {
    people: Vec<Person>,
    steps: Vec<usize>,
    /// How long the first person waited for each step, since the turn began.
    pub(crate) waits: [Vec<Duration>; 4],
    asked: Option<(usize, Instant)>,
    /// What went wrong first.
    pub(crate) failed: Option<String>,
}

impl Flow {
    pub(crate) fn new(people: Vec<Person>) -> Self {
        Flow { steps: vec![0; people.len()], people, waits: Default::default(), asked: None, failed: None }
    }

    /// A new turn: every connection begins with the first step.
    pub(crate) fn begin(&mut self) {
        self.steps.fill(0);
        self.waits = Default::default();
        self.asked = None;
    }

    fn get(&self, connection: usize, path: &str) -> Vec<u8> {
        let cookie = &self.people[connection].cookie;
        format!("GET {path} HTTP/1.1\r\nHost: auth.example.com\r\nAccept-Language: ko\r\nCookie: {cookie}\r\n\r\n")
            .into_bytes()
    }

    fn agree(&self, connection: usize, page: &[u8]) -> Option<Vec<u8>> {
        let page = std::str::from_utf8(page).ok()?;
        let form = &page[page.find("name=\"id\" value=\"")?..];
        let value = |name: &str| {
            let rest = &form[form.find(&format!("name=\"{name}\" value=\""))? + name.len() + 15..];
            rest.split('"').next()
        };
        let (id, token) = (value("id")?, value("form_token")?);
        let Person { cookie, asset } = &self.people[connection];
        let body = format!("id={id}&form_token={token}&asset.moment={asset}&action=agree");
        let length = body.len();
        let head = format!(
            "POST /consent HTTP/1.1\r\nHost: auth.example.com\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
        );
        Some((head + &body).into_bytes())
    }

    /// What this person asks for in this step, after the answer of the step before.
    pub(crate) fn request(&self, connection: usize, step: usize, last: &[u8]) -> Option<Vec<u8>> {
        let location = || {
            let head = find(last, b"\r\n\r\n")?;
            field(&last[..head + 2], "location")
        };
        match step {
            0 => Some(self.get(
                connection,
                &format!(
                    "/oauth/business/authorize?client_id={CLIENT_ID}&response_type=code&scope=moment_management\
                     &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"
                ),
            )),
            1 => Some(self.get(connection, location().filter(|to| to.starts_with("/consent"))?)),
            2 => self.agree(connection, last),
            _ => Some(redeem(location()?.split_once("code=")?.1)),
        }
    }
}

impl Script for Flow {
    fn next(&mut self, connection: usize, last: &[u8], out: &mut Vec<u8>) -> bool {
        if connection == 0
            && let Some((step, since)) = self.asked.take()
        {
            self.waits[step].push(since.elapsed());
        }
        let Some(request) = self.request(connection, self.steps[connection], last) else {
            let (step, last) = (self.steps[connection], String::from_utf8_lossy(last).into_owned());
            self.failed.get_or_insert(format!("after step {step}: {last}"));
            return false;
        };
        out.extend_from_slice(&request);
        if connection == 0 {
            self.asked = Some((self.steps[0], Instant::now()));
        }
        self.steps[connection] = (self.steps[connection] + 1) % 4;
        true
    }
}
