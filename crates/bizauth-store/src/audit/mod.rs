//! Who changes what: every sentence that changes something for a person or a program lives on [`By`], and writes its row
//! of the audit log in its own transaction.
//!
//! What was different before and after is read from the rows themselves, by a SELECT that names no secret. Claiming the
//! log's head first makes audited changes follow one another, so what was read before is what was changed. Redemptions
//! and revocations by apps are not here: codes and tokens are their own, never deleted record, and a token that ended
//! without an entry was ended by its app.

mod json;
mod log;
mod names;

use std::ops::Deref;

use bizauth_core::audit::Entry;
use bizauth_core::id::{OperatorKeyId, UserId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;

pub use log::{AuditFilter, AuditHead, AuditRecord, Verdict as AuditVerdict};

use crate::Store;
use crate::db::{Result, Row, Tx, Value, commit, roll_back};
use json::{Facts, difference};

/// What kind of actor someone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A signed-in person.
    Account(UserId),
    /// Somebody who says to be this account's owner and did not prove it.
    Unproved(UserId),
    /// A program with an operator key.
    OperatorKey(OperatorKeyId),
    /// Whoever runs `bizauth` on the server's machine.
    CommandLine,
    /// The server itself, such as for retention.
    Server,
}

impl Who {
    /// The word in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Who::Account(_) => "account",
            Who::Unproved(_) => "unproved",
            Who::OperatorKey(_) => "operator_key",
            Who::CommandLine => "command_line",
            Who::Server => "server",
        }
    }

    const fn id(self) -> Option<i64> {
        match self {
            Who::Account(id) | Who::Unproved(id) => Some(id.0),
            Who::OperatorKey(id) => Some(id.0),
            Who::CommandLine | Who::Server => None,
        }
    }
}

/// Who acts, from where, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Which person or program.
    pub who: Who,
    /// Its name for people: an e-mail address, the name of a key.
    pub name: String,
    /// The address it came from.
    pub from: Option<String>,
    /// When.
    pub at: Time,
}

/// The store in someone's hands: whatever is changed through it is in the audit log under their name.
#[derive(Clone)]
pub struct By {
    pub(crate) store: Store,
    pub(crate) actor: Acting,
}

/// An actor with the reason they gave.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    actor: Actor,
    reason: Option<String>,
}

impl Acting {
    /// Somebody who gives no reason.
    pub(crate) fn of(actor: Actor) -> Self {
        Acting { actor, reason: None }
    }

    /// Why, as far as they said.
    pub(crate) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }
}

impl Deref for Acting {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

impl Store {
    /// The store in the hands of `actor`.
    pub fn by(&self, actor: Actor) -> By {
        By { store: self.clone(), actor: Acting::of(actor) }
    }
}

impl By {
    /// Whose hands these are.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The same, for a reason that stands in the log beside whatever is changed.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.actor.reason = Some(reason.into());
        self
    }

    /// A sentence of one audited statement: whether it found the row it changes. Where it did not, nothing is noted.
    pub(crate) async fn change<const N: usize>(
        &self,
        change: Change,
        sql: &'static str,
        params: [Value; N],
    ) -> Result<bool> {
        let (actor, statement) = (self.actor.clone(), crate::Statement(sql));
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                let note = change.begin(tx, &actor).await?;
                if tx.execute(statement.text(), &params).await? == 0 {
                    return roll_back(false);
                }
                note.end(tx).await?;
                commit(true)
            })
            .await
    }
}

/// What is about to change, and how to look at it before and after.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    act: &'static str,
    on_kind: &'static str,
    on_id: String,
    see: &'static str,
    key: Vec<Value>,
    about: Facts,
}

impl Change {
    /// `act` is `noun.verb`. `see` selects what may be known of the row or rows, by `key`; it names no secret.
    pub(crate) fn new(
        act: &'static str,
        on: (&'static str, impl ToString),
        see: &'static str,
        key: impl Into<Vec<Value>>,
    ) -> Self {
        Change { act, on_kind: on.0, on_id: on.1.to_string(), see, key: key.into(), about: Facts::default() }
    }

    /// What names the row that is looked at.
    pub(crate) fn key(&self) -> &[Value] {
        &self.key
    }

    /// Something that happened and changed no row that could be looked at.
    pub(crate) fn event(act: &'static str, on: (&'static str, impl ToString)) -> Self {
        Change::new(act, on, "", [])
    }

