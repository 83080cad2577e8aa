//! What is made by `bizauth dev` says so: a file in its folder, and a word in its database. `bizauth serve` refuses both,
//! since every key and token in there is known to everybody, or was made to fail on purpose.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use bizauth_store::Store;

/// The file in the folder.
pub const FILE: &str = "bizauth-dev";
/// Where the database says that it is at home.
pub const PLACE: &str = "bizauth dev";

const WORDS: &str =
    "This folder was made by `bizauth dev`. What is in it is for tests only; `bizauth serve` refuses it.\n";

/// Marks a folder.
///
/// # Errors
/// The file cannot be written.
pub fn folder(folder: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(folder.join(FILE))?;
    file.write_all(WORDS.as_bytes())
}

/// Whether a folder is marked.
///
/// # Errors
/// It cannot be looked into.
pub fn is_on(folder: &Path) -> io::Result<bool> {
    folder.join(FILE).try_exists()
}

/// Marks a database.
///
/// # Errors
/// It cannot be written.
pub async fn database(store: &Store) -> bizauth_store::Result<()> {
    store.serve_at(PLACE.to_owned()).await
}
