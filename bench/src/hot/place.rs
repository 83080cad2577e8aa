//! A filled store for the hot paths: tokens and codes whose secrets follow from their numbers, so that a million of them
//! need no list.
//!
//! Each token has a consent of its own and lends the one ad account of its person; persons repeat after a hundred
//! thousand. All belong to app 1, whose key asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bizauth_core::id::UserId;
use bizauth_core::ips::{Cidr, IpList, Service, Terms};
use bizauth_core::secret::{Credential, Digest, Secret};
use bizauth_core::time::{DAY, Time};
use bizauth_store::{Actor, Limit, NewSession, NewVersion, Store, Who};
use jiff::civil::date;

use super::flow::Person;
use crate::Engine;
use crate::fill::{self, APP, KEY, Size};
use crate::store::Place;

/// The first token's id, the first code's and those of their consents: time-ordered, as the store draws them.
pub(crate) const TOKEN: i64 = 90_000_000_000_000_000;
pub(crate) const CODE: i64 = 80_000_000_000_000_000;
const CONSENT: i64 = 70_000_000_000_000_000;
const CODE_CONSENT: i64 = 60_000_000_000_000_000;
/// Persons.
const PERSONS: i64 = 100_000;
/// The key that asks, and its secret.
pub(crate) const CLIENT_ID: &str = "12345678901234567890120000000001";
pub(crate) const CLIENT_SECRET: &str = "abcdefghijklmnopqrstuvwxyz012345";

/// The secret of what has this number.
pub(crate) fn digest_of(kind: &[u8], number: i64) -> Secret {
    Secret::from_bytes(Digest::of(&[kind, number.to_string().as_bytes()].concat()).0)
}

/// A token as its app sends it.
pub(crate) fn token(number: i64) -> String {
    Credential::Token.spell(TOKEN + number, &digest_of(b"token", number))
}

/// A code as its app got it.
pub(crate) fn code(number: i64) -> String {
    Credential::Code.spell(CODE + number, &digest_of(b"code", number))
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Amount {
    pub(crate) tokens: i64,
    pub(crate) codes: i64,
}

/// A store with so much in it.
pub(crate) async fn filled(engine: Engine, amount: Amount) -> anyhow::Result<Place> {
    let now = bizauth::clock::Clock::System.now();
    let place = Place::new(engine, now).await?;
    let persons = PERSONS.min((amount.tokens.max(amount.codes)).max(1000));
    fill::fill(&place, Size { accounts: persons, tokens: 0 }, now).await?;
    let secret: String = Digest::of(CLIENT_SECRET.as_bytes()).hex();
    let bytes = if engine == Engine::Sqlite { format!("x'{secret}'") } else { format!("'\\x{secret}'::bytea") };
    place
        .script(&format!("UPDATE app_keys SET secret = {bytes}, lookup = '{CLIENT_ID}' WHERE id = {}", KEY + 1))
        .await?;
    let operator = Actor { who: Who::CommandLine, name: "bench".to_owned(), from: None, at: now };
    let terms = Terms::of(date(2026, 11, 1), true);
    place.store.by(operator).publish_ips(NewVersion::of(ip_list()?, terms)).await?;
    place.store.close().await;
    // PostgreSQL's store is only a pool: it is opened anew by whoever serves.
    match engine {
        Engine::Sqlite => embedded(&place, amount, persons, now)?,
        Engine::Postgres => served(&place, amount, persons, now).await?,
    }
    Ok(place)
}

const CONSENTS: &str = "INSERT INTO consents (id, app_id, user_id, app_user_id, items, shown, agreed_at)
     VALUES (?1, ?2, ?3, ?4, 'moment_management', '{}', ?5)";
const LENT: &str = "INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id)
     VALUES (?1, 1, 'moment', ?2, ?3)";
const TOKENS: &str = "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at,
     updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?7)";
const CODES: &str =
    "INSERT INTO codes (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri,
     expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 'https://app.example.com/callback', ?7)";

