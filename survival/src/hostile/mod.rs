//! Callers who mean harm, beside callers who do not: every healthy request is answered, memory stays bounded, and in
//! the long form healthy callers keep at least 0.8 of their throughput, measured by turns with and without the attack.
//!
//! The attackers come from addresses of their own (127.0.0.2 and up), as they would.

mod attacks;
mod frames;
mod healthy;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::attacks::Attack;
use self::healthy::Healthy;
use crate::Effort;
use crate::report::Report;
use crate::world::{Engine, Scene, Server};

/// How much more memory than before an attack may cost, in megabytes: a debug build, 10 k connections.
const MEMORY: f64 = 400.0;
/// What healthy callers must keep of their throughput.
const KEPT: f64 = 0.8;

/// Runs every attack.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of("hostile callers");
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })?;
    let most = files.maximum.unwrap_or(u64::MAX);
    // Both ends of every idle connection are files of some process, and each process has its own limit.
    let idle = usize::try_from(most.saturating_sub(500).min(10_000)).unwrap_or(10_000);
    if idle < 10_000 {
        report.say(format!("this system allows {most} open files: {idle} idle connections instead of 10000"));
    }
    let scene = Scene::set(Engine::Sqlite, 1).await?;
    let server = scene.serve().await?;
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let token = browser.token(&crate::world::program()?, &server.base, &scene.app).await?;
    let healthy = Healthy::of(&server, &token)?;
    healthy.turn(Duration::from_millis(300)).await;
    for attack in Attack::all(idle) {
        under(attack, &server, &healthy, effort, &mut report).await?;
    }
    attacks::gives_up_on_stalled(&server, effort, &mut report).await?;
    Ok(report)
}

/// One attack beside healthy callers.
async fn under(
    attack: Attack,
    server: &Server,
    healthy: &Healthy,
    effort: Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let before = server.memory();
    let (mut rates, mut peak) = (Vec::new(), before);
    let (turns, span) = (effort.of(1, 7), effort.of(Duration::from_millis(700), Duration::from_secs(3)));
    let mut made = 0;
    for _ in 0..turns {
        let quiet = healthy.turn(span).await;
        let stop = Arc::new(AtomicBool::new(false));
        let attacking = attack.begin(server, stop.clone()).await;
        let busy = healthy.turn(span).await;
        peak = server.memory().max(peak);
        stop.store(true, Ordering::Relaxed);
        made += attacking.ended().await;
        report.promise(busy.failed.is_empty(), || format!("{}: healthy callers: {:?}", attack.name(), busy.failed));
        report.promise(busy.answered > 0, || format!("{}: no healthy request was answered", attack.name()));
        rates.push(busy.answered as f64 / (quiet.answered as f64).max(1.0));
    }
    rates.sort_by(f64::total_cmp);
    let kept = rates[rates.len() / 2];
    if effort.long {
        report.promise(kept >= KEPT, || format!("{}: healthy callers kept {kept:.2}", attack.name()));
    }
    report.promise(peak - before < MEMORY, || format!("{}: memory {before:.0} → {peak:.0} MB", attack.name()));
    report.promise(made > 0, || format!("{}: the attack did nothing", attack.name()));
    report.say(format!(
        "{}: {made} {}; healthy callers all answered, kept {kept:.2}; memory {before:.0} → {peak:.0} MB",
        attack.name(),
        attack.unit()
    ));
    report.figure(&format!("{}_kept", attack.name()), (kept * 100.0).round() / 100.0);
    report.figure(&format!("{}_memory_mb", attack.name()), (peak - before).round());
    Ok(())
}
