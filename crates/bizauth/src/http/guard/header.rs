//! The `Authorization` header of the kapi door: `Bearer <business token>` or `KakaoAK <app key>`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use bizauth_core::fault::KapiFault;
use bizauth_core::id::{AppId, AppUserId, TokenId};
use bizauth_core::key::{self, AppKey, KeyKind};
use bizauth_core::scope::Catalogue;
use bizauth_core::secret::{Credential, Digest, Secret};
use bizauth_core::time::Time;
use bizauth_core::token::{Lent, Token, admit_in_time, use_is_news};
use bizauth_store::{Found, Presented, Revocation, Seen, Sight, Vital};

use super::Asker;
use crate::http::kapi::tokeninfo::said_of;
use crate::http::limits::{KEY_ADDRESS, Until, neighbourhood, spend};
use crate::http::reply::{KapiError, log_breakage};
use crate::http::state::AppState;

/// How long a check waits for its use to be noted.
const NOTING: Duration = Duration::from_millis(500);

/// The token behind `Authorization: Bearer`, alive, read from the records with all that is known of it.
///
/// # Errors
/// The first of: header, maintenance, token, quota.
pub async fn token(it: &AppState, headers: &HeaderMap, asker: &Asker) -> Result<Token, KapiError> {
    let (id, secret) = sent(it, headers).await?;
    let found = it.store.token(id, &secret).await?;
    let now = it.clock.now();
    let token = alive(it, asker, found.maintenance, found.token, now)?;
    is_used(it, id, (token.app.id, token.app.daily_quota), token.used_at, now).await?;
    Ok(token)
}

/// The same with what tokeninfo says of it, which this process may remember: then nothing is read.
///
/// # Errors
/// As [`token`].
pub async fn seen(it: &AppState, headers: &HeaderMap, asker: &Asker) -> Result<Seen, KapiError> {
    let (id, secret) = sent(it, headers).await?;
    let (digest, now) = (secret.digest(), it.clock.now());
    let seen = match it.store.remembered(id, &digest) {
        Some(seen) => still_alive(it, asker, seen, now)?,
        None => Box::pin(looked_at(it, asker, id, &digest)).await?,
    };
    is_used(it, id, (seen.app(), seen.daily_quota()), seen.used_at, now).await?;
    Ok(seen)
}

/// [`seen`] from the records. What is not remembered waits in a box wherever it is asked for: most requests find all they
/// need, and what they carry from hand to hand has no room for a wait.
async fn looked_at(it: &AppState, asker: &Asker, id: TokenId, digest: &Digest) -> Result<Seen, KapiError> {
    let case = it.config.tokeninfo_case;
    let say = |token: &Token, lent: &[Lent], catalogue: &Catalogue| said_of(token, lent, catalogue, case);
    let now = it.clock.now();
    let (maintenance, token) = match it.store.look_at(id, digest, now, say).await? {
        Sight::Remembered(seen) => return still_alive(it, asker, seen, now),
        Sight::Read { maintenance, token } => (maintenance, token),
    };
    let (token, seen) = token.map(|found| *found).unzip();
    alive(it, asker, maintenance, token, now)?;
    seen.ok_or_else(unknown)
}

/// Ends the token behind `Authorization: Bearer` if it is alive: its id, and its person as the app knows them. `None`: of
/// several at once another was faster.
///
/// # Errors
/// As [`token`].
pub async fn revoke(
    it: &AppState,
    headers: &HeaderMap,
    asker: &Asker,
) -> Result<Option<(TokenId, AppUserId)>, KapiError> {
    let (id, secret) = sent(it, headers).await?;
    let (digest, now, lifetime) = (secret.digest(), it.clock.now(), it.config.token_idle_lifetime);
    let told = |app_user, revocation| Ok((revocation == Revocation::Revoked).then_some((id, app_user)));
    let (app_user, of_app, used_at) = match it.store.remembered(id, &digest) {
        Some(seen) => {
            let seen = still_alive(it, asker, seen, now)?;
            (seen.app_user, (seen.app(), seen.daily_quota()), seen.used_at)
        }
        None => {
            // Looking and ending is one sentence, unless a quota is to be spent in between.
            let may = move |found: &Found<Vital>| {
                let lives = |token: &Vital| token.daily_quota.is_none() && token.life.admit(lifetime, now).is_ok();
                !found.maintenance && found.token.as_ref().is_some_and(lives)
            };
            let (found, ended) = it.store.revoke_found_token((id, digest), may, now).await?;
            let token = known(found.maintenance, found.token)?;
            asker.is(token.app);
            token.life.admit(lifetime, now).map_err(refused)?;
            if let Some(revocation) = ended {
                return told(token.app_user, revocation);
            }
            (token.app_user, (token.app, token.daily_quota), token.life.used_at)
        }
    };
    is_used(it, id, of_app, used_at, now).await?;
    told(app_user, it.store.revoke_token((id, digest), now).await?)
}

