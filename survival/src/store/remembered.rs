//! What a node remembers of PostgreSQL, and the server that it has it from is not the same any more: started anew, or a
//! standby in its place that was behind. Whoever cannot know what it missed must forget, and tell the truth.

use std::time::Duration;

use anyhow::Context;
use tokio::time::{sleep, timeout};

use super::Bench;
use crate::report::Report;
use crate::world::{Cluster, Scene, Server, connect, tokeninfo};

/// Takes the lent asset back, and gives it back, as the nodes are told of it.
const TAKE: &str = "UPDATE lent_assets SET withdrawn_at = 1";
const GIVE: &str = "UPDATE lent_assets SET withdrawn_at = NULL";
/// The same behind the triggers' back, as no statement of ours can: a node hears nothing of it.
const TAKE_SILENTLY: &str = "SET session_replication_role = replica; UPDATE lent_assets SET withdrawn_at = 1";

/// What the log says of it, and how long that may take a server that runs: it looks around every minute.
const TOLD: &str = "another timeline";
const WATCHED: Duration = Duration::from_secs(90);

/// Restarted: what was changed unheard before is seen afterwards. That it is not seen before shows that the node does
/// remember, and so that this could fail.
pub(super) async fn restarted(
    cluster: &Cluster,
    scene: &Scene,
    server: &Server,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    bench.lends(true, "before a restart", report).await;
    bench.database(TAKE_SILENTLY).await?;
    bench.lends(true, "remembered, unheard of", report).await;
    cluster.control("stop").await?;
    cluster.control("start").await?;
    bench.recovers("restarted with something remembered", report).await?;
    bench.lends(false, "after a restart", report).await;
    bench.database(GIVE).await?;
    report.say("restarted: what was remembered of the server before is forgotten");
    Ok(())
}

/// A standby takes over that never heard of the last change: what the old primary had told counts no more, although the
/// new one gives the same numbers to other transactions. `watched`: the server that runs is given the time to notice.
pub(super) async fn failed_over(
    cluster: &Cluster,
    scene: &Scene,
    server: &Server,
    watched: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bench = Bench::laid(scene, server, 0).await?;
    let said = || server.log().matches(TOLD).count();
    let said_before = said();
    bench.database(TAKE).await?;
    bench.lends(false, "as the standby has it", report).await;
    cluster.standby().await?;
    bench.database(GIVE).await?;
    bench.lends(true, "as the primary has it", report).await;
    cluster.fail_over().await?;
    bench.recovers("failed over to a standby that was behind", report).await?;
    bench.lends(false, "after a standby took over", report).await;
    bench.database(GIVE).await?;
    bench.lends(true, "told by the new primary", report).await;
    // What the old primary did last may be lost, revocations too: whichever server sees it first says so, for all nodes.
    if watched {
        let notices = async {
            while said() == said_before {
                sleep(Duration::from_secs(1)).await;
            }
        };
        let noticed = timeout(WATCHED, notices).await;
        report.promise(noticed.is_ok(), || format!("who runs on says nothing of the standby within {WATCHED:?}"));
        report.say("failed over: the server that ran on says so");
    }
    for first in [!watched, false] {
        let mut node = scene.serve().await?;
        node.terminate()?;
        node.ended(Duration::from_secs(40)).await?;
        let says_so = node.log().contains(TOLD);
        // The other looks around every minute, and may be the one that says it.
        let kept = if first { says_so || said() > said_before } else { !says_so };
        report.promise(kept, || format!("a start after a standby took over, to be told: {first}: {}", node.log()));
    }
    report.say("failed over to a standby that was behind: what the node knew of the lost change is forgotten");
    Ok(())
}

impl Bench<'_> {
    async fn database(&self, script: &str) -> anyhow::Result<()> {
        let client = connect(self.scene.url().context("PostgreSQL has an address")?).await?;
        Ok(client.batch_execute(script).await?)
    }

    /// Asks a few times, so that what can be remembered is: the live token lends its asset, or none.
    async fn lends(&self, it_does: bool, when: &str, report: &mut Report) {
        for _ in 0..4 {
            let said = tokeninfo(&self.client, &self.server.base, &self.live).await;
            let lent = said.as_ref().is_ok_and(|said| said.body.contains(r#""ad_account_ids":["11"]"#));
            let answered = said.as_ref().is_ok_and(|said| said.status == 200);
            report.promise(answered && lent == it_does, || format!("{when}: {said:?}"));
        }
    }
}
