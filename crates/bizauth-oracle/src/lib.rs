//! Second opinions: what bizauth reads from strangers, read once more in the slowest and most obvious way.
//!
//! Each property takes any bytes, reads them with the server's own reader and with a naive one that was written from the
//! documents, and panics where the two disagree. `cargo test --workspace` puts generated texts and the corpus of `fuzz/corpus` to
//! them, `cargo fuzz` whatever it comes upon. Nothing ships that depends on this crate.

pub mod authorize;
pub mod cidr;
pub mod credential;
pub mod plain;
pub mod redirect;
pub mod scope;
#[cfg(feature = "server")]
pub mod server;

/// A property of any bytes. It panics where it does not hold.
pub type Property = fn(&[u8]);

/// Those of the rules alone, by the names of their fuzz targets.
pub const RULES: [(&str, Property); 5] = [
    ("authorize_query", authorize::query),
    ("cidr", cidr::cidr),
    ("credential", credential::credential),
    ("redirect_uri", redirect::redirect_uri),
    ("scope", scope::scope),
];

/// Those that need the whole server, by the names of their fuzz targets.
#[cfg(feature = "server")]
pub const SERVER: [(&str, Property); 10] = [
    ("asset_file", server::asset_file::asset_file),
    ("authorization", server::authorization::authorization),
    ("configuration", server::configuration::configuration),
    ("cookies", server::cookies::cookies),
    ("form", server::form::form),
    ("ip_document", server::ip_document::ip_document),
    ("list_ends", server::publishing::list_ends),
    ("plain_request", server::plain_request::plain_request),
    ("token_form", server::form::token_form),
    ("webhook_address", server::publishing::webhook_address),
];

/// All of them.
pub fn properties() -> Vec<(&'static str, Property)> {
    let all = RULES.to_vec();
    #[cfg(feature = "server")]
    let all = [all, SERVER.to_vec()].concat();
    all
}

/// The property of a fuzz target.
///
/// # Panics
/// There is none of this name.
pub fn property(name: &str) -> Property {
    properties().into_iter().find(|(known, _)| *known == name).expect("a property of this name").1
}
