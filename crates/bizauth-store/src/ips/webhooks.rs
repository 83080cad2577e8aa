//! Who is told of the IP list, and what is still to be told: an outbox, written in the transaction of what happened.
//!
//! Whoever sends holds a lease, so that of several nodes one does; a node that dies lets the lease run out. When it is
//! tried again, and when it is given up, is the door's to say.

use bizauth_core::id::{DeliveryId, IdSource, WebhookId};
use bizauth_core::time::Time;

use crate::Store;
use crate::audit::{By, Change};
use crate::db::{Result, Row, Tx, commit, roll_back};
use crate::leaf::{Leaf, Turn};

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where.
    pub url: String,
    /// The secret that signs, under the master key.
    pub sealed: Vec<u8>,
    /// Since when.
    pub made_at: Time,
    /// By whom, for people.
    pub made_by: String,
}

/// One thing that one webhook is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same however often it is tried.
    pub id: DeliveryId,
    /// Whom.
    pub webhook: WebhookId,
    /// `published`, or `in_force` for a day that has come.
    pub event: String,
    /// The version that it is about.
    pub serial: i64,
    /// The day that has come; empty for a publication.
    pub date: String,
    /// When it happened.
    pub made_at: Time,
    /// When it is tried next.
    pub due_at: Time,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was told, or given up.
    pub ended_at: Option<Time>,
    /// What the last try came to, in words for the operator; empty if there was none.
    pub answer: String,
}

/// A delivery that this node is to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub delivery: Delivery,
    /// Whom.
    pub webhook: Webhook,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What it came to, in words for the operator.
    pub answer: String,
    /// When to try again; `None` if it is over.
    pub again: Option<Time>,
}

const SEE: &str = "SELECT url, made_by FROM ip_webhooks WHERE id = $1";

impl By {
    /// Adds a webhook; `None` if that address is told already.
    pub async fn add_ip_webhook(
        &self,
        url: String,
        seal: impl Fn(WebhookId) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Option<WebhookId>> {
        const ADD: &str = "INSERT INTO ip_webhooks (id, url, sealed, made_at, made_by) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (url) DO NOTHING";
        let (actor, now, ids) = (self.actor.clone(), self.actor.at, self.store.ids.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let id = WebhookId(ids.next(now));
                let change = Change::new("ip_webhook.add", ("ip_webhook", id), SEE, [id.into()]);
                let note = change.begin(tx, &actor).await?;
                let row = [id.into(), url.as_str().into(), seal(id).into(), now.into(), actor.name.as_str().into()];
                if tx.execute(ADD, &row).await? == 0 {
                    return roll_back(None);
                }
                note.end(tx).await?;
                commit(Some(id))
            })
            .await
    }

    /// Ends a webhook, with what it was not told yet.
    pub async fn remove_ip_webhook(&self, id: WebhookId) -> Result<bool> {
        const UNTOLD: &str = "DELETE FROM ip_deliveries WHERE webhook = $1";
        const REMOVE: &str = "DELETE FROM ip_webhooks WHERE id = $1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let change = Change::new("ip_webhook.remove", ("ip_webhook", id), SEE, [id.into()]);
                let note = change.begin(tx, &actor).await?;
                tx.execute(UNTOLD, &[id.into()]).await?;
                if tx.execute(REMOVE, &[id.into()]).await? == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }

    /// Has something told again that was given up, at once.
    pub async fn retry_ip_delivery(&self, id: DeliveryId) -> Result<bool> {
        const SEEN: &str = "SELECT webhook, event, serial, date FROM ip_deliveries WHERE id = $1";
        const RETRY: &str = "UPDATE ip_deliveries SET ended_at = NULL, attempts = 0, due_at = $1
             WHERE id = $2 AND ended_at IS NOT NULL";
        let change = Change::new("ip_webhook.retry", ("ip_delivery", id), SEEN, [id.into()]);
        self.change(change, RETRY, [self.actor.at.into(), id.into()]).await
    }