fn unknown() -> KapiError {
    refused(KapiFault::NoSuchToken)
}

fn refused(fault: KapiFault) -> KapiError {
    KapiError::Unauthorized(fault.into(), "Bearer")
}

/// What the header says: a token's id and its secret.
async fn sent(it: &AppState, headers: &HeaderMap) -> Result<(TokenId, Secret), KapiError> {
    let sent = value(headers, "Bearer")?.ok_or_else(|| refused(KapiFault::NoKey))?;
    match Credential::Token.read(sent) {
        Some((id, secret)) => Ok((TokenId(id), secret)),
        None if Box::pin(it.store.maintenance()).await? => Err(KapiFault::Maintenance.into()),
        None => Err(unknown()),
    }
}

/// What was found, unless there is maintenance.
fn known<T>(maintenance: bool, token: Option<T>) -> Result<T, KapiError> {
    if maintenance {
        return Err(KapiFault::Maintenance.into());
    }
    token.ok_or_else(unknown)
}

/// Judges what was read.
fn alive(it: &AppState, asker: &Asker, maintenance: bool, token: Option<Token>, now: Time) -> Result<Token, KapiError> {
    let token = known(maintenance, token)?;
    asker.is(token.app.id);
    token.admit(it.config.token_idle_lifetime, now).map_err(refused)?;
    Ok(token)
}

/// Judges what is remembered: of what was alive only time is left to ask, there is no maintenance, and the store vouches
/// for the rest.
fn still_alive(it: &AppState, asker: &Asker, seen: Seen, now: Time) -> Result<Seen, KapiError> {
    asker.is(seen.app());
    admit_in_time(seen.used_at, it.config.token_idle_lifetime, now).map_err(refused)?;
    Ok(seen)
}

/// A living token is used: its app's quota is spent, and the use is noted now and then.
async fn is_used(
    it: &AppState,
    id: TokenId,
    app: (AppId, Option<i64>),
    used_at: Time,
    now: Time,
) -> Result<(), KapiError> {
    if let Some(most) = app.1 {
        Box::pin(spend_quota(it, app.0, most)).await?;
    }
    if use_is_news(used_at, it.config.token_idle_lifetime, now) {
        // The check stands whatever becomes of the note: a busy or broken writer must not keep a reader waiting, and
        // one note that is lost shortens a life by a tenth at most.
        match Box::pin(tokio::time::timeout(NOTING, it.store.note_use(id, now))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log_breakage(&error),
            Err(_) => tracing::warn!("a token's use was not noted in time"),
        }
    }
    Ok(())
}

/// The key behind `Authorization: KakaoAK`, in force and sent from where it may be.
///
/// # Errors
/// The first of: header, form, maintenance, key, caller, sanction, quota.
pub async fn app_key(
    it: &AppState,
    headers: &HeaderMap,
    caller: IpAddr,
    asker: &Asker,
) -> Result<Arc<Presented>, KapiError> {
    let refuse = |refusal| KapiError::Unauthorized(refusal, "KakaoAK");
    let sent = value(headers, "KakaoAK")?.ok_or_else(|| refuse(KapiFault::NoKey.into()))?;
    let key = AppKey::read(sent).ok_or_else(|| refuse(KapiFault::MalformedKey.about(sent)))?;
    let now = it.clock.now();
    let Some(found) = it.store.key(&key, now).await? else {
        return Err(match Box::pin(it.store.maintenance()).await? {
            true => KapiFault::Maintenance.into(),
            false => {
                let refused = || refuse(KapiFault::UnknownKey.about(sent));
                Box::pin(guessed(it, caller)).await?.map_or_else(refused, KapiError::Limited)
            }
        });
    };
    asker.is(found.app.id);
    if found.maintenance {
        return Err(KapiFault::Maintenance.into());
    }
    if found.key.disabled {
        return Err(refuse(KapiFault::DisabledKey.about(sent)));
    }
    if !found.key.admits_caller(caller) {
        return Err(refuse(KapiFault::CallerNotAllowed.about(caller.to_string())));
    }
    if found.app.sanctioned {
        return Err(KapiFault::AppSanctioned.into());
    }
    if found.key.kind == KeyKind::Admin && !found.key.may_read_ips {
        return Err(KapiFault::ApiNotAllowed.into());
    }
    if let Some(most) = found.app.daily_quota {
        Box::pin(spend_quota(it, found.app.id, most)).await?;
    }
    note_key_use(it, &found, now).await;
    Ok(found)
}

