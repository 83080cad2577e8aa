//! The sentences of the store, asked on both engines: SQLite in a file, and a PostgreSQL that this process makes.
//!
//! Nothing here speaks HTTP and nothing knows SQL, except where a database has to be spoiled first.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod engines;
mod postgres;
mod scene;

mod account_changes;
mod accounts;
mod app_items;
mod apps;
mod assets;
mod audit;
mod audit_events;
mod catalogue;
mod codes;
mod connected;
mod consents;
mod decisions;
mod directories;
mod endings;
mod happenings;
mod home;
mod icons;
mod imports;
mod invitations;
mod ips;
mod keys;
mod limits;
mod lists;
mod members;
mod memory;
mod migrations;
mod operator_keys;
mod outage;
mod overview;
mod requests;
mod second_factor;
mod sessions;
mod staged;
mod sweep;
mod tidy;
mod token_lists;
mod usage;
