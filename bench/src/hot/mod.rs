//! The hot paths against the machine's limits: the real server on one core, the load on the other, and the least program
//! that does the same work in its place by turns (A B A B …). Only the ratios mean anything; the medians of the pairs
//! are told.

mod callgrind;
mod child;
mod flow;
mod limit;
mod load;
mod order;
mod paths;
mod peer;
mod pg;
mod place;
mod script;
mod steps;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use comfy_table::Table;
use serde_json::{Value, json};

pub(crate) use child::server_program;
pub(crate) use limit::{Limit, run as run_limit};
pub(crate) use order::{Options as Order, run as run_order};
pub(crate) use steps::run as run_steps;

/// What is measured, and how long.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Only these paths, by the words of the first column
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Length of one turn
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Turns of each side
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Tokens in the largest store of the growth path
    #[arg(long, default_value_t = 5_000_000)]
    largest: i64,
    /// The server's log level. Anything quieter than info writes no line for each request
    #[arg(long, default_value = "info")]
    log: String,
    /// Also write the figures here
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One line of the table.
#[derive(Clone, Debug, Default)]
struct Row {
    path: &'static str,
    what: String,
    ours: String,
    limit: String,
    ratio: Option<f64>,
    goal: &'static str,
}

/// Measures, and prints the table.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    // Once more, on the core of the load: what is measured has the other one to itself.
    if std::env::var_os("BIZAUTH_BENCH_PINNED").is_none() {
        let own = std::env::current_exe()?;
        let mut again = Command::new("taskset");
        again.args(["-c", child::LOADING]).arg(own).args(std::env::args_os().skip(1));
        let status = again.env("BIZAUTH_BENCH_PINNED", "1").status().context("taskset is needed")?;
        std::process::exit(status.code().unwrap_or(1));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for (word, path) in paths::ALL {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == word) {
            continue;
        }
        eprintln!("{word} …");
        let found = path(options, &runtime).with_context(|| (*word).to_owned())?;
        for row in &found {
            eprintln!("  {}: {} / {} = {:.3}", row.what, row.ours, row.limit, row.ratio.unwrap_or_default());
        }
        rows.extend(found.into_iter().map(|row| Row { path: word, ..row }));
    }
    print(&rows);
    if let Some(file) = &options.json {
        let row = |row: &Row| {
            let Row { path, what, ours, limit, ratio, goal } = row;
            json!({ "path": path, "what": what, "ours": ours, "limit": limit, "ratio": ratio, "goal": goal })
        };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        let document =
            json!({ "seconds": options.seconds, "rounds": options.rounds, "log": options.log, "rows": rows });
        std::fs::write(file, format!("{document:#}\n"))?;
    }
    Ok(())
}

fn print(rows: &[Row]) {
    let mut table = Table::new();
    let head = ["PATH", "WHAT", "OURS", "LIMIT", "RATIO", "GOAL"];
    table.load_style(comfy_table::presets::NOTHING).set_header(head);
    for row in rows {
        let ratio = row.ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
        let cells = [row.path, &row.what, &row.ours, &row.limit, &ratio, row.goal];
        table.add_row(cells.map(str::to_owned));
    }
    println!("{table}");
}

/// The middle one.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// `ours` and `limit` by turns: the medians of both, and of the ratios of the pairs.
fn by_turns(
    rounds: usize,
    mut ours: impl FnMut() -> anyhow::Result<f64>,
    mut limit: impl FnMut() -> anyhow::Result<f64>,
) -> anyhow::Result<(f64, f64, f64)> {
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        // Who goes first changes: the machine's moods last longer than a turn.
        let (x, y) = if round.is_multiple_of(2) {
            let x = ours()?;
            (x, limit()?)
        } else {
            let y = limit()?;
            (ours()?, y)
        };
        // The first turn warms up.
        if round > 0 {
            a.push(x);
            b.push(y);
            ratios.push(x / y);
        }
    }
    Ok((median(a), median(b), median(ratios)))
}

/// So many a second.
fn rate(found: f64) -> String {
    format!("{:.1} k/s", found / 1e3)
}
