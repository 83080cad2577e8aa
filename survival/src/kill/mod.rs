//! SIGKILL at random moments under load, then SIGTERM: what was acknowledged is there after the restart, what was spent
//! stays spent.
//!
//! A killed process loses nothing that it handed to the kernel; that the disk has it too is `synchronous=FULL`, which
//! only a power cut could try.

mod ledger;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Client;
use tokio::task::JoinSet;

use self::ledger::{Entry, Fate};
use crate::Effort;
use crate::chance::Chance;
use crate::report::Report;
use crate::world::{Ask, Browser, Engine, Lost, Scene, Server, program, revoke, tokeninfo};

/// How many people and apps are at it at the same time.
const HANDS: usize = 6;

/// Runs both.
///
/// # Errors
/// What could not be set up; a broken promise is in the report.
pub async fn run(engine: Engine, effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of(format!("kill, {}", engine.name()));
    let scene = Arc::new(Scene::set(engine, HANDS + 2).await?);
    killed(&scene, effort, &mut report).await?;
    stop::under_load(&scene, effort, &mut report).await?;
    stop::heard(&scene, &mut report).await?;
    stop::bounded(&scene, &mut report).await?;
    Ok(report)
}

async fn killed(scene: &Arc<Scene>, effort: Effort, report: &mut Report) -> anyhow::Result<()> {
    let (chance, kills) = (Chance::of(effort.seed), effort.of(12_usize, 1000));
    let mut server = scene.serve().await?;
    let browsers = signed_in(scene, &server, HANDS).await?;
    let (mut all, mut lost_answers) = (Vec::new(), 0);
    let mut settled = Settled::default();
    for kill in 0..kills {
        let lives = Lives::default();
        let hands = at_work(scene, &browsers, &server.base, effort.seed ^ kill as u64, &lives);
        // Mostly in full work; now and then while it begins.
        if chance.below(4) > 0 {
            lives.reach(1 + chance.below(20)).await;
        }
        tokio::time::sleep(chance.moment(0, 200)).await;
        server.kill()?;
        let entries: Vec<Entry> = hands.join_all().await.into_iter().flatten().collect();
        server = scene.serve().await?;
        lost_answers += entries.iter().filter(|entry| entry.is_uncertain()).count();
        let check = program()?;
        for entry in &entries {
            entry.look(&check, &server.base, report).await;
        }
        // Some wait for a later kill or more before they are spent, as codes and tokens do that lie about.
        all.extend(chosen(entries, effort, &chance));
        let early = all.len().saturating_sub(200);
        for entry in all.drain(..early) {
            settled.count(&entry, entry.settle(&check, &server.base, &scene.app, report).await);
        }
    }
    let check = program()?;
    for entry in all {
        entry.look(&check, &server.base, report).await;
        settled.count(&entry, entry.settle(&check, &server.base, &scene.app, report).await);
    }
    report.promise(settled.all > 0, || "nobody did anything between the kills".to_owned());
    report.say(format!("{kills} kills under the load of {HANDS} hands; {lost_answers} requests lost their answers"));
    report.say("every acknowledged code and token was there, every acknowledged revocation held");
    report.say(format!(
        "{} codes were redeemed once more, and none worked twice; of {} redemptions whose answer was lost {} had been \
         made",
        settled.all, settled.in_doubt, settled.made
    ));
    report.figure("kills", kills);
    report.figure("answers_lost", lost_answers);
    report.figure("settled", settled.all);
    report.figure("redemptions_in_doubt", settled.in_doubt);
    report.figure("redemptions_in_doubt_made", settled.made);
    Ok(())
}

/// Whose codes are redeemed once more: all that nobody redeemed or whose answer was lost, which are the ones that could
/// work twice or be burnt. Of the others so many that a long run does not take a day.
fn chosen(entries: Vec<Entry>, effort: Effort, chance: &Chance) -> impl Iterator<Item = Entry> {
    let clear = entries.iter().filter(|entry| !entry.is_open()).count() as u64;
    entries.into_iter().filter(move |entry| entry.is_open() || !effort.long || chance.below(clear) < 3)
}