/// Notes that a key was used, every few minutes: on what was read anyway it is decided whether there is anything to write.
/// The call stands whatever becomes of the note.
pub async fn note_key_use(it: &AppState, found: &Presented, now: Time) {
    if key::use_is_news(found.used_at, now) {
        match Box::pin(tokio::time::timeout(NOTING, it.store.note_key_use(found.key.id, now))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log_breakage(&error),
            Err(_) => tracing::warn!("a key's use was not noted in time"),
        }
    }
}

/// Counts a call against the app's quota of so many for today.
async fn spend_quota(it: &AppState, app: AppId, most: i64) -> Result<(), KapiError> {
    let quota = it.quota(most);
    // A quota of nothing is a quota: it must not read as "no limit".
    let until = match most > 0 {
        true => spend(it, &[(quota, app.to_string())]).await?,
        false => Some(Until(quota.ends_at(it.clock.now()))),
    };
    until.map_or(Ok(()), |until| Err(KapiError::Limited(until)))
}

/// Counts a wrong key. Once there were too many the answer no longer says that it was wrong. Tokens are not counted: 256
/// bits are not guessed, and a platform that forwards its visitors' tokens forwards wrong ones, too.
async fn guessed(it: &AppState, from: IpAddr) -> bizauth_store::Result<Option<Until>> {
    spend(it, &[(KEY_ADDRESS, neighbourhood(from))]).await
}

/// The value behind `scheme` in `Authorization`; `None` if no key of this kind was sent.
///
/// # Errors
/// -8 for a header that cannot be read: sent twice, not ASCII, without a value, or with more than one.
pub fn value<'h>(headers: &'h HeaderMap, scheme: &str) -> Result<Option<&'h str>, KapiFault> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(KapiFault::BadHeader);
    }
    let text = header.to_str().map_err(|_| KapiFault::BadHeader)?;
    let (found, value) = text.split_once(' ').ok_or(KapiFault::BadHeader)?;
    let value = value.trim_matches(' ');
    if value.is_empty() || value.len() > 256 || value.contains([' ', '\t', ',']) {
        return Err(KapiFault::BadHeader);
    }
    // RFC 9110, section 11.1: schemes are compared without case.
    Ok(found.eq_ignore_ascii_case(scheme).then_some(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, KapiFault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        value(&headers, "Bearer").map(|found| found.map(str::to_owned))
    }

    #[test]
    fn a_header_has_a_scheme_and_one_value() {
        for (values, verdict) in [
            (&[][..], Ok(None)),
            (&["Bearer abc"], Ok(Some("abc".to_owned()))),
            (&["bearer abc"], Ok(Some("abc".to_owned()))),
            (&["Bearer  abc "], Ok(Some("abc".to_owned()))),
            (&["KakaoAK abc"], Ok(None)),
            (&["Basic eDp5"], Ok(None)),
            (&["Bearer"], Err(KapiFault::BadHeader)),
            (&["Bearer "], Err(KapiFault::BadHeader)),
            (&["Bearer a b"], Err(KapiFault::BadHeader)),
            (&["Bearer a, Bearer b"], Err(KapiFault::BadHeader)),
            (&["Bearer a", "Bearer b"], Err(KapiFault::BadHeader)),
            (&[""], Err(KapiFault::BadHeader)),
        ] {
            assert_eq!(read(values), verdict, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(32u8..=255, 0..60)) {
            let mut headers = HeaderMap::new();
            if let Ok(header) = axum::http::HeaderValue::from_bytes(&bytes) {
                headers.insert(AUTHORIZATION, header);
            }
            let _ = value(&headers, "Bearer");
        }
    }
}
