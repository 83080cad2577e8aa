//! PostgreSQL stopped, killed, restarted, made read-only, out of connections, locked, at SERIALIZABLE, and replaced.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Bench, Reach, remembered, unhurried};
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
    let server = Server::start(&unhurried(scene.flags())).await?;
    for round in 0..effort.of(1, 20) {
        stopped(&cluster, &scene, &server, &mut report).await?;
        killed(&cluster, &scene, &server, &mut report).await?;
        restarted(&cluster, &scene, &server, &mut report).await?;
        read_only(&cluster, &scene, &server, &mut report).await?;
        exhausted(&cluster, &scene, &server, &mut report).await?;
        locked(&scene, &server, &mut report).await?;
        serializable(&cluster, &scene, &server, &mut report).await?;
        conflicts(&cluster, &scene, &server, &mut report).await?;
        remembered::restarted(&cluster, &scene, &server, &mut report).await?;
        let watched = effort.long && round == 0;
        remembered::failed_over(&cluster, &scene, &server, watched, &mut report).await?;
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
    bench.is_noticed("killed", report).await;
    bench.suffers("killed", Reach::Nothing, report).await?;
    cluster.revive().await?;
    bench.recovers("killed", report).await?;
    report.say("killed with SIGKILL: back with everything that was acknowledged");
    Ok(())
}

/// A restart under the load of redemptions: each code that got no 200 works afterwards, or had its answer lost.
async fn restarted(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    const CODES: usize = 48;
    let bench = Bench::laid(scene, server, 0).await?;
    let codes = codes(scene, server, CODES).await?;
    let (tell, told) = watch::channel(false);
    // One after another over the time that the stop takes, and the last ones behind it.
    let begins = move |turn: usize| {
        let mut told = told.clone();
        async move {
            let early = Duration::from_millis(4 * turn as u64);
            match turn < CODES - 4 {
                true => tokio::time::sleep(early).await,
                // Nobody to tell it any more is as good.
                false => drop(told.wait_for(|stopped| *stopped).await),
            }
        }
    };
    let redeeming = tokio::spawn(all_redeemed(scene, server, codes.clone(), begins));
    // Long enough for some to be answered, on most machines.
    tokio::time::sleep(Duration::from_millis(60)).await;
    cluster.control("stop").await?;
    tell.send_replace(true);
    let said = redeeming.await?;
    cluster.control("start").await?;
    bench.recovers("restarted", report).await?;
    // A commit is in doubt only where its connection was lost: no more than there are connections.
    unburnt("restarted under load", scene, server, (&codes, &said), 16, report).await
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
    let (here, there) = tokio::join!(
        all_redeemed(scene, server, crowd.clone(), at_once),
        all_redeemed(scene, &other, crowd.clone(), at_once)
    );
    let count = |status| here.iter().chain(&there).flatten().filter(|said| said.status == status).count();
    let (served, refused, put_off) = (count(200), count(400), count(503));
    // Who is refused was beaten by somebody who was served. Only where all were put off may nobody have been.
    let fair = served == 1 || (served == 0 && refused == 0);
    report.promise(fair && served + refused + put_off == 64, || {
        format!("SERIALIZABLE, one code: {served} served, {refused} refused, {put_off} put off, of 64")
    });
    if served == 0 {
        let later = scene.app.redeems(&program()?, &server.base, &one[0]).await;
        report.promise(later.as_ref().is_ok_and(|said| said.status == 200), || {
            format!("SERIALIZABLE: a code that all were put off from: {later:?}")
        });
    }
    let many = codes(scene, server, 32).await?;
    let said = all_redeemed(scene, &other, many.clone(), at_once).await;
    let conflicts = said.iter().flatten().filter(|said| said.status == 503).count();
    // No connection is lost here: whatever was rolled back, the server knows.
    unburnt("SERIALIZABLE", scene, server, (&many, &said), 0, report).await?;
    report.say(format!(
        "SERIALIZABLE: 64 redemptions of one code, {served} served; {conflicts} of 32 codes met a conflict to the end"
    ));
    report.figure("conflicts_to_the_end", conflicts);
    cluster.set("default_transaction_isolation", "read committed").await
}

