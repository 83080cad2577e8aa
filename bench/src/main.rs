//! What bizauth costs, measured: programs that anyone can run again. They fill a throwaway store, measure, and print a
//! table; `--json FILE` keeps the figures. Build them with `--release`, or they measure the compiler's idleness.

mod dev;
mod fill;
mod hot;
mod pages;
#[path = "../../crates/bizauth-store/tests/it/postgres.rs"]
mod postgres;
mod store;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// What bizauth costs, measured
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Server time of every page of the console, the operator's side and the owner's pages, over a large store
    Pages {
        /// Over which engine
        #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
        engine: Engine,
        /// Accounts, and as many apps
        #[arg(long, default_value_t = 100_000)]
        accounts: i64,
        /// Business tokens
        #[arg(long, default_value_t = 1_000_000)]
        tokens: i64,
        /// How often each page is asked for
        #[arg(long, default_value_t = 40)]
        rounds: usize,
        /// Also write the figures here
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// The hot paths of the running server, by turns with the least programs that do the same work
    Hot(hot::Options),
    /// Finds the functions that run at the start and on the hot paths, for the linker to set side by side
    Order(hot::Order),
    /// What each step of a signed-in person's way costs, in instructions; needs valgrind
    Steps,
    /// One of those programs
    #[command(subcommand, hide = true)]
    Limit(hot::Limit),
    /// From the command to the first token, and a world made and dropped
    Dev(dev::Options),
}

/// One of the two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Pages { engine, accounts, tokens, rounds, json } => {
            tokio::runtime::Runtime::new()?.block_on(pages::run(engine, fill::Size { accounts, tokens }, rounds, json))
        }
        Command::Hot(options) => hot::run(&options),
        Command::Order(options) => hot::run_order(&options),
        Command::Steps => hot::run_steps(),
        Command::Limit(limit) => hot::run_limit(limit),
        Command::Dev(options) => dev::run(&options),
    }
}
