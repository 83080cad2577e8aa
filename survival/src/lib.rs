//! Programs that hurt bizauth on purpose (races, SIGKILL, a store that fails, a node that is cut off, hostile callers,
//! crowds at a limit, a restored backup) and say what was lost. They drive the real binary over loopback; nothing of the
//! server is replaced.
//!
//! Each has a short form, which `cargo test --workspace` runs, and a long one: `cargo run -p survival -- NAME --long`.

pub mod backup;
pub mod chance;
pub mod hostile;
pub mod kill;
pub mod limits;
pub mod nodes;
pub mod proxy;
pub mod races;
pub mod report;
pub mod store;
pub mod world;

/// How much of a program is run.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The long form.
    pub long: bool,
    /// Where chance begins.
    pub seed: u64,
}

impl Effort {
    /// The short form from a seed.
    pub fn short(seed: u64) -> Effort {
        Effort { long: false, seed }
    }

    /// One of two numbers.
    pub(crate) fn of<T>(self, short: T, long: T) -> T {
        if self.long { long } else { short }
    }
}
