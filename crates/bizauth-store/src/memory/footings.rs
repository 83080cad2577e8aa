//! What all tokens and codes of one key have in common, for the writer: it looks at one of them in the middle of a group,
//! and reads of it then no more than is its own.

use std::collections::HashMap;
use std::sync::Mutex;

use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, KeyId};

use super::{Memory, keep_among, lock};
use crate::db::{Kind, Mark, Result, Row, Tx};

/// What a token or code of a key stands on besides what is its own. Key and app live, the app is neither under sanction
/// nor one that only members may use, and there is no maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footing {
    /// The app of the key.
    pub(crate) app: AppId,
    /// Its kind.
    pub(crate) kind: AppKind,
    /// Its era.
    pub(crate) era: i64,
    /// How many calls it has a day.
    pub(crate) daily_quota: Option<i64>,
}

/// The footings that were read last, each with its turn. `None`: the key has none that is as simple.
#[derive(Default)]
pub(crate) struct Footings(Mutex<HashMap<KeyId, (u64, Option<Footing>)>>);

impl Memory {
    /// The footing of this key's tokens and codes within a sentence of the writer, after all that the sentences before it
    /// in the group have done. `None`: whatever there is to know of it must be read.
    pub(crate) async fn footing(&self, tx: &mut Tx<'_>, key: KeyId) -> Result<Option<Footing>> {
        const READ: &str = concat!(
            "SELECT a.id AS app_id, a.kind AS app_kind, a.era AS app_era, a.daily_quota,
                 (k.state <> 'deleted' AND a.deleted_at IS NULL AND s.maintenance = 0) AS lives, ",
            crate::apps::app_sanctioned!(),
            " FROM app_keys k JOIN apps a ON a.id = k.app_id JOIN settings s ON s.id = 1 WHERE k.id = $1"
        );
        // A key never changes its app; all else that is read, but for whether the key lives, has the platform's mark.
        let marks = [Mark::of(Kind::KeyState, key.0)];
        let Some(turn) = self.watch.turn() else { return Ok(None) };
        // What the group has touched is not what is remembered, and must not be: it may be undone.
        if !tx.is_first_at(&self.watch, &marks) {
            return Ok(None);
        }
        let known = lock(&self.footings.0).get(&key).copied();
        if let Some((_, footing)) = known.filter(|(turn, _)| self.watch.stands(*turn, &marks)) {
            return Ok(footing);
        }
        let Some(row) = tx.row(READ, &[key.into()]).await? else { return Ok(None) };
        let footing = read(&row)?;
        keep_among(&self.footings.0, key, (turn, footing));
        Ok(footing)
    }
}

