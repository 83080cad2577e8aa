//! What clients were told, to be held against what the server says later.

use reqwest::Client;

use crate::report::Report;
use crate::world::{App, Ask, tokeninfo};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not made.
    NotAsked,
    /// It could not be made: there was no connection.
    Unsent,
    /// It was acknowledged, with this in the answer.
    Done(String),
    /// It was refused with this status.
    Refused(u16),
    /// There was no answer.
    Unknown,
}

/// One code, which was acknowledged, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    code: String,
    pub(super) redeemed: Fate,
    pub(super) revoked: Fate,
    /// An answer that should not have come.
    pub(super) odd: Option<String>,
}

impl Entry {
    /// A code that somebody was just given.
    pub(super) fn of(code: String) -> Entry {
        Entry { code, redeemed: Fate::NotAsked, revoked: Fate::NotAsked, odd: None }
    }

    /// No code, but an answer that should not have come.
    pub(super) fn odd(what: String) -> Entry {
        Entry { odd: Some(what), ..Entry::of(String::new()) }
    }

    /// Whether some answer was lost.
    pub(super) fn is_uncertain(&self) -> bool {
        self.redeemed == Fate::Unknown || self.revoked == Fate::Unknown
    }

    /// Whether what is to become of the code cannot be told from its answers: nobody redeemed it, or the answer was lost.
    pub(super) fn is_open(&self) -> bool {
        self.has_no_answer() || self.redeemed == Fate::NotAsked
    }

    /// Whether the server is gone, for all that can be told.
    pub(super) fn has_no_answer(&self) -> bool {
        self.is_uncertain() || [&self.redeemed, &self.revoked].contains(&&Fate::Unsent)
    }

    /// Holds what was told against what the server says now. Changes nothing.
    pub(super) async fn look(&self, client: &Client, base: &str, report: &mut Report) {
        if let Some(odd) = &self.odd {
            report.promise(false, || odd.clone());
        }
        for fate in [&self.redeemed, &self.revoked] {
            if let Fate::Refused(status) = fate {
                report.promise(false, || format!("a good request was refused with {status}"));
            }
        }
        let Fate::Done(token) = &self.redeemed else { return };
        let said = tokeninfo(client, base, token).await;
        let status = status_of(&said);
        match &self.revoked {
            Fate::NotAsked | Fate::Unsent => {
                report.promise(status == 200, || format!("an acknowledged token is gone: {said:?}"));
            }
            Fate::Done(_) => report.promise(status == 401, || format!("a revoked token lives: {said:?}")),
            _ => report.promise([200, 401].contains(&status), || format!("no clear word about a token: {said:?}")),
        }
    }

    /// Redeems the code, whatever became of it: it must work if nobody asked before, and in no case twice. The status of
    /// the first answer; `None` where there is no code.
    pub(super) async fn settle(&self, client: &Client, base: &str, app: &App, report: &mut Report) -> Option<u16> {
        if self.odd.is_some() {
            return None;
        }
        let first = app.redeems(client, base, &self.code).await;
        let status = status_of(&first);
        match &self.redeemed {
            Fate::NotAsked | Fate::Unsent => {
                report.promise(status == 200, || format!("an acknowledged code is gone: {first:?}"));
            }
            Fate::Done(token) => {
                report.promise(status == 400, || format!("a code worked twice: {first:?}"));
                let after = tokeninfo(client, base, token).await;
                report.promise(status_of(&after) == 401, || format!("a replayed code's token lives: {after:?}"));
            }
            _ => report.promise([200, 400].contains(&status), || format!("no clear word about a code: {first:?}")),
        }
        let second = app.redeems(client, base, &self.code).await;
        report.promise(status_of(&second) == 400, || format!("a code worked twice: {second:?}"));
        Some(status)
    }

    /// The server was stopped in good order and did not answer the redemption or the revocation: it must not have been
    /// made.
    pub(super) async fn was_not_done(&self, client: &Client, base: &str, app: &App, report: &mut Report) {
        if self.redeemed == Fate::Unknown {
            let now = app.redeems(client, base, &self.code).await;
            report.promise(status_of(&now) == 200, || format!("a redemption was made and not answered: {now:?}"));
        }
        if let (Fate::Done(token), Fate::Unknown) = (&self.redeemed, &self.revoked) {
            let now = tokeninfo(client, base, token).await;
            report.promise(status_of(&now) == 200, || format!("a revocation was made and not answered: {now:?}"));
        }
    }
}

fn status_of(ask: &Ask) -> u16 {
    ask.as_ref().map_or(0, |said| said.status)
}