    /// Puts new seals on secrets, each in place of the one that was read.
    pub async fn reseal_ip_webhooks(&self, seals: Vec<(WebhookId, Vec<u8>, Vec<u8>)>) -> Result<u64> {
        const SEAL: &str = "UPDATE ip_webhooks SET sealed = $1 WHERE id = $2 AND sealed = $3";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = Change::event("ip_webhook.reseal", ("ip_webhook", "all")).begin(tx, &actor).await?;
                let mut changed = 0;
                for (id, old, new) in &seals {
                    changed += tx.execute(SEAL, &[new.clone().into(), (*id).into(), old.clone().into()]).await?;
                }
                note.end(tx).await?;
                commit(changed)
            })
            .await
    }
}

impl Store {
    /// Everybody who is told, in the order in which they were added.
    pub async fn ip_webhooks(&self) -> Result<Vec<Webhook>> {
        const ALL: &str = "SELECT id AS hook, url, sealed, made_at AS since, made_by FROM ip_webhooks ORDER BY id";
        self.db.rows(ALL, &[]).await?.iter().map(Webhook::read).collect()
    }

    /// What a webhook was told and will be, newest first.
    pub async fn ip_deliveries(
        &self,
        webhook: WebhookId,
        turn: &Turn<DeliveryId>,
        most: i64,
    ) -> Result<Leaf<Delivery>> {
        const DOWN: &str = "SELECT id, webhook, event, serial, date, made_at, due_at, attempts, ended_at, answer
             FROM ip_deliveries WHERE (webhook, id) < ($1, $2) AND (webhook, id) > ($1, 0)
                 AND webhook IS NOT DISTINCT FROM $1 AND id < $2
             ORDER BY webhook DESC, id DESC LIMIT $3";
        const UP: &str = "SELECT id, webhook, event, serial, date, made_at, due_at, attempts, ended_at, answer
             FROM ip_deliveries WHERE (webhook, id) > ($1, $2) AND (webhook, id) < ($1, 9223372036854775807)
                 AND webhook IS NOT DISTINCT FROM $1 AND id > $2
             ORDER BY webhook, id LIMIT $3";
        let sql = if turn.is_back() { UP } else { DOWN };
        let from = turn.key().copied().unwrap_or(DeliveryId(i64::MAX));
        let rows = self.db.rows(sql, &[webhook.into(), from.into(), (most + 1).into()]).await?;
        Ok(Leaf::of(turn, rows.iter().map(Delivery::read).collect::<Result<Vec<_>>>()?, most))
    }

