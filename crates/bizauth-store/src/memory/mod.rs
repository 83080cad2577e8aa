//! What this process remembers of what it read: tokens that are alive, and on the embedded engine keys with what their
//! tokens stand on, the newest IP list, the catalogue. Nothing here decides how long something stands: [`Watch`] does,
//! which hears of every change from the engine.
//!
//! Memory is a copy, never a second truth: whatever is missing is read, and what is refused is read each time.

mod footings;
mod keys;
mod newest;
mod tokens;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bizauth_core::scope::Catalogue;

use crate::db::Watch;
use crate::ips::Published;

pub(crate) use footings::{Footing, Footings};
pub(crate) use keys::Keys;
pub(crate) use newest::Newest;
pub use tokens::Seen;
pub(crate) use tokens::{Reading, Tokens};

/// The memory of one process.
pub(crate) struct Memory {
    pub(crate) watch: Arc<Watch>,
    pub(crate) tokens: Tokens,
    pub(crate) keys: Keys,
    pub(crate) footings: Footings,
    pub(crate) ip_list: Newest<Published>,
    pub(crate) catalogue: Newest<Arc<Catalogue>>,
}

impl Memory {
    /// An empty one, for at most so many tokens.
    pub(crate) fn new(watch: Arc<Watch>, tokens: usize) -> Self {
        let (ip_list, catalogue) = (Newest::default(), Newest::default());
        Memory {
            watch,
            tokens: Tokens::new(tokens),
            keys: Keys::default(),
            footings: Footings::default(),
            ip_list,
            catalogue,
        }
    }
}

/// How many keys are remembered, and how many footings. A platform with more in use at once forgets them all now and then.
const MOST: usize = 4096;

/// Remembers one among so many.
fn keep_among<K: Eq + Hash, V>(known: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut known = lock(known);
    if known.len() >= MOST && !known.contains_key(&key) {
        known.clear();
    }
    known.insert(key, value);
}

/// What is locked here is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
