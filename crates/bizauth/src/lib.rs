//! The doors of bizauth: HTTP and command line, over the rules of `bizauth-core` and the records of `bizauth-store`.
//!
//! Time comes from `clock`, chance from `entropy`, both only here. `http/` has a folder for each door, `view/` what
//! people see, `cli/` a file for each noun.

pub mod asset_file;
pub mod audit_entry;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
pub mod entropy;
pub mod errors_page;
pub mod fidelity_page;
pub mod home;
pub mod http;
pub mod icon;
pub mod import;
pub mod ip_list;
pub mod log;
pub mod metrics;
pub mod password;
pub mod request_lines;
pub mod seal;
pub mod serve;
pub mod usage;
pub mod view;

/// From a document of the wire to a checked IP list, as the follower reads it too.
pub use bizauth_ips::document as ip_document;
