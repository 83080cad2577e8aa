//! What the operator switches for the whole platform, on every node at once.

use crate::Store;
use crate::audit::{By, Change};
use crate::db::Result;

impl By {
    /// Switches maintenance mode (-9798 for every kapi call) on or off.
    pub async fn set_maintenance(&self, on: bool) -> Result<()> {
        const SET: &str = "UPDATE settings SET maintenance = $1 WHERE id = 1";
        const SEE: &str = "SELECT maintenance FROM settings WHERE id = $1";
        let change = Change::new("platform.maintenance", ("platform", "maintenance"), SEE, [1.into()]);
        self.change(change, SET, [on.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// Whether maintenance mode is on.
    pub async fn maintenance(&self) -> Result<bool> {
        let row = self.db.row("SELECT maintenance FROM settings WHERE id = 1", &[]).await?;
        row.map_or(Ok(false), |row| row.get("maintenance"))
    }
}
