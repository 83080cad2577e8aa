//! `cargo run -p survival -- races|kill|store|nodes|hostile|half-open|limits|backup`: hurts bizauth, says what was lost.
//! The exit status is 1 when a promise broke.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use survival::report::Report;
use survival::world::Engine;
use survival::{Effort, backup, hostile, kill, limits, nodes, races, store};

/// Hurt bizauth on purpose, and say what was lost
#[derive(Parser)]
struct Cli {
    /// What to do to it
    #[arg(value_enum, required = true)]
    programs: Vec<Program>,
    /// The long form: minutes or hours instead of seconds
    #[arg(long)]
    long: bool,
    /// Over one engine only; without it over each that the program is about
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Where chance begins; the seed of every run is printed
    #[arg(long)]
    seed: Option<u64>,
    /// Also write the accounts to this file, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Program {
    /// Everybody wants the same thing at the same time
    Races,
    /// SIGKILL at random moments under load, and SIGTERM
    Kill,
    /// The database fails in every way it can
    Store,
    /// Two nodes, one of them cut off from the database
    Nodes,
    /// Callers who mean harm
    Hostile,
    /// Callers who knock and never come in (a SYN flood), in a network of its own
    HalfOpen,
    /// More than may, all at once, on every server
    Limits,
    /// Backup, restore, and new secrets while running
    Backup,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos().into());
    let seed = cli.seed.unwrap_or(clock);
    println!("seed {seed}");
    let effort = Effort { long: cli.long, seed };
    let (mut said, mut broken) = (Vec::new(), false);
    for program in cli.programs {
        for engine in engines(program).iter().filter(|engine| cli.engine.is_none_or(|only| only == **engine)) {
            let report = run(program, *engine, effort).await?;
            println!("{report}\n");
            broken |= !report.broken().is_empty();
            said.push(report.to_json());
        }
    }
    if let Some(path) = cli.json {
        std::fs::write(
            path,
            format!("{:#}\n", serde_json::json!({ "seed": seed, "long": cli.long, "reports": said })),
        )?;
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The engines that a program is about.
fn engines(program: Program) -> &'static [Engine] {
    match program {
        Program::Nodes => &[Engine::Postgres],
        Program::HalfOpen => &[Engine::Sqlite],
        _ => &[Engine::Sqlite, Engine::Postgres],
    }
}

async fn run(program: Program, engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    match program {
        Program::Races => races::run(engine, effort).await,
        Program::Kill => kill::run(engine, effort).await,
        Program::Store => store::run(engine, effort).await,
        Program::Nodes => nodes::run(effort).await,
        Program::Hostile => hostile::run(engine, effort).await,
        Program::HalfOpen => hostile::half_open(std::env::current_exe()?, effort).await,
        Program::Limits => limits::run(engine, effort).await,
        Program::Backup => backup::run(engine, effort).await,
    }
}
