//! The limits on PostgreSQL: the raw driver, without HTTP, over the same number of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bizauth_core::id::IdSource;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use super::place::{CODE, TOKEN, digest_of};

async fn clients(url: &str, connections: usize) -> anyhow::Result<Vec<Arc<Client>>> {
    let mut all = Vec::new();
    for _ in 0..connections {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        all.push(Arc::new(client));
    }
    Ok(all)
}

/// Reads tokens by their key, and prints how many a second.
pub(crate) async fn read(
    url: &str,
    connections: usize,
    callers: usize,
    tokens: i64,
    seconds: f64,
) -> anyhow::Result<()> {
    let clients = clients(url, connections).await?;
    let (count, until) = (Arc::new(AtomicU64::new(0)), Instant::now() + Duration::from_secs_f64(seconds));
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let (client, count) = (clients[caller % connections].clone(), count.clone());
        tasks.push(tokio::spawn(async move {
            let sql = "SELECT id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at,
                 revoked_at FROM tokens WHERE id = $1";
            let statement = client.prepare(sql).await?;
            let mut at = caller as i64 * 7919;
            while Instant::now() < until {
                at = (at + 12_347) % tokens;
                let row = client.query_opt(&statement, &[&(TOKEN + at)]).await?;
                anyhow::ensure!(row.is_some(), "no such token");
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    println!("{}", count.load(Ordering::Relaxed) as f64 / seconds);
    Ok(())
}

/// Redeems codes from `first` on, and prints how many a second, and how many in all.
pub(crate) async fn trade(
    url: &str,
    connections: usize,
    callers: usize,
    first: i64,
    seconds: f64,
) -> anyhow::Result<()> {
    let clients = clients(url, connections).await?;
    let next = Arc::new(AtomicI64::new(first));
    let ids = Arc::new(IdSource::new(2));
    let free = Arc::new(tokio::sync::Mutex::new(clients));
    let slots = Arc::new(tokio::sync::Semaphore::new(connections));
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (free, slots, next, ids) = (free.clone(), slots.clone(), next.clone(), ids.clone());
            tokio::spawn(async move {
                while Instant::now() < until {
                    let _slot = slots.acquire().await?;
                    let client = free.lock().await.pop().expect("as many as slots");
                    let done = one(&client, next.fetch_add(1, Ordering::Relaxed), &ids).await;
                    free.lock().await.push(client);
                    done?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let traded = next.load(Ordering::Relaxed) - first;
    println!("{} {traded}", traded as f64 / seconds);
    Ok(())
}

/// The statements that the store sends, as many at a time as it sends.
async fn one(client: &Client, number: i64, ids: &IdSource) -> anyhow::Result<()> {
    const LOOK: &str =
        "SELECT o.consent_id, o.key_id, o.app_id, o.user_id, o.app_era, o.user_era, o.redirect_uri, o.challenge,
             o.expires_at, o.redeemed_at, o.token_id, c.items, c.app_user_id,
             (a.id IS NOT NULL AND u.id IS NOT NULL AND k.id IS NOT NULL AND c.id IS NOT NULL) AS stands
         FROM codes o LEFT JOIN consents c ON c.id = o.consent_id AND c.withdrawn_at IS NULL
         LEFT JOIN apps a ON a.id = o.app_id AND a.deleted_at IS NULL AND a.era = o.app_era
         LEFT JOIN users u ON u.id = o.user_id AND u.era = o.user_era
         LEFT JOIN app_keys k ON k.id = o.key_id AND k.state <> 'deleted'
         WHERE o.id = $1 AND o.digest = $2";
    const CLAIM: &str =
        "UPDATE codes SET redeemed_at = $1, token_id = $2 WHERE id = $3 AND digest = $4 AND redeemed_at IS NULL";
    const ISSUE: &str =
        "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    const TAKE: &str = "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
         VALUES ('token', $1, $2, $3, 1, 0)
         ON CONFLICT (kind, subject, starts_at) DO UPDATE SET taken = counters.taken + 1 WHERE counters.taken < $4";
    let now = bizauth::clock::Clock::System.now();
    let token = ids.next(now);
    let statements = prepared(client, [LOOK, CLAIM, ISSUE, TAKE]).await?;
    let [look, claim, issue, take] = &*statements;
    let digest = digest_of(b"code", number).digest().0;
    let (digest, code) = (&digest[..], CODE + number);
    let looked: [&(dyn ToSql + Sync); 2] = [&code, &digest];
    let (begun, row) = tokio::join!(biased; client.batch_execute("BEGIN"), client.query_one(look, &looked));
    let row = begun.and(row)?;
    let (consent, key, app): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let (user, app_era, user_era): (i64, i64, i64) = (row.get(3), row.get(4), row.get(5));
    let fresh = bizauth::entropy::Entropy::System.secret().digest().0;
    let (fresh, at, window) = (&fresh[..], now.millis(), now.millis() / 60_000 * 60_000);
    let claimed: [&(dyn ToSql + Sync); 4] = [&at, &token, &code, &digest];
    let issued: [&(dyn ToSql + Sync); 10] =
        [&token, &fresh, &consent, &key, &app, &user, &app_era, &user_era, &at, &at];
    let taken: [&(dyn ToSql + Sync); 4] = [&key.to_string(), &window, &(window + 60_000), &i64::from(u32::MAX)];
    let done = tokio::try_join!(
        biased;
        client.execute(claim, &claimed), client.execute(issue, &issued), client.execute(take, &taken)
    )?;
    anyhow::ensure!(done == (1, 1, 1), "not redeemed");
    client.batch_execute("COMMIT").await?;
    Ok(())
}

type Four = Arc<[tokio_postgres::Statement; 4]>;

/// The statements, prepared once for each connection.
async fn prepared(client: &Client, texts: [&str; 4]) -> anyhow::Result<Four> {
    static KNOWN: std::sync::Mutex<Vec<(usize, Four)>> = std::sync::Mutex::new(Vec::new());
    let key = std::ptr::from_ref(client) as usize;
    let known = |all: &[(usize, Four)]| all.iter().find(|(at, _)| *at == key).map(|(_, found)| found.clone());
    if let Some(found) = known(&KNOWN.lock().expect("nobody panics with it")) {
        return Ok(found);
    }
    let [a, b, c, d] = texts;
    let four = [client.prepare(a).await?, client.prepare(b).await?, client.prepare(c).await?, client.prepare(d).await?];
    let four = Arc::new(four);
    KNOWN.lock().expect("nobody panics with it").push((key, four.clone()));
    Ok(four)
}