fn read(row: &Row) -> Result<Option<Footing>> {
    let (lives, sanctioned): (bool, bool) = (row.get("lives")?, row.get("sanctioned")?);
    let footing = Footing {
        app: row.get("app_id")?,
        kind: row.get("app_kind")?,
        era: row.get("app_era")?,
        daily_quota: row.get("daily_quota")?,
    };
    Ok((lives && !sanctioned && footing.kind != AppKind::Test).then_some(footing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::db::tests::Gate;
    use crate::db::{commit, roll_back};
    use bizauth_core::time::Time;

    const FILL: &str = "
        INSERT INTO users (id, email, email_verified, password, state, in_business_centre, developer_sanctioned,
            is_operator, era, created_at, sort) VALUES (1, 'a', 1, '', 'active', 1, 0, 0, 0, 1, 'a');
        INSERT INTO apps (id, name, company, kind, sanctioned, era, daily_quota, created_at, sort)
            VALUES (2, 'a', '', 'biz', 0, 4, 9, 1, 'a');
        INSERT INTO members (app_id, user_id, role, sort, address) VALUES (2, 1, 'owner', 'a', 'a');
        INSERT INTO app_keys (id, app_id, kind, lookup, name, state, secret_on, callers, redirect_uris, may_read_ips,
            created_at) VALUES (3, 2, 'rest_api', 'k', '', 'active', 0, '', '', 0, 1)";
    const KEY: KeyId = KeyId(3);
    const FOOTING: Footing = Footing { app: AppId(2), kind: AppKind::Biz, era: 4, daily_quota: Some(9) };

    /// What was before, a change, and what the footing is after it. The first two are none of its.
    const CHANGES: [(&str, &str, Option<Footing>); 14] = [
        ("", "UPDATE app_keys SET used_at = 5", Some(FOOTING)),
        ("", "UPDATE users SET email = 'b'", Some(FOOTING)),
        ("", "UPDATE apps SET era = 5", Some(Footing { era: 5, ..FOOTING })),
        ("", "UPDATE apps SET daily_quota = NULL", Some(Footing { daily_quota: None, ..FOOTING })),
        ("", "UPDATE apps SET kind = 'basic'", Some(Footing { kind: AppKind::Basic, ..FOOTING })),
        ("", "UPDATE apps SET kind = 'test'", None),
        ("", "UPDATE apps SET deleted_at = 5", None),
        ("", "UPDATE apps SET sanctioned = 1", None),
        ("UPDATE apps SET sanctioned = 1", "UPDATE apps SET sanctioned = 0", Some(FOOTING)),
        ("", "UPDATE users SET developer_sanctioned = 1", None),
        ("UPDATE users SET developer_sanctioned = 1", "UPDATE members SET role = 'editor'", Some(FOOTING)),
        ("", "UPDATE settings SET maintenance = 1", None),
        ("", "UPDATE app_keys SET state = 'deleted'", None),
        ("", "DELETE FROM app_keys", None),
    ];

    /// What becomes of the sentence that changes something, of a group with one that looks after it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fate {
        Kept,
        /// With all of the group, which then runs again.
        Undone,
        /// Alone: one was undone not long ago, and each has its savepoint.
        UndoneApart,
    }

    #[tokio::test]
    async fn a_footing_is_what_the_sentence_sees() {
        for (at, (first, change, after)) in CHANGES.into_iter().enumerate() {
            for fate in [Fate::Kept, Fate::Undone, Fate::UndoneApart] {
                looks(first, (change, after), at < 2, fate).await;
            }
        }
    }

    async fn looks(first: &'static str, (change, after): (&'static str, Option<Footing>), stands: bool, fate: Fate) {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::embedded(&folder.path().join("db"), 1).unwrap();
        store.migrate(Time::from_millis(1)).await.unwrap();
        let store = store.remembering(1).unwrap();
        let runs = async |script: Script, keeps: bool| {
            let body = async move |tx: &mut Tx<'_>| {
                tx.script(script.0).await?;
                if keeps { commit(()) } else { roll_back(()) }
            };
            store.db.write(body).await.unwrap();
        };
        let look = async || {
            let memory = store.memory.clone().unwrap();
            store.db.write(async move |tx: &mut Tx<'_>| commit(memory.footing(tx, KEY).await?)).await.unwrap()
        };
        runs(Script(FILL), true).await;
        runs(Script(first), true).await;
        if fate == Fate::UndoneApart {
            runs(Script("UPDATE home SET beats = 5"), false).await;
        }
        let before = look().await;
        assert_eq!(before, first.is_empty().then_some(FOOTING));

        let gate = Gate::new();
        let (held, (), (), within, ()) = tokio::join!(
            biased;
            gate.hold(&store.db), gate.entered(&store.db), runs(Script(change), fate == Fate::Kept), look(),
            gate.open(&store.db)
        );
        held.unwrap();
        let after = if fate == Fate::Kept { after } else { before };
        assert_eq!(within, if stands { after } else { None }, "{change} {fate:?}");
        let memory = store.memory.clone().unwrap();
        let (turn, _) = lock(&memory.footings.0)[&KEY];
        assert_eq!(memory.watch.stands(turn, &[Mark::of(Kind::KeyState, KEY.0)]), stands, "{change} {fate:?}");
        assert_eq!(look().await, after, "{change} {fate:?}");
    }

    /// A text for a body to capture: a bare `&'static str` among the captures costs the future its `Send`.
    #[derive(Clone, Copy)]
    struct Script(&'static str);
}