    /// Has every webhook that was there at `midnight` told that this day has come; what one was told already it is not
    /// told again. Says how many are told.
    pub async fn announce_ip_day(&self, serial: i64, date: String, midnight: Time, now: Time) -> Result<u64> {
        const UNTOLD: &str = "SELECT w.id FROM ip_webhooks w WHERE w.made_at <= $1 AND NOT EXISTS (
                 SELECT 1 FROM ip_deliveries d
                 WHERE d.webhook = w.id AND d.event = 'in_force' AND d.serial = $2 AND d.date = $3)";
        let params = [midnight.into(), serial.into(), date.as_str().into()];
        if self.db.row(UNTOLD, &params).await?.is_none() {
            return Ok(0);
        }
        let ids = self.ids.clone();
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                commit(announce(tx, &ids, ("in_force", serial, &date), midnight, now).await?)
            })
            .await
    }

    /// Takes up to `most` deliveries whose time has come, for this node alone until `until`.
    pub async fn lease_ip_deliveries(&self, most: i64, now: Time, until: Time) -> Result<Vec<Due>> {
        const DUE: &str = "SELECT id FROM ip_deliveries
             WHERE ended_at IS NULL AND due_at <= $1 AND leased_until <= $1 ORDER BY due_at, id LIMIT $2";
        // The guard stands in the UPDATE itself: of two nodes that read the same row, one finds it taken.
        const LEASE: &str = "UPDATE ip_deliveries SET leased_until = $1, attempts = attempts + 1
             WHERE id = $2 AND ended_at IS NULL AND due_at <= $3 AND leased_until <= $3
             RETURNING id, webhook, event, serial, date, made_at, due_at, attempts, ended_at, answer";
        const WHOM: &str = "SELECT id AS hook, url, sealed, made_at AS since, made_by FROM ip_webhooks WHERE id = $1";
        if self.db.row(DUE, &[now.into(), 1.into()]).await?.is_none() {
            return Ok(Vec::new());
        }
        self.db
            .write(async move |tx: &mut Tx<'_>| {
                let mut taken = Vec::new();
                for row in tx.rows(DUE, &[now.into(), most.into()]).await? {
                    let id: DeliveryId = row.get("id")?;
                    let Some(row) = tx.row(LEASE, &[until.into(), id.into(), now.into()]).await? else { continue };
                    let delivery = Delivery::read(&row)?;
                    let Some(row) = tx.row(WHOM, &[delivery.webhook.into()]).await? else { continue };
                    taken.push(Due { delivery, webhook: Webhook::read(&row)? });
                }
                commit(taken)
            })
            .await
    }

    /// Notes how a try ended. Only whoever holds the lease may: `attempts` is the count that came with it.
    pub async fn end_ip_delivery(&self, id: DeliveryId, attempts: i64, ended: Tried, now: Time) -> Result<bool> {
        const OVER: &str = "UPDATE ip_deliveries SET leased_until = 0, answer = $1, ended_at = $2
             WHERE id = $3 AND attempts = $4 AND ended_at IS NULL";
        const AGAIN: &str = "UPDATE ip_deliveries SET leased_until = 0, answer = $1, due_at = $2
             WHERE id = $3 AND attempts = $4 AND ended_at IS NULL";
        let (sql, at) = match ended.again {
            None => (OVER, now),
            Some(again) => (AGAIN, again),
        };
        self.change(sql, [ended.answer.into(), at.into(), id.into(), attempts.into()]).await
    }
}

/// Puts an event into the outbox of every webhook, in the transaction of what happened.
pub(super) async fn announce(
    tx: &mut Tx<'_>,
    ids: &IdSource,
    (event, serial, date): (&str, i64, &str),
    happened: Time,
    now: Time,
) -> Result<u64> {
    const WHOM: &str = "SELECT id FROM ip_webhooks WHERE made_at <= $1 ORDER BY id";
    const PUT: &str = "INSERT INTO ip_deliveries
             (id, webhook, event, serial, date, made_at, due_at, leased_until, attempts, ended_at, answer)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, NULL, '') ON CONFLICT (webhook, event, serial, date) DO NOTHING";
    let mut put = 0;
    for row in tx.rows(WHOM, &[happened.into()]).await? {
        let webhook: WebhookId = row.get("id")?;
        let id = DeliveryId(ids.next(now));
        let row = [id.into(), webhook.into(), event.into(), serial.into(), date.into(), now.into()];
        put += tx.execute(PUT, &row).await?;
    }
    Ok(put)
}

impl Webhook {
    fn read(row: &Row) -> Result<Self> {
        Ok(Webhook {
            id: row.get("hook")?,
            url: row.get("url")?,
            sealed: row.get("sealed")?,
            made_at: row.get("since")?,
            made_by: row.get("made_by")?,
        })
    }
}

impl Delivery {
    fn read(row: &Row) -> Result<Self> {
        Ok(Delivery {
            id: row.get("id")?,
            webhook: row.get("webhook")?,
            event: row.get("event")?,
            serial: row.get("serial")?,
            date: row.get("date")?,
            made_at: row.get("made_at")?,
            due_at: row.get("due_at")?,
            attempts: row.get("attempts")?,
            ended_at: row.get("ended_at")?,
            answer: row.get("answer")?,
        })
    }
}
