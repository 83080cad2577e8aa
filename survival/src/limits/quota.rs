//! The calls that an app may make a day (-10): exact for a crowd that comes at once to every server, and over SIGKILL.

use super::bound::{Account, Became, Bound, DAY, Heard, heard, room, window};
use crate::chance::Chance;
use crate::world::{Ask, Field, Lost, Said, ask, at_once};

/// How many calls each crowd may make.
const CALLS: usize = 20;
/// How many want to.
const CROWD: usize = 64;

/// The app's quota, which grows by [`CALLS`] before each crowd.
pub(super) struct Quota {
    token: String,
    day: u64,
    used: usize,
}

impl Quota {
    /// Of the scene's app, which has none yet; with a token of it.
    pub(super) fn of(token: String) -> Quota {
        Quota { token, day: 0, used: 0 }
    }

    /// A crowd calls, half of it here and half of it there.
    pub(super) async fn shared(&mut self, field: &Field, report: &mut Account) -> anyhow::Result<()> {
        let bound = Bound { what: "calls of an app a day", most: CALLS, window: DAY, rounded: 0 };
        self.raised(field).await?;
        let heard = self.crowd(field, 0).await;
        bound.holds(&heard, became, report);
        Ok(())
    }

    /// A server is killed in the middle of a crowd and started again: what was counted stays counted.
    pub(super) async fn killed(
        &mut self,
        field: &mut Field,
        chance: &Chance,
        report: &mut Account,
    ) -> anyhow::Result<()> {
        self.raised(field).await?;
        let moment = chance.moment(2, 50);
        let before = {
            let (calls, kill) = (self.crowd(field, 1), tokio::time::sleep(moment));
            tokio::pin!(calls);
            tokio::select! {
                heard = &mut calls => heard,
                () = kill => {
                    rustix::process::kill_process(field.servers[0].pid(), rustix::process::Signal::KILL)?;
                    calls.await
                }
            }
        };
        field.start_anew(0).await?;
        let after = self.crowd(field, 0).await;
        let count = |heard: &[Heard], wanted: fn(&Ask) -> bool| heard.iter().filter(|one| wanted(&one.said)).count();
        let passed = |said: &Ask| said.as_ref().is_ok_and(|said| said.status == 200);
        // What did not leave was not counted; what lost its answer may have been.
        let in_doubt = |said: &Ask| matches!(said, Err(Lost::Broken(_) | Lost::Silence));
        let (served, more, lost) = (count(&before, passed), count(&after, passed), count(&before, in_doubt));
        report.promise(served + more <= CALLS, || {
            format!("a quota of {CALLS} over SIGKILL: {served} calls were served before it and {more} after")
        });
        report.promise(served + more + lost >= CALLS, || {
            format!("a quota of {CALLS} over SIGKILL: {served} and {more} served, {lost} without an answer")
        });
        report.count("calls of an app a day, a server killed meanwhile", served + more, 2 * CROWD);
        let honest = after.iter().all(|one| one.said.as_ref().is_ok_and(|said| became(said) != Became::Strange));
        report.promise(honest, || format!("a quota over SIGKILL, afterwards: {after:?}"));
        Ok(())
    }

    /// Room for as many more.
    async fn raised(&mut self, field: &Field) -> anyhow::Result<()> {
        // Whoever crosses midnight finds a day on which nothing was used.
        room(DAY, 2 * 60).await;
        if self.day != window(DAY) {
            (self.day, self.used) = (window(DAY), 0);
        }
        self.used += CALLS;
        field.scene.tell(&["app", "quota", &field.scene.app.id.to_string(), &self.used.to_string()]).await?;
        Ok(())
    }

    /// What a crowd hears of the two endpoints that tell of a token, each `apart` milliseconds after the one before.
    async fn crowd(&self, field: &Field, apart: u64) -> Vec<Heard> {
        at_once(CROWD, |turn| {
            let what = ["tokeninfo", "userinfo"][turn / 2 % 2];
            let call = field.client.get(format!("{}/v1/business/{what}", field.base(turn))).bearer_auth(&self.token);
            async move {
                tokio::time::sleep(std::time::Duration::from_millis(apart * turn as u64)).await;
                heard(ask(call)).await
            }
        })
        .await
    }
}

fn became(said: &Said) -> Became {
    Became::of(said, 200, said.status == 400 && said.body.contains(r#""code":-10"#))
}
