//! Callers who mean harm, beside callers who do not: every healthy request is answered, the peak of the memory stays within
//! a bound for each attack and one for all of them together, what can be told as an attack is ended, nothing is left of it
//! afterwards, and in the long form healthy callers keep at least 0.8 of their throughput, measured by turns with and
//! without the attack.
//!
//! The attackers come from addresses of their own (127.0.0.2 and up), as they would.

mod acts;
mod attacks;
mod frames;
mod half_open;
mod healthy;
mod memory;
mod open;
mod patience;

use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Mutex;

use self::attacks::{Attack, Fate};
pub use self::half_open::run as half_open;
use self::healthy::Healthy;
use self::memory::Memory;
use self::open::Open;
use crate::Effort;
use crate::report::Report;
use crate::world::{Engine, Scene, Server, program};

/// What healthy callers must keep of their throughput.
const KEPT: f64 = 0.8;
/// Connections that healthy callers have, and room for those that they are just giving up.
const HEALTHY: usize = 16;

/// Ten thousand idle connections at a time: the tests of both engines run in one process, which has files for one such crowd.
static CROWD: Mutex<()> = Mutex::const_new(());

/// Runs every attack.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of(format!("hostile callers, {}", engine.name()));
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })?;
    let most = files.maximum.unwrap_or(u64::MAX);
    // Both ends of every idle connection are files of some process, and each process has its own limit.
    let idle = usize::try_from(most.saturating_sub(500).min(10_000)).unwrap_or(10_000);
    if idle < 10_000 {
        report.say(format!("this system allows {most} open files: {idle} idle connections instead of 10000"));
    }
    let scene = Scene::set(engine, 1).await?;
    let (server, healthy) = served(&scene).await?;
    let first = server.memory();
    for attack in Attack::small(&scene.app) {
        under(attack, &server, &healthy, effort, &mut report).await?;
    }
    left(&server, "all attacks but idle connections", first, 50.0, &mut report);
    let alone = CROWD.lock().await;
    under(Attack::idle(idle), &server, &healthy, effort, &mut report).await?;
    drop(alone);
    left(&server, "all attacks", first, 200.0, &mut report);
    if effort.long {
        patience::ends(&server, &mut report).await;
    }
    Ok(report)
}

/// A server, and healthy callers who know it.
async fn served(scene: &Scene) -> anyhow::Result<(Server, Healthy)> {
    let server = scene.serve().await?;
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let token = browser.token(&program()?, &server.base, &scene.app).await?;
    let healthy = Healthy::of(&server, &token)?;
    healthy.turn(Duration::from_millis(300)).await;
    Ok((server, healthy))
}

/// What of the memory is left when attacks are over, against what there was before the first of them: harm that leaves a
/// little each time shows here. The allocator keeps what ten thousand connections had, for the next ones.
fn left(server: &Server, after: &str, first: f64, bound: f64, report: &mut Report) {
    let last = server.memory();
    report.promise(last - first < bound, || format!("after {after}: memory {first:.0} → {last:.0} MB, over {bound}"));
    report.say(format!("after {after}: memory {first:.0} → {last:.0} MB"));
    report.figure(&format!("after {after}_memory_mb"), (last - first).round());
}

/// One attack beside healthy callers.
async fn under(
    attack: Attack,
    server: &Server,
    healthy: &Healthy,
    effort: Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let name = attack.name();
    let mut memory = Memory::of(server);
    let mut rates = Vec::new();
    let (turns, span) = (effort.of(1, 7), effort.of(Duration::from_millis(700), Duration::from_secs(3)));
    let (mut tried, mut ended, mut held) = (0, 0, usize::MAX);
    for _ in 0..turns {
        let quiet = healthy.turn(span).await;
        let attacking = attack.begin(server).await?;
        if attack.fate() == Fate::Held {
            let asked = attack.connections();
            report.promise(attacking.complete(asked), || format!("{name}: of {asked} {attacking}"));
            held = held.min(attacking.held());
        }
        let busy = healthy.turn(span).await;
        let tally = attacking.ended().await;
        tried += tally.tried.load(Ordering::Relaxed);
        ended += tally.ended.load(Ordering::Relaxed);
        let borne = tally.borne.load(Ordering::Relaxed);
        memory.highest();
        report.promise(busy.failed.is_empty(), || {
            let (count, first) = (busy.failed.len(), busy.failed.first());
            format!("{name}: {count} healthy requests were not answered well, the first with {first:?}")
        });
        report.promise(busy.answered > 0, || format!("{name}: no healthy request was answered"));
        report.promise(borne == 0, || {
            format!("{name}: {borne} connections did all their harm and were let be, or were not understood")
        });
        rates.push(busy.answered as f64 / (quiet.answered as f64).max(1.0));
    }
    report.promise(tried > 0, || format!("{name}: the attack did nothing"));
    if attack.fate() == Fate::Ended {
        report.promise(ended >= turns, || format!("{name}: {ended} connections were ended in {turns} turns"));
    }
    let open = Open::of(server)?.once(|open| open <= HEALTHY, Duration::from_secs(10)).await?;
    report.promise(open <= HEALTHY, || format!("{name}: {open} connections are open after it"));
    rates.sort_by(f64::total_cmp);
    let kept = rates[rates.len() / 2];
    if effort.long {
        report.promise(kept >= KEPT, || format!("{name}: healthy callers kept {kept:.2}"));
    }
    let (before, peak, bound) = (memory.before, memory.highest(), attack.memory());
    report.promise(peak - before < bound, || {
        format!("{name}: memory {before:.0} → {peak:.0} MB, more than {bound} more")
    });
    let became = match attack.fate() {
        Fate::Held => format!("{held} connections open at once"),
        _ => format!("{ended} connections ended by the server"),
    };
    report.say(format!(
        "{name}: {tried} {}, {became}; healthy callers all answered, kept {kept:.2}; memory {before:.0} → {peak:.0} MB",
        attack.unit()
    ));
    report.figure(&format!("{name}_kept"), (kept * 100.0).round() / 100.0);
    match attack.fate() {
        Fate::Held => report.figure(&format!("{name}_held"), held),
        _ => report.figure(&format!("{name}_ended"), ended),
    }
    report.figure(&format!("{name}_memory_mb"), (peak - before).round());
    Ok(())
}
