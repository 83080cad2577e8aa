//! What all tokens and codes of one key have in common, for the writer: it looks at one of them in the middle of a group,
//! and reads of it then no more than is its own.

use std::collections::HashMap;
use std::sync::Mutex;

use bizauth_core::app::AppKind;
use bizauth_core::id::{AppId, KeyId};

use super::{Memory, lock};
use crate::db::{Kind, Mark, Result, Row, Tx};

/// How many are remembered. A platform with more in use at once forgets them all now and then.
const MOST: usize = 4096;

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
                 (k.state <> 'deleted' AND a.deleted_at IS NULL AND s.maintenance = 0) AS stands, ",
            crate::apps::app_sanctioned!(),
            " FROM app_keys k JOIN apps a ON a.id = k.app_id JOIN settings s ON s.id = 1 WHERE k.id = $1"
        );
        let marks = [Mark::of(Kind::KeyState, key.0)];
        let known = lock(&self.footings.0).get(&key).copied();
        if let Some((_, footing)) = known.filter(|(turn, _)| tx.stands(&self.watch, *turn, &marks)) {
            return Ok(footing);
        }
        // What the group has touched may be undone with it.
        let Some(turn) = self.watch.turn().filter(|turn| tx.stands(&self.watch, *turn, &marks)) else {
            return Ok(None);
        };
        let Some(row) = tx.row(READ, &[key.into()]).await? else { return Ok(None) };
        let footing = read(&row)?;
        let mut known = lock(&self.footings.0);
        if known.len() >= MOST && !known.contains_key(&key) {
            known.clear();
        }
        known.insert(key, (turn, footing));
        Ok(footing)
    }
}

fn read(row: &Row) -> Result<Option<Footing>> {
    let (stands, sanctioned): (bool, bool) = (row.get("stands")?, row.get("sanctioned")?);
    let footing = Footing {
        app: row.get("app_id")?,
        kind: row.get("app_kind")?,
        era: row.get("app_era")?,
        daily_quota: row.get("daily_quota")?,
    };
    Ok((stands && !sanctioned && footing.kind != AppKind::Test).then_some(footing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
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

    /// A change, what the footing is after it, and whether what was read before says so without being read again.
    const CHANGES: [(&str, Option<Footing>, bool); 15] = [
        ("UPDATE app_keys SET used_at = 5", Some(FOOTING), true),
        ("UPDATE users SET email = 'b'", Some(FOOTING), true),
        ("UPDATE users SET email = 'a'", Some(FOOTING), true),
        ("UPDATE apps SET era = 5", Some(Footing { era: 5, ..FOOTING }), false),
        ("UPDATE apps SET era = 4, daily_quota = NULL", Some(Footing { daily_quota: None, ..FOOTING }), false),
        ("UPDATE apps SET kind = 'basic', daily_quota = 9", Some(Footing { kind: AppKind::Basic, ..FOOTING }), false),
        ("UPDATE apps SET kind = 'test'", None, false),
        ("UPDATE apps SET kind = 'biz', deleted_at = 5", None, false),
        ("UPDATE apps SET deleted_at = NULL, sanctioned = 1", None, false),
        ("UPDATE apps SET sanctioned = 0", Some(FOOTING), false),
        ("UPDATE users SET developer_sanctioned = 1", None, false),
        ("UPDATE members SET role = 'editor'", Some(FOOTING), false),
        ("UPDATE settings SET maintenance = 1", None, false),
        ("UPDATE settings SET maintenance = 0", Some(FOOTING), false),
        ("UPDATE app_keys SET state = 'deleted'", None, false),
    ];

    #[tokio::test]
    async fn a_footing_is_what_the_sentence_sees() {
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::embedded(&folder.path().join("db"), 1).unwrap();
        store.migrate(Time::from_millis(1)).await.unwrap();
        let store = store.remembering(1).unwrap();
        store.db.write(async |tx: &mut Tx<'_>| commit(tx.script(FILL).await?)).await.unwrap();
        let memory = || store.memory.clone().unwrap();
        let (now, known) = (memory(), memory());
        let footing = async || {
            let memory = now.clone();
            store.db.write(async move |tx: &mut Tx<'_>| commit(memory.footing(tx, KEY).await?)).await.unwrap()
        };
        let is_known = || {
            let (turn, _) = lock(&known.footings.0)[&KEY];
            known.watch.stands(turn, &[Mark::of(Kind::KeyState, KEY.0)])
        };
        let mut before = Some(FOOTING);
        for (change, after, stands) in CHANGES {
            for undone in [true, false] {
                assert_eq!((footing().await, is_known()), (before, true), "before {change}");
                let memory = memory();
                let body = async move |tx: &mut Tx<'_>| {
                    tx.script(change).await?;
                    // Another sentence of the same group, as it were.
                    let footing = memory.footing(tx, KEY).await?;
                    if undone { roll_back(footing) } else { commit(footing) }
                };
                let within = store.db.write(body).await.unwrap();
                assert_eq!(within, if stands { after } else { None }, "within {change}");
                assert!(is_known() == stands, "after {change}");
            }
            before = after;
        }
        let gone = async |tx: &mut Tx<'_>| commit(tx.script("DELETE FROM app_keys WHERE id = 3").await?);
        store.db.write(gone).await.unwrap();
        assert_eq!((footing().await, is_known()), (None, false));
    }
}
