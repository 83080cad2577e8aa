//! The follower from the outside: lists are read, judged and kept, put into files and into a kernel of the test's own.
//!
//! Needs the programs of the targets, as `scripts/test` installs them, and the right to make a network namespace.

mod desk;
mod targets;
