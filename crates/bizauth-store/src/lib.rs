//! The records of Business Authentication: sentences, each one transaction, written once for two engines.
//!
//! A sentence says what happened to whom (`redeem_code`, `approve`, `revoke_token`) and reports what it found; it never
//! picks a refusal, and it never learns the time or draws a secret by itself. `db/` is the only place that knows SQLite
//! from PostgreSQL.

mod account_changes;
mod accounts;
mod app_changes;
mod app_items;
mod apps;
mod assets;
mod audit;
mod catalogue;
mod codes;
mod connected;
mod consents;
mod db;
mod decisions;
mod directories;
mod external_ids;
mod gather;
mod happenings;
mod home;
mod icons;
mod imports;
mod invitations;
mod ips;
mod keys;
mod leaf;
mod limits;
mod members;
mod memory;
mod operator_keys;
mod overview;
mod pending;
mod picking;
mod placing;
mod reach;
mod redirect_uris;
mod requests;
mod second_factor;
mod secrets;
mod sessions;
mod settings;
mod staged;
mod sweep;
mod token_lists;
mod tokens;
mod usage;
mod users;
mod withdrawals;

use std::path::Path;
use std::sync::Arc;

use bizauth_core::id::IdSource;
use bizauth_core::time::Time;

pub use account_changes::{AccountChange, AccountChanged, MadeAccount};
pub use accounts::{LentApp, MemberOf};
pub use app_changes::{AppChange, AppChanged};
pub use app_items::KeptItems;
pub use apps::{AppRecord, MemberRecord, NewApp, Progress};
pub use assets::{AddedAsset, AssetRecord, HoldingRecord};
pub use audit::{Actor, AuditFilter, AuditHead, AuditRecord, AuditVerdict, By, Who};
pub use catalogue::{Added, Changed};
pub use codes::Redemption;
pub use connected::{Alive, ConnectedApp, Connection, LOOKED_AT, Reach};
pub use consents::{Approval, Earlier, NewConsent};
pub use db::{Error, Result};
pub use decisions::{Decided, Decision, RequestSeen};
pub use directories::{DirectoryAsset, DirectoryChange, DirectoryRecord, Followed, Step};
pub use external_ids::Named;
pub use happenings::{Bearer, CodeSeen, Happening, Lapsed};
pub use home::{Accepted, Ends, Home};
pub use imports::{Counts, ImportRecord, ImportState, NewImport};
pub use invitations::{InvitationRecord, Invited, NewInvitation, ReceivedInvitation};
pub use ips::{Delivery, Draft, Due, Kept, NewVersion, Publication, Published, Tried, Version, Webhook};
pub use keys::{KeyRecord, NewKey, Presented};
pub use leaf::{Leaf, Turn};
pub use limits::{Limit, Slot};
pub use members::{Membership, Place};
pub use memory::Seen;
pub use operator_keys::OperatorKeyRecord;
pub use overview::{AliveTokens, Waiting};
pub use pending::{NewPending, Parked};
pub use picking::{COUNTED, Choice};
pub use placing::{AccountName, Effect, Fate, Misfit, WantedAsset, WantedHolder};
pub use reach::{ConsentRecord, LivingToken, ReachedAsset, TakenBack};
pub use redirect_uris::AddedUri;
pub use requests::{Asked, RequestRecord, RequestState};
pub use second_factor::{Finish, LoginStep, NewLoginStep, Proof, SecondFactor};
pub use secrets::{IssuedSecret, Replaces};
pub use sessions::{DeviceRecord, NewSession, SessionRecord, SignedIn};
pub use staged::{Staged, StagedKey, StagedToken};
pub use sweep::Swept;
pub use token_lists::{EndedBy, LentOne, LentRecord, TokenRecord};
pub use tokens::{Found, Revocation, Sight, Vital};
pub use usage::Usage;
pub use users::{NewUser, UserRecord};

use gather::Gather;
use memory::Memory;

use db::{Db, Postgres, Sqlite, Tx, Value, commit};

/// The store. Cheap to clone; every clone is the same database.
#[derive(Clone)]
pub struct Store {
    db: Db,
    ids: Arc<IdSource>,
    published: Arc<ips::Latest>,
    memory: Option<Arc<Memory>>,
    gather: Arc<Gather>,
}

impl Store {
    /// The embedded database in the file at `path`, made if it is not there. Call [`Store::migrate`] next.
    ///
    /// `node` goes into the ids this process draws; take it from the system's random source.
    ///
    /// # Errors
    /// What SQLite says: the folder is missing, the file is none of ours, permissions.
    pub fn embedded(path: &Path, node: u16) -> Result<Self> {
        Ok(Store::over(Db::Sqlite(Arc::new(Sqlite::open(path)?)), node))
    }

