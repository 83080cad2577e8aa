//! Why not, at the kapi door: what is wrong with a key or a token, and what ended it.

use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::id::TokenId;
use bizauth_core::key::AppKey;
use bizauth_core::secret::Credential;
use bizauth_core::time::Time;
use bizauth_core::token::{Ending, Standing};
use bizauth_store::EndedBy;

use super::Why;
use super::near::span;
use crate::dev::journal::Entry;
use crate::http::form::Form;

/// What is wrong with a header that has too much in it.
const ONE_VALUE: &str = "the header is sent once, with one value behind its scheme: no blanks or commas in it";

fn nothing_follows(scheme: &str, what: &str) -> String {
    format!("the header says {scheme} and no {what} follows: a variable may be empty")
}

impl Why<'_> {
    pub(super) fn key(&self, fault: &str) -> Option<String> {
        let sent = self.received.parts.headers.get("authorization").and_then(|value| value.to_str().ok())?;
        let (scheme, key) = sent.split_once(' ').unwrap_or((sent, ""));
        let is = |row: KapiFault| row.row().name == fault;
        if !scheme.eq_ignore_ascii_case("KakaoAK") {
            return Some("this endpoint takes Authorization: KakaoAK <app key>".to_owned());
        }
        if key.trim().is_empty() {
            return Some(nothing_follows("KakaoAK", "key"));
        }
        if is(KapiFault::BadHeader) {
            return Some(ONE_VALUE.to_owned());
        }
        if is(KapiFault::UnknownKey) || is(KapiFault::MalformedKey) {
            return Some(self.unknown_key(key.trim()));
        }
        is(KapiFault::DisabledKey).then(|| "the key was switched off in the console".to_owned())
    }

    pub(super) async fn bearer(&self, fault: &str) -> Option<String> {
        let header = self.received.parts.headers.get("authorization").and_then(|value| value.to_str().ok());
        let Some(header) = header else {
            return Some("the token goes into the header Authorization: Bearer, not into query or body".to_owned());
        };
        let (scheme, text) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Some("this endpoint takes Authorization: Bearer <business token>".to_owned());
        }
        let text = text.trim();
        if text.is_empty() {
            return Some(nothing_follows("Bearer", "token"));
        }
        if fault == KapiFault::BadHeader.row().name {
            return Some(ONE_VALUE.to_owned());
        }
        let Some((id, secret)) = Credential::Token.read(text) else {
            return Some(match (Credential::Code.read(text), AppKey::read(text)) {
                (Some(_), _) => "this is a code: trade it for a token first".to_owned(),
                (_, Some(_)) => "this is an app key, not a token".to_owned(),
                _ => "this was never a token of this platform: it may be cut off".to_owned(),
            });
        };
        let found = self.stage.state.store.token(TokenId(id), &secret).await.ok()?;
        let Some(token) = found.token else {
            let ids: Vec<String> = self.worlds.of_mark(text).into_iter().filter(|id| *id != self.world.id).collect();
            return Some(match ids.is_empty() {
                true => "no token of this world has this value".to_owned(),
                false => format!("this token is of another world: {}", ids.join(", ")),
            });
        };
        if found.maintenance && fault == KapiFault::Maintenance.row().name {
            return Some("maintenance mode is on".to_owned());
        }
        let now = self.stage.now();
        let ago = |at: Time| span(now.since(at).as_millis());
        let idle = self.stage.state.config.token_idle_lifetime;
        Some(match token.standing(idle, now) {
            Standing::Active => return None,
            Standing::Ended(Ending::Revoked(at)) => {
                // Only the revocation that ended the token is answered with 200.
                if let Some(n) = self.revoker_of(text) {
                    return Some(format!("the token was revoked {} ago by request {n}", ago(at)));
                }
                // What a person or a member ends is audited; the app's own deeds are in the log alone.
                let second = match self.stage.state.store.ended_by(&token).await.ok()? {
                    Some(EndedBy::App | EndedBy::Unknown) => self.second_trade_of(text, at),
                    _ => None,
                };
                match second {
                    Some(n) => format!(
                        "its code was used a second time {} ago by request {n}, and that ended the token: a code that \
                         comes twice may have been stolen. Trade each code once, and keep the token",
                        ago(at)
                    ),
                    None => format!("the token was revoked {} ago", ago(at)),
                }
            }
            Standing::Ended(Ending::Withdrawn(at)) => format!("the person took the consent back {} ago", ago(at)),
            Standing::Ended(Ending::KeyDeleted) => "the key it was issued to was deleted".to_owned(),
            Standing::Ended(Ending::AppDeleted(at)) => format!("its app was deleted {} ago", ago(at)),
            Standing::AppSanctioned => format!("{} is under sanction", token.app.name),
            Standing::AppEnded => format!("{} was under sanction since it was issued", token.app.name),
            Standing::AccountEnded => {
                format!("the account was blocked or closed since: it is {}", token.user.state.word())
            }
            Standing::Unused => {
                format!("last used {} ago; it dies of disuse after {}", ago(token.used_at), span(idle.as_millis()))
            }
            Standing::NotMember => format!("{} is no member of the test app any more", token.user.email),
        })
    }

    /// The request that sent the code of this token once more, if it came no later than the token's end: later it ended
    /// nothing.
    fn second_trade_of(&self, token: &str, at: Time) -> Option<u64> {
        let all = self.stage.journal.all();
        let mut trades = all.iter().filter(|entry| entry.endpoint.as_deref() == Some("token"));
        let sent = |entry: &Entry| Form::parse(&entry.request.body).ok()?.get("code").map(str::to_owned);
        let bought = |entry: &Entry| entry.answer.as_ref().is_some_and(|answer| answer.body.contains(token));
        let code = sent(trades.find(|entry| bought(entry))?)?;
        let is_refused = |entry: &Entry| entry.fault.as_deref() == Some(KauthFault::CodeNotFound.row().name);
        // The walk goes on behind the first trade.
        let second = trades.find(|entry| is_refused(entry) && sent(entry).as_deref() == Some(code.as_str()))?;
        (second.at <= at.millis()).then_some(second.n)
    }

    fn revoker_of(&self, token: &str) -> Option<u64> {
        let revoked = |entry: &&std::sync::Arc<Entry>| {
            entry.endpoint.as_deref() == Some("revoke")
                && entry.answer.as_ref().and_then(|answer| answer.status) == Some(200)
                && entry.request.header("authorization").is_some_and(|sent| sent.ends_with(token))
        };
        self.stage.journal.all().iter().find(revoked).map(|entry| entry.n)
    }
}
