//! The consent items of an app as its members set them: all in one sentence, so that nothing is half-changed.

use bizauth_core::id::AppId;
use bizauth_core::scope::ItemId;

use crate::apps::SEE_ITEM;
use crate::audit::{By, Change};
use crate::db::{Result, Tx, Value, commit, roll_back};

/// What became of a set of consent items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptItems {
    /// They are as they were sent; how many are different from before.
    Kept(usize),
    /// Somebody else changed them since they were looked at. Nothing was done.
    Meanwhile,
    /// No such app, or an item that does not exist. Nothing was done.
    NoSuchItem,
}

impl By {
    /// Switches on exactly these consent items of an app, each with the purpose people read, if they still are as they
    /// were `seen`. What is different is noted item by item.
    pub async fn keep_items(
        &self,
        app: AppId,
        seen: Vec<(ItemId, String)>,
        items: Vec<(ItemId, String)>,
    ) -> Result<KeptItems> {
        // The log first, as in every other sentence: whoever holds it is alone.
        const CLAIM: &str = "UPDATE audit_head SET seq = seq WHERE id = 1";
        const NOW: &str = "SELECT item_id, purpose FROM app_items WHERE app_id = $1 ORDER BY item_id";
        const ON: &str = "INSERT INTO app_items (app_id, item_id, purpose)
             SELECT a.id, i.id, $1 FROM apps a, consent_items i WHERE a.id = $2 AND a.deleted_at IS NULL AND i.id = $3
             ON CONFLICT (app_id, item_id) DO UPDATE SET purpose = excluded.purpose";
        const OFF: &str = "DELETE FROM app_items WHERE app_id = $1 AND item_id = $2";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                tx.execute(CLAIM, &[]).await?;
                let mut current: Vec<(ItemId, String)> = Vec::new();
                for row in tx.rows(NOW, &[app.into()]).await? {
                    current.push((ItemId(row.get("item_id")?), row.get("purpose")?));
                }
                if current != seen {
                    return roll_back(KeptItems::Meanwhile);
                }
                let mut changed = 0;
                for (item, purpose) in &items {
                    if current.iter().any(|known| known == &(item.clone(), purpose.clone())) {
                        continue;
                    }
                    let which: [Value; 2] = [app.into(), item.0.clone().into()];
                    let note = Change::new("item.on", ("app", app), SEE_ITEM, which).begin(tx, &actor).await?;
                    let row = [purpose.clone().into(), app.into(), item.0.clone().into()];
                    if tx.execute(ON, &row).await? == 0 {
                        return roll_back(KeptItems::NoSuchItem);
                    }
                    note.end(tx).await?;
                    changed += 1;
                }
                for (item, _) in current.iter().filter(|(item, _)| !items.iter().any(|(kept, _)| kept == item)) {
                    let which: [Value; 2] = [app.into(), item.0.clone().into()];
                    let change = Change::new("item.off", ("app", app), SEE_ITEM, which.clone());
                    let note = change.begin(tx, &actor).await?;
                    tx.execute(OFF, &which).await?;
                    note.end(tx).await?;
                    changed += 1;
                }
                commit(KeptItems::Kept(changed))
            })
            .await
    }
}
