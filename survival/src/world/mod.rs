//! The world of a program: a database with an app and people in it, servers as processes, and what they ask of them.

mod actors;
mod cluster;
mod process;
mod scene;

pub use actors::{Ask, Browser, Lost, Said, health, program, revoke, tokeninfo};
pub use cluster::Cluster;
pub(crate) use cluster::connect;
pub(crate) use process::{Immutable, SmallDisk, is_root};
pub use process::{Server, command, find_bizauth, run};
pub use scene::{App, Engine, PASSWORD, Scene};

#[path = "../../../crates/bizauth-store/tests/it/postgres.rs"]
mod postgres;