fn embedded(place: &Place, amount: Amount, persons: i64, now: Time) -> anyhow::Result<()> {
    let mut connection = rusqlite::Connection::open(place.file())?;
    connection.execute_batch("PRAGMA synchronous = OFF")?;
    let at = now.millis();
    let tx = connection.transaction()?;
    {
        let (mut consent, mut lent) = (tx.prepare(CONSENTS)?, tx.prepare(LENT)?);
        let (mut token, mut code) = (tx.prepare(TOKENS)?, tx.prepare(CODES)?);
        for (count, first, kind) in [(amount.tokens, CONSENT, &b"token"[..]), (amount.codes, CODE_CONSENT, b"code")] {
            for number in 0..count {
                let user = 1 + number % persons;
                consent.execute((first + number, APP + 1, user, 100_000_000_000 + number, at))?;
                lent.execute((first + number, fill::HOLDING + user, user.to_string()))?;
                let digest = digest_of(kind, number).digest().0;
                if kind == b"token" {
                    token.execute((TOKEN + number, &digest[..], first + number, KEY + 1, APP + 1, user, at))?;
                } else {
                    let ends = now.plus(DAY).millis();
                    code.execute((CODE + number, &digest[..], first + number, KEY + 1, APP + 1, user, ends))?;
                }
            }
        }
        tx.execute("UPDATE holdings SET user_id = id - ?1", [fill::HOLDING])?;
        // The filling blocks one of a hundred, whose tokens are refused.
        tx.execute("UPDATE users SET state = 'active'", [])?;
    }
    tx.commit()?;
    // No server has statistics, and those of the filling are of a store without tokens.
    connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat4; DROP TABLE IF EXISTS sqlite_stat1")?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Lends four assets more with each consent, whose ids end in 00001 to 00004 where that of the first is the prefix.
pub(crate) fn lend_five(place: &Place) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(place.file())?;
    connection.execute_batch(
        "PRAGMA synchronous = OFF;
         INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id)
             SELECT consent_id, 1 + more.column1, group_id, holding_id, asset_id || '0000' || more.column1
             FROM lent_assets JOIN (VALUES (1), (2), (3), (4)) more WHERE position = 1;
         PRAGMA wal_checkpoint(TRUNCATE)",
    )?;
    Ok(())
}

async fn served(place: &Place, amount: Amount, persons: i64, now: Time) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(place.url().context("a URL")?, tokio_postgres::NoTls).await?;
    let running = tokio::spawn(connection);
    let (at, ends, app, key, holding) = (now.millis(), now.plus(DAY).millis(), APP + 1, KEY + 1, fill::HOLDING);
    // As it is after an installation, not as tests like it.
    for setting in ["fsync", "synchronous_commit", "full_page_writes", "autovacuum"] {
        client.batch_execute(&format!("ALTER SYSTEM SET {setting} = on")).await?;
    }
    client.batch_execute("SELECT pg_reload_conf()").await?;
    // No node has read anything yet: nobody need be told of each row.
    client.batch_execute("SET session_replication_role = replica").await?;
    client.batch_execute(&format!("UPDATE holdings SET user_id = id - {holding}")).await?;
    client.batch_execute("UPDATE users SET state = 'active'").await?;
    for (count, first, kind) in [(amount.tokens, CONSENT, "token"), (amount.codes, CODE_CONSENT, "code")] {
        let secret = format!("sha256(sha256(convert_to('{kind}' || i, 'UTF8')))");
        let numbers = format!("FROM generate_series(0::bigint, {count}::bigint - 1) i");
        let own = match kind {
            "token" => format!(
                "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at)
                 SELECT {TOKEN} + i, {secret}, {first} + i, {key}, {app}, 1 + i % {persons}, 0, 0, {at}, {at} {numbers}"
            ),
            _ => format!(
                "INSERT INTO codes (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri,
                     expires_at) SELECT {CODE} + i, {secret}, {first} + i, {key}, {app}, 1 + i % {persons}, 0, 0,
                     'https://app.example.com/callback', {ends} {numbers}"
            ),
        };
        client
            .batch_execute(&format!(
                "INSERT INTO consents (id, app_id, user_id, app_user_id, items, shown, agreed_at)
                     SELECT {first} + i, {app}, 1 + i % {persons}, 100000000000 + i, 'moment_management', '{{}}', {at} {numbers};
                 INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id)
                     SELECT {first} + i, 1, 'moment', {holding} + 1 + i % {persons}, '' || (1 + i % {persons}) {numbers};
                 {own}"
            ))
            .await?;
    }
    // Several statements of one text are one transaction, and VACUUM runs in none.
    client.batch_execute("VACUUM ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    drop(client);
    running.await??;
    Ok(())
}

