//! Who is asking: the caller's address, the signed-in person, the app behind a key, the token behind a header.

mod address;
mod asker;
mod browser;
mod client;
mod header;
mod sealed;

pub use address::{caller, caller_behind};
pub use asker::Asker;
pub use browser::{Browser, FORM_COOKIE_SECONDS, cookie_sent, form_token, language};
pub use client::{admit, find_client};
pub use header::{app_key, note_key_use, revoke, seen, token, value as authorization};
