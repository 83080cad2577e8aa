//! Chance that can be had again: the moments at which things are broken follow from one number, which is printed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A stream of numbers (splitmix64). Not for secrets.
#[derive(Debug)]
pub struct Chance(AtomicU64);

impl Chance {
    /// The stream that begins with `seed`.
    pub fn of(seed: u64) -> Chance {
        Chance(AtomicU64::new(seed))
    }

    /// The next number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    /// A moment between the two, in milliseconds.
    pub fn moment(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}