/// What came of redeeming codes once more.
#[derive(Debug, Default)]
struct Settled {
    all: usize,
    /// Those whose first redemption lost its answer.
    in_doubt: usize,
    /// Those of them that had been made.
    made: usize,
}

impl Settled {
    /// `again`: the status of the redemption that came later.
    fn count(&mut self, entry: &Entry, again: Option<u16>) {
        self.all += usize::from(again.is_some());
        if entry.redeemed == Fate::Unknown {
            self.in_doubt += 1;
            self.made += usize::from(again == Some(400));
        }
    }
}

/// How many lives of tokens were lived.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives(Arc<AtomicU64>);

impl Lives {
    /// Waits until there were so many, but not for ever.
    pub(super) async fn reach(&self, many: u64) {
        for _ in 0..4000 {
            if self.0.load(Ordering::Relaxed) >= many {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Browsers of so many people, signed in.
pub(crate) async fn signed_in(scene: &Scene, server: &Server, people: usize) -> anyhow::Result<Vec<Browser>> {
    let mut browsers = Vec::new();
    for number in 0..people {
        let browser = scene.browser(number)?;
        browser.signs_in(&server.base).await?;
        browsers.push(browser);
    }
    Ok(browsers)
}

/// People who consent and apps that redeem, use and revoke, until the server is gone: what they were told.
fn at_work(scene: &Arc<Scene>, browsers: &[Browser], base: &str, seed: u64, lives: &Lives) -> JoinSet<Vec<Entry>> {
    let mut hands = JoinSet::new();
    for (number, browser) in browsers.iter().enumerate() {
        let (scene, browser, base, lives) = (scene.clone(), browser.clone(), base.to_owned(), lives.clone());
        let chance = Chance::of(seed.wrapping_mul(31).wrapping_add(number as u64));
        hands.spawn(async move {
            let mut done = Vec::new();
            let Ok(client) = program() else { return done };
            while one_life(&scene, &browser, &client, &base, &chance, &mut done).await.is_ok() {
                lives.0.fetch_add(1, Ordering::Relaxed);
            }
            done
        });
    }
    hands
}

/// One token's life: consented to, bought, looked at, and half of the times revoked. `Err`: the server is gone.
async fn one_life(
    scene: &Scene,
    browser: &Browser,
    client: &Client,
    base: &str,
    chance: &Chance,
    done: &mut Vec<Entry>,
) -> Result<(), ()> {
    let code = match browser.consents(base, &scene.app).await {
        Ok(code) => code,
        Err(Ok(other)) => {
            done.push(Entry::odd(format!("a consent was answered with {other:?}")));
            return Err(());
        }
        Err(Err(_)) => return Err(()),
    };
    let mut entry = Entry::of(code.clone());
    if chance.below(8) > 0 {
        entry.redeemed = told(scene.app.redeems(client, base, &code).await, "access_token");
        if let Fate::Done(token) = &entry.redeemed
            && chance.below(2) == 0
        {
            entry.revoked = told(revoke(client, base, token).await, "id");
        }
        if let (Fate::Done(token), Fate::Done(_)) = (&entry.redeemed, &entry.revoked) {
            let seen = tokeninfo(client, base, token).await;
            if seen.as_ref().is_ok_and(|said| said.status != 401) {
                entry.odd = Some(format!("a revoked token was answered for: {seen:?}"));
            }
        }
    }
    let gone = entry.has_no_answer();
    done.push(entry);
    if gone { Err(()) } else { Ok(()) }
}

/// What became of a request that names something in its answer.
fn told(ask: Ask, name: &str) -> Fate {
    match ask {
        Ok(said) if said.status == 200 => said.field(name).map_or(Fate::Unknown, Fate::Done),
        Ok(said) => Fate::Refused(said.status),
        Err(Lost::Unsent) => Fate::Unsent,
        Err(_) => Fate::Unknown,
    }
}