/// 40001 forced: so many times as are tried again, and then for ever. In the first case the answer is as if there had
/// been none, in the other it is 503, and the code works once the conflicts are over.
async fn conflicts(cluster: &Cluster, scene: &Scene, server: &Server, report: &mut Report) -> anyhow::Result<()> {
    const SOME: i64 = 5;
    const TRIES: i64 = 8;
    let url = scene.url().context("PostgreSQL has an address")?;
    let database = connect(url).await?;
    // Before there are any: whoever prepares a code is not to meet them.
    let made = codes(scene, server, 2).await?;
    cluster.set("default_transaction_isolation", "serializable").await?;
    settled(scene, "default_transaction_isolation", "serializable").await?;
    for (code, most, expected) in [(&made[0], SOME, 200), (&made[1], i64::MAX, 503)] {
        // What a sequence gives is given, also to who is rolled back: it counts the tries.
        let clash = format!(
            "CREATE SEQUENCE tries;
             CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('tries') <= {most} THEN RAISE EXCEPTION 'forced' USING ERRCODE = '40001'; END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER clash BEFORE UPDATE ON codes FOR EACH ROW EXECUTE FUNCTION clash();"
        );
        database.batch_execute(&clash).await?;
        let said = scene.app.redeems(&program()?, &server.base, code).await;
        let tries: i64 = database.query_one("SELECT last_value FROM tries", &[]).await?.get(0);
        database.batch_execute("DROP TRIGGER clash ON codes; DROP FUNCTION clash; DROP SEQUENCE tries").await?;
        let worded = said.as_ref().is_ok_and(|s| s.status == 200 || s.is_unavailable("/oauth/business/token"));
        report.promise(worded && said.as_ref().is_ok_and(|said| said.status == expected), || {
            format!("{most} conflicts forced, {expected} promised: {said:?}")
        });
        // The first is tried once more than it was refused; the other as often as anything is.
        let as_often = tries == if expected == 200 { SOME + 1 } else { TRIES };
        report.promise(as_often, || format!("{most} conflicts forced: {tries} tries"));
        let later = scene.app.redeems(&program()?, &server.base, code).await;
        let once = if expected == 200 { 400 } else { 200 };
        report.promise(later.as_ref().is_ok_and(|said| said.status == once), || {
            format!("after {most} conflicts were forced, the code: {later:?}")
        });
        report.say(format!("40001 forced at SERIALIZABLE: {tries} tries, then {expected}"));
    }
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

/// Nobody waits for anybody.
fn at_once(_: usize) -> std::future::Ready<()> {
    std::future::ready(())
}

/// Redeems all, each once its turn `begins`; what became of each, in their order.
fn all_redeemed<F: Future<Output = ()> + Send + 'static>(
    scene: &Scene,
    server: &Server,
    codes: Vec<String>,
    begins: impl Fn(usize) -> F + Send + 'static,
) -> impl Future<Output = Vec<Ask>> + Send + 'static {
    let (app, base) = (scene.app.clone(), server.base.clone());
    async move {
        let Ok(client) = program() else { return Vec::new() };
        let mut redeeming = JoinSet::new();
        for (turn, code) in codes.into_iter().enumerate() {
            let (app, base, client) = (app.clone(), base.clone(), client.clone());
            let turn_comes = begins(turn);
            redeeming.spawn(async move {
                turn_comes.await;
                (turn, app.redeems(&client, &base, &code).await)
            });
        }
        let mut said = redeeming.join_all().await;
        said.sort_by_key(|(turn, _)| *turn);
        said.into_iter().map(|(_, ask)| ask).collect()
    }
}

/// Codes whose redemption was refused with 503 work, or had been redeemed when the answer of the commit was lost; of those
/// at most `doubts`, each with its token.
async fn unburnt(
    fault: &str,
    scene: &Scene,
    server: &Server,
    (codes, said): (&[String], &[Ask]),
    doubts: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    // A code that is spent without a token of its own was burnt by what was rolled back.
    const BURNT: &str = "SELECT COUNT(*) FROM codes WHERE redeemed_at IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM tokens WHERE tokens.id = codes.token_id)";
    let database = connect(scene.url().context("PostgreSQL has an address")?).await?;
    let burnt: i64 = database.query_one(BURNT, &[]).await?.get(0);
    report.promise(burnt == 0, || format!("{fault}: {burnt} codes are spent and bought nothing"));
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
    report.promise(in_doubt <= doubts, || format!("{fault}: {in_doubt} codes are spent without an answer"));
    report.promise(doubts == 0 || again > 0, || format!("{fault}: no redemption met it"));
    let served = codes.len() - again - in_doubt;
    report.say(format!(
        "{fault}: {served} codes redeemed, {again} refused with 503 and redeemed later, {in_doubt} redeemed and the answer lost"
    ));
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
