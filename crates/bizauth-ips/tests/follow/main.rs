//! The follower from the outside: lists are read, judged and kept, put into files and into a kernel of the test's own.
//!
//! Needs the programs of the targets, as `scripts/test` installs them, and the right to make a network namespace.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod desk;
mod fetching;
mod kernel;
mod places;
mod platform;
mod reading;
mod reports;
mod targets;
mod units;
mod year;
