//! One value of which there is one at a time: the newest IP list, the catalogue.

use std::sync::Mutex;

use super::lock;

/// The value that was read last, and in which turn.
pub(crate) struct Newest<T>(Mutex<Option<(u64, T)>>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Newest(Mutex::default())
    }
}

impl<T: Clone> Newest<T> {
    /// The value, if what was read in its turn stands.
    pub(crate) fn find(&self, stands: impl FnOnce(u64) -> bool) -> Option<T> {
        let known = lock(&self.0);
        known.as_ref().filter(|(turn, _)| stands(*turn)).map(|(_, value)| value.clone())
    }

    /// Remembers what was read in `turn`.
    pub(crate) fn keep(&self, turn: u64, value: &T) {
        *lock(&self.0) = Some((turn, value.clone()));
    }
}