/// The list that `system/ips` shows: as many services and networks as the platform's own has.
fn ip_list() -> anyhow::Result<IpList> {
    let service = |number: u8| {
        let cidr = |at: u8| Cidr::parse(&format!("203.{number}.{at}.0/26")).map_err(|flaw| anyhow::anyhow!("{flaw:?}"));
        let ips = (0..4).map(cidr).collect::<anyhow::Result<_>>()?;
        let (name, ports) = (format!("Service {number}"), vec![80, 443]);
        anyhow::Ok(Service { name, ips, ports, updated: date(2026, 11, 1), steps: Vec::new() })
    };
    let services = |from, to| (from..to).map(service).collect::<anyhow::Result<Vec<_>>>();
    IpList::new(services(1, 7)?, services(7, 11)?, date(2026, 11, 1)).map_err(|flaw| anyhow::anyhow!("{flaw:?}"))
}

/// Signs in so many persons, each with an asset of their own.
pub(crate) async fn signed_in(place: &Place, count: i64) -> anyhow::Result<Vec<Person>> {
    let now = bizauth::clock::Clock::System.now();
    let store = Store::embedded(&place.file(), 2)?;
    let mut people = Vec::new();
    for user in 1..=count {
        let (session, device) = (digest_of(b"session", user), digest_of(b"device", user));
        let ends = now.plus(DAY);
        let new = NewSession {
            session: (session.digest(), ends),
            device: (device.digest(), ends),
            earlier: None,
            known: None,
            address: None,
            agent: None,
        };
        let signed = store.sign_in(UserId(user), String::new(), new, now).await?.context("cannot sign in")?;
        let cookie = format!("bizauth-session={}", Credential::Session.spell(signed.0.0, &session));
        people.push(Person { cookie, asset: user.to_string() });
    }
    store.close().await;
    Ok(people)
}

/// Sweeps 200 000 ended rows while somebody writes one row after the other, and tells their longest wait.
pub(crate) async fn swept() -> anyhow::Result<Duration> {
    let place = filled(Engine::Sqlite, Amount::default()).await?;
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)";
    let ended = [
        format!("INSERT INTO sessions (id, digest, user_id, created_at, expires_at) {rows} SELECT i, {{blob}}, 1, 1, 2 FROM n"),
        format!("INSERT INTO devices (id, digest, user_id, created_at, expires_at) {rows} SELECT i, {{blob}}, 1, 1, 2 FROM n"),
        format!(
            "INSERT INTO pending (id, digest, session_id, user_id, client_id, redirect_uri, items, wanted, picks, expires_at)
             {rows} SELECT i, {{blob}}, 1, 1, 'x', 'https://app.example.com/callback', 'a', 'b', 'c', 2 FROM n"
        ),
        format!(
            "INSERT INTO codes (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri, expires_at)
             {rows} SELECT i, {{blob}}, 1, 1, 1, 1, 0, 0, 'https://app.example.com/callback', 2 FROM n"
        ),
        format!(
            "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
             {rows} SELECT 'x', '' || i, 1, 2, 1, 0 FROM n"
        ),
    ];
    for script in ended {
        place.script(&script).await?;
    }
    let store = Store::embedded(&place.file(), 3)?;
    let now = bizauth::clock::Clock::System.now();
    let (sweeping, done) = (store.clone(), Arc::new(AtomicBool::new(false)));
    let told = done.clone();
    let sweeper = tokio::spawn(async move {
        while sweeping.sweep(bizauth::serve::SWEEP_ROWS, now).await?.more {}
        told.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    });
    let mut longest = Duration::ZERO;
    let limit = Limit { kind: "bench", most: i64::MAX, window: DAY };
    while !done.load(Ordering::Relaxed) && !sweeper.is_finished() {
        let begun = Instant::now();
        store.take(limit, "one".to_owned(), now).await?;
        longest = longest.max(begun.elapsed());
    }
    sweeper.await??;
    store.close().await;
    Ok(longest)
}
