//! PostgreSQL stopped, killed, restarted, made read-only, out of connections, locked, at SERIALIZABLE, and replaced.

use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;

use super::{Bench, Reach, remembered};
use crate::Effort;
use crate::report::Report;
use crate::world::{Ask, Cluster, Scene, Server, connect, program};

/// Runs every fault.
pub(super) async fn run(effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of("store, PostgreSQL");
    let cluster = Cluster::start().await?;
    cluster.set("max_connections", "40").await?;
    cluster.control("stop").await?;
    cluster.control("start").await?;
    let scene = Scene::over(Some(cluster.database().await?), 1).await?;
    let server = scene.serve().await?;
    for _ in 0..effort.of(1, 20) {
        stopped(&cluster, &scene, &server, &mut report).await?;
        killed(&cluster, &scene, &server, &mut report).await?;
        restarted(&cluster, &scene, &server, &mut report).await?;
        read_only(&cluster, &scene, &server, &mut report).await?;
        exhausted(&cluster, &scene, &server, &mut report).await?;
        locked(&scene, &server, &mut report).await?;
        serializable(&cluster, &scene, &server, &mut report).await?;
        remembered::restarted(&cluster, &scene, &server, &mut report).await?;
        remembered::failed_over(&cluster, &scene, &server, &mut report).await?;
    }
    Ok(report)
}

async fn stopped(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    cluster.control("stop").await?;
    bench.suffers("stopped", Reach::Nothing, report).await?;
    cluster.control("start").await?;
    bench.recovers("stopped", report).await
}

async fn killed(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    cluster.kill()?;
    // The postmaster's children serve on until they notice; nothing is promised about that moment but the truth.
    cluster.revive().await?;
    bench.recovers("killed", report).await?;
    report.say("killed with SIGKILL: back with everything that was acknowledged");
    Ok(())
}

/// A restart under the load of redemptions: each code that got no 200 works afterwards, or had its answer lost.
async fn restarted(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    let codes = codes(scene, server, 24).await?;
    let redeeming = tokio::spawn(all_redeemed(scene, server, codes.clone()));
    // Long enough for some to be answered, on most machines.
    tokio::time::sleep(Duration::from_millis(60)).await;
    let (stopped, said) = tokio::join!(cluster.control("stop"), redeeming);
    stopped?;
    cluster.control("start").await?;
    bench.recovers("restarted", report).await?;
    unburnt("restarted under load", scene, server, &codes, &said?, report).await
}

async fn read_only(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    cluster.set("default_transaction_read_only", "on").await?;
    settled(scene, "default_transaction_read_only", "on").await?;
    bench.suffers("read-only", Reach::Reading, report).await?;
    cluster.set("default_transaction_read_only", "off").await?;
    bench.recovers("read-only", report).await
}

/// Somebody else holds every connection that the cluster has.
async fn exhausted(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    let url = scene.url().context("PostgreSQL has an address")?;
    let mut held = Vec::new();
    // The server's own connections are ended as often as it takes until none is left for it.
    for _ in 0..50 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bizauth'";
        match held.first() {
            None => cluster.tell(&[end.to_owned()]).await?,
            Some(client) => tokio_postgres::Client::batch_execute(client, end).await?,
        }
        let before = held.len();
        while let Ok(client) = connect(url).await {
            held.push(client);
        }
        if held.len() == before && before > 0 {
            break;
        }
    }
    bench.suffers("connections exhausted", Reach::Nothing, report).await?;
    drop(held);
    bench.recovers("connections exhausted", report).await
}

/// Somebody holds a lock for longer than a statement may take.
async fn locked(scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    let holder = connect(scene.url().context("PostgreSQL has an address")?).await?;
    holder.batch_execute("BEGIN; LOCK TABLE home, settings, codes, tokens IN ACCESS EXCLUSIVE MODE").await?;
    bench.suffers("a lock held", Reach::Nothing, report).await?;
    holder.batch_execute("ROLLBACK").await?;
    bench.recovers("a lock held", report).await
}

