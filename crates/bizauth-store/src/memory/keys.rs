//! Keys in use, each with its app.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::time::Time;

use super::{keep_among, lock};
use crate::db::{Kind, Mark, Watch};
use crate::keys::Presented;

/// The keys that were read last.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<String, Known>>);

struct Known {
    turn: u64,
    mark: Mark,
    /// When an old client secret ends, and whether that was to come when it was read: clocks may be set back.
    overlap: Option<(Time, bool)>,
    found: Arc<Presented>,
}

impl Keys {
    /// The key with this value, if it stands as it was read.
    pub(crate) fn find(&self, watch: &Watch, value: &AppKey, now: Time) -> Option<Arc<Presented>> {
        let known = lock(&self.0);
        let is_admin = |known: &&Known| known.found.key.kind == KeyKind::Admin;
        // Only an admin key is found by its digest, which is no key itself; making one takes longer than looking.
        let shown = known.get(value.expose()).filter(|known| !is_admin(known));
        let known = shown.or_else(|| known.get(&value.hidden()).filter(is_admin))?;
        let in_time = known.overlap.is_none_or(|(until, valid)| (now < until) == valid);
        let stands = in_time && watch.stands(known.turn, &[known.mark]);
        stands.then(|| known.found.clone())
    }

    /// Remembers what was read of a key in `turn`. `overlap`: until when an old client secret is valid, or was.
    pub(crate) fn keep(&self, turn: u64, lookup: String, (overlap, now): (Option<Time>, Time), found: &Arc<Presented>) {
        let (mark, overlap) = (Mark::of(Kind::Key, found.key.id.0), overlap.map(|until| (until, now < until)));
        keep_among(&self.0, lookup, Known { turn, mark, overlap, found: found.clone() });
    }
}
