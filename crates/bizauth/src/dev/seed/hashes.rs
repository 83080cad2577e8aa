//! Password hashes that are made once: a hash costs more than all the rest of a world together.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::Error;
use crate::entropy::Entropy;
use crate::password;

/// From passwords that everybody knows to their hashes. Cheap to clone; every clone is the same.
#[derive(Clone, Default)]
pub struct Hashes(Arc<Mutex<HashMap<String, String>>>);

impl fmt::Debug for Hashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashes(…)")
    }
}

impl Hashes {
    /// The hash of a password: the same each time, in each process, so that worlds can be compared byte for byte.
    ///
    /// # Errors
    /// A password that cannot be chosen.
    pub async fn of(&self, password: &str) -> Result<String, Error> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(password) {
            return Ok(known.clone());
        }
        let hash = password::hashed(password.to_owned(), &Entropy::seeded(0, 0)).await;
        let hash = hash.map_err(|_| Error::Seed("a password"))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(password.to_owned(), hash.clone());
        Ok(hash)
    }
}
