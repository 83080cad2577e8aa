//! The world of a program: a database with an app and people in it, servers as processes, and what they ask of them.

mod actors;
mod cluster;
mod field;
mod phone;
mod process;
mod scene;

pub(crate) use actors::ask;
pub use actors::{Ask, Browser, Form, Lost, Said, health, program, revoke, tokeninfo};
pub use cluster::Cluster;
pub(crate) use cluster::connect;
pub(crate) use field::{Field, at_once, counted};
pub(crate) use phone::Phone;
pub(crate) use process::{Immutable, SmallDisk, is_root};
pub use process::{Server, command, find_bizauth, run};
pub use scene::{App, Engine, PASSWORD, Scene};

#[path = "../../../crates/bizauth-store/tests/it/postgres.rs"]
mod postgres;