    /// An embedded database that nobody will miss: what is written survives the process, not the machine. `ids`: node
    /// and place of the ids, from [`Store::ids`] of the store that this file is a copy of, or a place of 0.
    ///
    /// # Errors
    /// As [`Store::embedded`].
    pub fn throwaway(path: &Path, ids: (u16, i64)) -> Result<Self> {
        let store = Store::over(Db::Sqlite(Arc::new(Sqlite::open_throwaway(path)?)), ids.0);
        Ok(Store { ids: Arc::new(IdSource::resumed(ids.0, ids.1)), ..store })
    }

    /// Where the ids of this store are, for [`Store::throwaway`].
    pub fn ids(&self) -> i64 {
        self.ids.place()
    }

    /// A PostgreSQL database. Connects when the first sentence needs it.
    ///
    /// # Errors
    /// A connection string that cannot be read; its text is not repeated.
    pub fn postgres(url: &str, connections: usize, node: u16) -> Result<Self> {
        Ok(Store::over(Db::Postgres(Arc::new(Postgres::open(url, connections)?)), node))
    }

    fn over(db: Db, node: u16) -> Self {
        Store {
            db,
            ids: Arc::new(IdSource::new(node)),
            published: Arc::default(),
            memory: None,
            gather: Arc::default(),
        }
    }

    /// The same store, which remembers what it read: at most so many tokens. What is remembered is used only as long as
    /// nothing has changed of what it was read from; so it makes no difference but in time. On the embedded engine that
    /// is known as long as it is proved that no other process writes to the file; on PostgreSQL each look at a token asks.
    ///
    /// # Errors
    /// The store was closed.
    pub fn remembering(self, tokens: usize) -> Result<Self> {
        if tokens == 0 {
            return Ok(self);
        }
        let memory = match &self.db {
            Db::Sqlite(db) => Some(Arc::new(Memory::new(db.watch()?, tokens))),
            Db::Postgres(_) => None,
        };
        let gather = match self.db.changes() {
            Some(changes) => Arc::new(Gather::remembering(changes, tokens)),
            None => self.gather.clone(),
        };
        Ok(Store { memory, gather, ..self })
    }

    /// The memory, and the turn in which a reading begins that it may keep.
    pub(crate) fn reading(&self) -> Option<(&Memory, u64)> {
        let memory = self.memory.as_deref()?;
        Some((memory, memory.watch.turn()?))
    }

    /// Brings the schema up to date under a lock, and says which versions were applied. A new store is born with the
    /// platform's catalogue of consent items.
    ///
    /// # Errors
    /// A schema that is newer than this program, or was edited; or the engine's own.
    pub async fn migrate(&self, now: Time) -> Result<Vec<i64>> {
        let applied = self.db.migrate(now).await?;
        // Asked, not concluded from `applied`: the node that made the tables may have died since, or may still be at it.
        if self.catalogue().await?.groups.is_empty() {
            let server = Actor { who: Who::Server, name: "bizauth".to_owned(), from: None, at: now };
            self.by(server).keep_catalogue(bizauth_core::scope::Catalogue::platform()).await?;
        }
        Ok(applied)
    }

    /// Refuses a schema that is not this program's.
    ///
    /// # Errors
    /// Older (run the migrations), newer (run the newer program), or edited.
    pub async fn check_schema(&self) -> Result<()> {
        self.db.check_schema().await
    }

    /// Whether the database does its work. It is asked to write: one that can only be read (a full disk, a standby)
    /// redeems nothing and revokes nothing. A file that was found torn, wherever, has lost what nobody knows: it is
    /// refused until another is opened.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<()> {
        self.db.is_whole()?;
        self.change("UPDATE home SET beats = beats + 1 WHERE id = 1", []).await.map(drop)
    }

    /// Finishes what is queued and closes the database. Later sentences fail.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// A sentence of one statement: whether it found the row it changes.
    pub(crate) async fn change<const N: usize>(&self, sql: &'static str, params: [Value; N]) -> Result<bool> {
        Ok(self.change_all(sql, params).await? > 0)
    }

    /// A sentence of one statement: how many rows it changed.
    pub(crate) async fn change_all<const N: usize>(&self, sql: &'static str, params: [Value; N]) -> Result<u64> {
        let statement = Statement(sql);
        self.db.write(async move |tx: &mut Tx<'_>| commit(tx.execute(statement.text(), &params).await?)).await
    }
}

/// A text for a body to capture. A bare `&'static str` among the captures costs the future its `Send` (rustc 1.95), and
/// so would a field of it; the method keeps the capture whole.
struct Statement(&'static str);

impl Statement {
    fn text(&self) -> &'static str {
        self.0
    }
}