    /// The change of one statement within a transaction: whether it found the row it changes. Where it did not, the
    /// transaction must be rolled back.
    pub(crate) async fn make(
        self,
        tx: &mut Tx<'_>,
        actor: &Acting,
        sql: &'static str,
        params: &[Value],
    ) -> Result<bool> {
        let note = self.begin(tx, actor).await?;
        if tx.execute(sql, params).await? == 0 {
            return Ok(false);
        }
        note.end(tx).await?;
        Ok(true)
    }

    /// More about it: which key of the app, which asset of the account.
    pub(crate) fn about(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.about.add(name, value.into());
        self
    }

    /// Claims the log's next place and looks at the row. Whoever claims waits for the one before to commit.
    pub(crate) async fn begin(&self, tx: &mut Tx<'_>, actor: &Acting) -> Result<Note> {
        self.begin_on(tx, actor, self.on_id.clone(), self.key.clone()).await
    }

    /// The same for a thing whose id is drawn within the transaction.
    pub(crate) async fn begin_on(
        &self,
        tx: &mut Tx<'_>,
        actor: &Acting,
        on_id: String,
        key: Vec<Value>,
    ) -> Result<Note> {
        const CLAIM: &str = "UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, digest";
        let head = tx.row(CLAIM, &[]).await?.ok_or(crate::Error::Swallowed)?;
        let before = look(tx, self.see, &key).await?;
        let mut about = self.about.clone();
        if let Some(reason) = &actor.reason {
            about.add("reason", reason.as_str().into());
        }
        Ok(Note {
            see: self.see,
            key,
            before,
            about,
            previous: head.get("digest")?,
            entry: Entry {
                seq: head.get("seq")?,
                at: actor.at,
                actor_kind: actor.who.word().to_owned(),
                actor_id: actor.who.id(),
                actor: actor.name.clone(),
                address: actor.from.clone(),
                act: self.act.to_owned(),
                on_kind: self.on_kind.to_owned(),
                on_id,
                about: String::new(),
                before: String::new(),
                after: String::new(),
            },
        })
    }
}

async fn look(tx: &mut Tx<'_>, see: &'static str, key: &[Value]) -> Result<Vec<Row>> {
    if see.is_empty() { Ok(Vec::new()) } else { tx.rows(see, key).await }
}

/// A row of the log that waits for what was changed.
pub(crate) struct Note {
    see: &'static str,
    key: Vec<Value>,
    before: Vec<Row>,
    about: Facts,
    previous: Option<Digest>,
    entry: Entry,
}

impl Note {
    /// More about it, learned within the transaction.
    pub(crate) fn fact(&mut self, name: &'static str, value: impl Into<Value>) {
        self.about.add(name, value.into());
    }

    /// Looks at the row again and writes the difference into the log. A transaction that rolls back notes nothing.
    pub(crate) async fn end(mut self, tx: &mut Tx<'_>) -> Result<()> {
        const KEEP: &str = "INSERT INTO audit_log (seq, at, actor_kind, actor_id, actor, address, act, on_kind, on_id,
                 about, before, after, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let after = look(tx, self.see, &self.key).await?;
        let (before, after) = difference(&self.before, &after);
        self.entry.before = before.to_json();
        self.entry.after = after.to_json();
        self.entry.about = self.about.to_json();
        let digest = self.entry.chain(self.previous);
        let it = self.entry;
        let row: [Value; 13] = [
            it.seq.into(),
            it.at.into(),
            it.actor_kind.into(),
            it.actor_id.into(),
            it.actor.into(),
            it.address.into(),
            it.act.into(),
            it.on_kind.into(),
            it.on_id.into(),
            it.about.into(),
            it.before.into(),
            it.after.into(),
            digest.into(),
        ];
        tx.execute(KEEP, &row).await?;
        tx.execute("UPDATE audit_head SET digest = $1 WHERE id = 1", &[digest.into()]).await?;
        Ok(())
    }
}