/// 40001 at SERIALIZABLE: one success for one code, and of many codes at once none is burnt by a conflict.
async fn serializable(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    cluster.set("default_transaction_isolation", "serializable").await?;
    settled(scene, "default_transaction_isolation", "serializable").await?;
    let other = scene.serve().await?;
    let one = codes(scene, server, 1).await?;
    let crowd: Vec<String> = std::iter::repeat_n(one[0].clone(), 32).collect();
    let (here, there) =
        tokio::join!(all_redeemed(scene, server, crowd.clone()), all_redeemed(scene, &other, crowd.clone()));
    let served = here.iter().chain(&there).flatten().filter(|said| said.status == 200).count();
    let odd = here.iter().chain(&there).filter(|ask| !ask.as_ref().is_ok_and(|s| [200, 400, 503].contains(&s.status)));
    report.promise(served <= 1, || format!("SERIALIZABLE: {served} redemptions of one code were served"));
    let odd: Vec<&Ask> = odd.collect();
    report.promise(odd.is_empty(), || format!("SERIALIZABLE: {odd:?}"));
    let many = codes(scene, server, 32).await?;
    let said = all_redeemed(scene, &other, many.clone()).await;
    let conflicts = said.iter().flatten().filter(|said| said.status == 503).count();
    unburnt("SERIALIZABLE", scene, server, &many, &said, report).await?;
    report.say(format!(
        "SERIALIZABLE: 64 redemptions of one code, {served} served; {conflicts} of 32 codes met a conflict to the end"
    ));
    report.figure("conflicts_to_the_end", conflicts);
    cluster.set("default_transaction_isolation", "read committed").await
}

/// Codes that nobody has redeemed.
async fn codes(scene: &Scene, server: &Server, many: usize) -> anyhow::Result<Vec<String>> {
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let mut codes = Vec::new();
    for _ in 0..many {
        codes.push(browser.code(&server.base, &scene.app).await?);
    }
    Ok(codes)
}

/// Redeems all at once; what became of each, in their order.
fn all_redeemed(scene: &Scene, server: &Server, codes: Vec<String>) -> impl Future<Output = Vec<Ask>> + Send + 'static {
    let (app, base) = (scene.app.clone(), server.base.clone());
    async move {
        let Ok(client) = program() else { return Vec::new() };
        let mut redeeming = JoinSet::new();
        for (turn, code) in codes.into_iter().enumerate() {
            let (app, base, client) = (app.clone(), base.clone(), client.clone());
            redeeming.spawn(async move { (turn, app.redeems(&client, &base, &code).await) });
        }
        let mut said = redeeming.join_all().await;
        said.sort_by_key(|(turn, _)| *turn);
        said.into_iter().map(|(_, ask)| ask).collect()
    }
}

/// Codes whose redemption was refused with 503 work, or had been redeemed when the answer of the commit was lost.
async fn unburnt(
    fault: &str,
    scene: &Scene,
    server: &Server,
    codes: &[String],
    said: &[Ask],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (client, mut again, mut in_doubt) = (program()?, 0, 0);
    for (code, ask) in codes.iter().zip(said) {
        let status = ask.as_ref().map_or(0, |said| said.status);
        report.promise([200, 503].contains(&status), || format!("{fault}: {ask:?}"));
        let later = scene.app.redeems(&client, &server.base, code).await;
        let later = later.map_or(0, |said| said.status);
        match (status, later) {
            (200, 400) => {}
            (503, 200) => again += 1,
            // The commit may have been done when its answer was lost: PostgreSQL cannot tell.
            (503, 400) => in_doubt += 1,
            other => report.promise(false, || format!("{fault}: a code answered {other:?}")),
        }
    }
    // More than the connections that were in a commit at that moment would be a rolled-back code that is burnt.
    report.promise(in_doubt <= 16, || format!("{fault}: {in_doubt} codes are spent without an answer"));
    report.say(format!("{fault}: {} codes at once, {again} refused with 503 and redeemed later", codes.len()));
    Ok(())
}

/// Waits until new transactions see a setting.
async fn settled(scene: &Scene, name: &str, value: &str) -> anyhow::Result<()> {
    let client = connect(scene.url().context("PostgreSQL has an address")?).await?;
    loop {
        let row = client.query_one(&format!("SHOW {name}"), &[]).await?;
        if row.get::<_, String>(0) == value {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
