//! The follower of an IP list: keeps the list with its whole schedule, knows what is in force on any day, and puts it
//! into firewalls and files.
//!
//! It shares nothing with the server's records: it runs on the machine whose firewall it keeps, with a platform that
//! may be the real one. What is in force when is for `bizauth_core::ips` to say; here are the disk, the network, the
//! programs of the targets, and the judgement of what to believe. Time is handed in.

pub mod apply;
pub mod calendar;
pub mod document;
pub mod fetch;
pub mod metrics;
pub mod picture;
pub mod session;
pub mod settings;
pub mod state;
pub mod status;
pub mod targets;
pub mod tool;
pub mod traffic;

pub use jiff::Timestamp;
