//! The limits on PostgreSQL: the raw driver, without HTTP, over the same number of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bizauth_core::id::IdSource;
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

/// The statements that the store sends, with BEGIN and COMMIT of their own.
async fn one(client: &Client, number: i64, ids: &IdSource) -> anyhow::Result<()> {
    const CLAIM: &str = "UPDATE codes SET redeemed_at = $1, token_id = $2
         WHERE id = $3 AND digest = $4 AND redeemed_at IS NULL
         RETURNING consent_id, key_id, app_id, user_id, app_era, user_era, redirect_uri, challenge, expires_at";
    const STANDS: &str = "SELECT c.items, c.app_user_id FROM consents c, apps a, users u, app_keys k
         WHERE c.id = $1 AND c.withdrawn_at IS NULL AND a.id = $2 AND a.deleted_at IS NULL AND a.era = $3
           AND u.id = $4 AND u.era = $5 AND k.id = $6 AND k.state <> 'deleted'";
    const TAKE: &str = "INSERT INTO counters (kind, subject, starts_at, expires_at, taken, held)
         VALUES ('token', $1, $2, $3, 1, 0)
         ON CONFLICT (kind, subject, starts_at) DO UPDATE SET taken = counters.taken + 1 WHERE counters.taken < $4
         RETURNING taken";
    const ISSUE: &str =
        "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at,
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let now = bizauth::clock::Clock::System.now();
    let token = ids.next(now);
    let statements = prepared(client, [CLAIM, STANDS, TAKE, ISSUE]).await?;
    let [claim, stands, take, issue] = &*statements;
    let digest = digest_of(b"code", number).digest().0;
    client.batch_execute("BEGIN").await?;
    let row = client.query_one(claim, &[&now.millis(), &token, &(CODE + number), &&digest[..]]).await?;
    let (consent, key, app): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let (user, app_era, user_era): (i64, i64, i64) = (row.get(3), row.get(4), row.get(5));
    client.query_one(stands, &[&consent, &app, &app_era, &user, &user_era, &key]).await?;
    let window = now.millis() / 60_000 * 60_000;
    client.query_one(take, &[&key.to_string(), &window, &(window + 60_000), &i64::from(u32::MAX)]).await?;
    let fresh = bizauth::entropy::Entropy::System.secret().digest().0;
    let at = now.millis();
    client.execute(issue, &[&token, &&fresh[..], &consent, &key, &app, &user, &app_era, &user_era, &at, &at]).await?;
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
