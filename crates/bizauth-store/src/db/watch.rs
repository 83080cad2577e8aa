//! What changes, told to whoever remembers what was read: invalidation by construction.
//!
//! A mark for each row's number (many share one) keeps the turn of its last change; what was read in a turn stands as long
//! as no mark of what it was read from is newer.
//!
//! On the embedded engine triggers of the one writer connection (`watched.sql`) report every row that is touched, whatever
//! sentence touched it. While a group is at its COMMIT its marks are newer than any turn, so that from the instant at which
//! a change can be seen nobody is answered from before it. On PostgreSQL `changes.rs` brings what the database's own
//! triggers wrote down, before anybody is answered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Null;

/// How many marks there are. A collision costs a read, never an answer.
const MARKS: usize = 1 << 16;
/// So many touches of a group are looked through for one of a row.
const LOOKED_THROUGH: usize = 1024;
/// A change that has not ended.
const CHANGING: u64 = u64::MAX;

/// Of what a row is. The catalogue, the apps with their members and the settings change seldom and share one mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A token's own row.
    Token,
    /// A consent, and what was lent with it.
    Consent,
    /// An account, and what it holds.
    User,
    /// Anything of a key.
    Key,
    /// Whether a key lives.
    KeyState,
}

/// A mark of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u16);

impl Mark {
    /// That of the row with this number.
    pub(crate) fn of(kind: Kind, id: i64) -> Self {
        let mixed = (id.cast_unsigned() ^ ((kind as u64 + 1) << 56)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Mark((mixed >> 48) as u16)
    }
}

/// What a statement touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Row(Mark),
    Platform,
    IpList,
}

impl Touch {
    /// As the triggers of PostgreSQL tell it. What this program does not know may be anything.
    pub(super) fn told(kind: i64, id: i64) -> Self {
        let kind = match kind {
            1 => Kind::Token,
            2 => Kind::Consent,
            3 => Kind::User,
            4 => Kind::KeyState,
            _ => return Touch::Platform,
        };
        Touch::Row(Mark::of(kind, id))
    }
}

/// The turns of all marks.
pub(crate) struct Watch {
    /// Whether no other process can write: without that nothing is known.
    alone: AtomicBool,
    /// Whether the writer shall see to it that none can.
    wanted: AtomicBool,
    turn: AtomicU64,
    rows: Box<[AtomicU64]>,
    platform: AtomicU64,
    ip_list: AtomicU64,
    touched: Mutex<Vec<Touch>>,
}

impl Watch {
    /// Nothing changed yet, and nobody is known to be alone.
    pub(crate) fn new() -> Self {
        Watch {
            alone: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            turn: AtomicU64::new(1),
            rows: (0..MARKS).map(|_| AtomicU64::new(0)).collect(),
            platform: AtomicU64::new(0),
            ip_list: AtomicU64::new(0),
            touched: Mutex::new(Vec::new()),
        }
    }

    /// The turn in which a reading begins that may be remembered; `None` while others may write.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.alone.load(Ordering::Acquire).then(|| self.turn.load(Ordering::Acquire))
    }

    /// Whether what was read in `turn` from these rows, and from the platform's, is what is there now.
    pub(crate) fn stands(&self, turn: u64, marks: &[Mark]) -> bool {
        let since = |changed: &AtomicU64| changed.load(Ordering::Acquire) <= turn;
        self.alone.load(Ordering::Acquire)
            && since(&self.platform)
            && marks.iter().all(|mark| since(&self.rows[usize::from(mark.0)]))
    }

    /// Whether a sentence of the writer sees these rows, and the platform's, as they were when its group began.
    pub(super) fn is_untouched(&self, marks: &[Mark]) -> bool {
        let touched = self.touched();
        let is_of = |touch: &Touch| match touch {
            Touch::Row(mark) => marks.contains(mark),
            Touch::Platform => true,
            Touch::IpList => false,
        };
        // Where one sentence has touched thousands, each of those behind it would look through them.
        touched.len() <= LOOKED_THROUGH && !touched.iter().any(is_of)
    }

    /// Whether the newest IP list read in `turn` is the newest.
    pub(crate) fn ip_list_stands(&self, turn: u64) -> bool {
        self.alone.load(Ordering::Acquire) && self.ip_list.load(Ordering::Acquire) <= turn
    }

    /// Whether no other process can write.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Acquire)
    }

    /// Whether the writer shall see to it that no other process can write.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// Others may not write from the writer's next commit on; or they may at once.
    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Release);
        if !wanted {
            self.not_alone();
        }
    }

    /// Others may write from now on.
    pub(crate) fn not_alone(&self) {
        self.alone.store(false, Ordering::Release);
    }

    /// Nobody else can write. `changed`: somebody did meanwhile, and nothing that was read before stands.
    pub(crate) fn alone_again(&self, changed: bool) {
        if changed {
            let turn = self.turn.load(Ordering::Acquire) + 1;
            self.platform.store(turn, Ordering::Release);
            self.ip_list.store(turn, Ordering::Release);
            self.turn.store(turn, Ordering::Release);
        }
        self.alone.store(true, Ordering::Release);
    }

    /// What others touched, which can be seen.
    pub(super) fn heard(&self, others: Vec<Touch>) {
        self.touched().extend(others);
        self.ended();
    }

    /// Nothing that was read before stands.
    pub(super) fn forget(&self) {
        self.heard(vec![Touch::Platform, Touch::IpList]);
    }

    /// What was touched will be visible in a moment.
    pub(super) fn committing(&self) {
        for touch in self.touched().iter() {
            self.cell(*touch).store(CHANGING, Ordering::Release);
        }
    }

    /// What was touched is visible, or was undone.
    pub(super) fn ended(&self) {
        let mut touched = self.touched();
        if touched.is_empty() {
            return;
        }
        let turn = self.turn.load(Ordering::Acquire) + 1;
        for touch in touched.drain(..) {
            self.cell(touch).store(turn, Ordering::Release);
        }
        self.turn.store(turn, Ordering::Release);
    }

    fn cell(&self, touch: Touch) -> &AtomicU64 {
        match touch {
            Touch::Row(mark) => &self.rows[usize::from(mark.0)],
            Touch::Platform => &self.platform,
            Touch::IpList => &self.ip_list,
        }
    }

    fn touched(&self) -> MutexGuard<'_, Vec<Touch>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the connection the function that its triggers tell us through.
    pub(super) fn listen(self: &Arc<Self>, connection: &rusqlite::Connection) -> rusqlite::Result<()> {
        let watch = self.clone();
        connection.create_scalar_function("touched", 2, FunctionFlags::SQLITE_UTF8, move |told: &Context<'_>| {
            let id: i64 = told.get(1)?;
            let touch = match told.get_raw(0).as_str()? {
                "token" => Touch::Row(Mark::of(Kind::Token, id)),
                "consent" => Touch::Row(Mark::of(Kind::Consent, id)),
                "user" => Touch::Row(Mark::of(Kind::User, id)),
                "key" => Touch::Row(Mark::of(Kind::Key, id)),
                "key state" => Touch::Row(Mark::of(Kind::KeyState, id)),
                "ip list" => Touch::IpList,
                _ => Touch::Platform,
            };
            watch.touched().push(touch);
            Ok(Null)
        })
    }
}
