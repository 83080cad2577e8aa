//! Two nodes over one PostgreSQL, one of them cut off from it: the cut node never answers "active" from memory, says 503
//! within a bound, and comes back by itself.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::task::JoinSet;

use crate::Effort;
use crate::proxy::{Line, Proxy};
use crate::report::Report;
use crate::store::{BOUND, unhurried};
use crate::world::{Cluster, Scene, Server, health, program, revoke, tokeninfo};

/// How many ask the cut node at once: more than it has connections.
const CROWD: usize = 24;
/// How long a node may take to come back.
const RECOVERY: Duration = Duration::from_secs(60);

/// Runs the cuts.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of("nodes, PostgreSQL");
    let cluster = Cluster::start().await?;
    let scene = Scene::over(Some(cluster.database().await?), 2).await?;
    let proxy = Proxy::before(cluster.socket()).await?;
    let whole = scene.serve().await?;
    let around = proxy.url(scene.url().unwrap_or_default())?;
    let cut = Server::start(&unhurried(scene.flags_at(Some(&around)))).await?;
    let nodes = Nodes { whole, cut, client: program()? };
    for round in 0..effort.of(1, 20) {
        for line in [Line::Silent, Line::Refusing] {
            nodes.cut_off(&scene, &proxy, line, &mut report).await?;
        }
        report.figure("rounds", round + 1);
    }
    Ok(report)
}

struct Nodes {
    whole: Server,
    cut: Server,
    client: Client,
}

impl Nodes {
    async fn cut_off(&self, scene: &Scene, proxy: &Proxy, line: Line, report: &mut Report) -> anyhow::Result<()> {
        let browser = scene.browser(0)?;
        browser.signs_in(&self.whole.base).await?;
        let token = browser.token(&self.client, &self.whole.base, &scene.app).await?;
        let code = browser.code(&self.whole.base, &scene.app).await?;
        // Whatever a node might keep in memory, it has it now, on all its connections.
        let before = self.crowd(&token).await;
        report.promise(before.iter().all(|(status, _)| *status == 200), || format!("before the cut: {before:?}"));
        proxy.set(line);
        let revoked = revoke(&self.client, &self.whole.base, &token).await;
        report.promise(revoked.as_ref().is_ok_and(|said| said.status == 200), || {
            format!("the whole node, revoking: {revoked:?}")
        });
        let said = self.crowd(&token).await;
        let longest = said.iter().map(|(_, took)| *took).max().unwrap_or_default();
        let statuses: Vec<u16> = said.iter().map(|(status, _)| *status).collect();
        report.promise(!statuses.contains(&200), || "the cut node answered for a revoked token".to_owned());
        report.promise(statuses.iter().all(|status| *status == 503), || format!("the cut node: {statuses:?}"));
        report.promise(longest < BOUND, || format!("the cut node took {longest:?} to say so"));
        let redeemed = scene.app.redeems(&self.client, &self.cut.base, &code).await;
        let worded = redeemed.as_ref().is_ok_and(|said| said.is_unavailable("/oauth/business/token"));
        report.promise(worded, || format!("the cut node, redeeming: {redeemed:?}"));
        let ready = health(&self.client, &self.cut.operators, "ready").await;
        report.promise(ready.as_ref().is_ok_and(|said| said.status == 503), || format!("readiness: {ready:?}"));
        let live = health(&self.client, &self.cut.operators, "live").await;
        report.promise(live.as_ref().is_ok_and(|said| said.status == 200), || format!("liveness: {live:?}"));
        proxy.set(Line::Whole);
        let back = self.comes_back(&token, report).await;
        report.promise(back.is_some(), || format!("the node did not come back: {}", self.cut.log()));
        let now = tokeninfo(&self.client, &self.cut.base, &token).await;
        report.promise(now.as_ref().is_ok_and(|said| said.status == 401), || format!("after the cut: {now:?}"));
        let bought = scene.app.redeems(&self.client, &self.cut.base, &code).await;
        report.promise(bought.as_ref().is_ok_and(|said| said.status == 200), || {
            format!("a code that the cut node could not redeem is burnt: {bought:?}")
        });
        report.say(format!(
            "{line:?} line: {CROWD} questions about a token revoked elsewhere, none answered from memory, all 503 within \
             {:.1} s; back after {:.1} s",
            longest.as_secs_f64(),
            back.unwrap_or_default().as_secs_f64()
        ));
        report.figure(&format!("{line:?}_longest_ms"), u64::try_from(longest.as_millis())?);
        Ok(())
    }

    /// What the cut node says of a token when many ask at once, and how long each waited. No answer is status 0.
    async fn crowd(&self, token: &str) -> Vec<(u16, Duration)> {
        let mut asking = JoinSet::new();
        for _ in 0..CROWD {
            let (client, base, token) = (self.client.clone(), self.cut.base.clone(), token.to_owned());
            asking.spawn(async move {
                let since = Instant::now();
                let said = tokeninfo(&client, &base, &token).await;
                (said.map_or(0, |said| said.status), since.elapsed())
            });
        }
        asking.join_all().await
    }

    /// How long the cut node takes until it is ready. On the way there it must not answer for the dead token either.
    async fn comes_back(&self, dead: &str, report: &mut Report) -> Option<Duration> {
        let since = Instant::now();
        while since.elapsed() < RECOVERY {
            let said = self.crowd(dead).await;
            let honest = said.iter().all(|(status, _)| [401, 503].contains(status));
            report.promise(honest, || format!("a revoked token while the cut node comes back: {said:?}"));
            if health(&self.client, &self.cut.operators, "ready").await.is_ok_and(|said| said.status == 200) {
                return Some(since.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }
}
