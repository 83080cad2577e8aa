//! The rules of Business Authentication: values in, decision out.
//!
//! Nothing here awaits, reads a clock, draws a random number, or touches a disk or a socket: time, secrets and records
//! come in as values, so that every rule can be tried as a table. The doors (crate `bizauth`) read requests into these
//! values, the records (crate `bizauth-store`) keep them.

pub mod app;
pub mod asset;
pub mod audit;
pub mod authorize;
pub mod code;
pub mod consent;
pub mod fault;
pub mod id;
pub mod ips;
pub mod key;
pub mod operator;
pub mod redirect;
pub mod scope;
pub mod second_factor;
pub mod secret;
pub mod time;
pub mod token;
pub mod user;
