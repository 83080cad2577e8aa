//! New secrets while everything runs: client secrets and the master key, with an overlap that survives restarts.

use anyhow::Context;
use bizauth::clock::Clock;
use bizauth_core::second_factor::Seed;
use bizauth_core::time::Time;

use super::{status, stopped};
use crate::report::Report;
use crate::world::{Browser, Engine, Scene, Server, program};

/// A client secret is replaced with an overlap: both work, over restarts and kills; after the next one without an
/// overlap that one alone.
pub(super) async fn of_an_app(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(engine, 1).await?;
    let mut server = scene.serve().await?;
    let key = scene.app.key.to_string();
    let second = issued(&scene, &["key", "secret", "issue", &key, "--overlap", "1h", "--json"]).await?;
    let first = scene.app.client_secret.clone();
    admitted("in the overlap", &scene, &server, &[(&first, true), (&second, true)], report).await?;
    server.kill()?;
    let server = scene.serve().await?;
    admitted("in the overlap, restarted", &scene, &server, &[(&first, true), (&second, true)], report).await?;
    let third = issued(&scene, &["key", "secret", "issue", &key, "--json"]).await?;
    let after = [(&first, false), (&second, false), (&third, true)];
    admitted("without an overlap", &scene, &server, &after, report).await?;
    stopped(server).await?;
    let server = scene.serve().await?;
    admitted("without an overlap, restarted", &scene, &server, &after, report).await?;
    report.say("client secret replaced: both worked in the overlap, over SIGKILL; the last one alone afterwards");
    Ok(())
}

async fn issued(scene: &Scene, words: &[&str]) -> anyhow::Result<String> {
    let said: serde_json::Value = serde_json::from_str(&scene.tell(words).await?)?;
    Ok(said["client_secret"].as_str().context("a new secret is told")?.to_owned())
}

async fn admitted(
    when: &str,
    scene: &Scene,
    server: &Server,
    secrets: &[(&String, bool)],
    report: &mut Report,
) -> anyhow::Result<()> {
    let (client, browser) = (program()?, scene.browser(0)?);
    browser.signs_in(&server.base).await?;
    for (turn, (secret, works)) in secrets.iter().enumerate() {
        let code = browser.code(&server.base, &scene.app).await?;
        let said = scene.app.redeems_with(&client, &server.base, &code, secret).await;
        let expected = if *works { 200 } else { 401 };
        report.promise(status(&said) == expected, || format!("client secret {turn} {when}: {said:?}"));
    }
    Ok(())
}

/// The master key is replaced while somebody has a second factor: they sign in before, between and after, and with a
/// file that holds the new key alone.
pub(super) async fn of_the_server(engine: Engine, report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(engine, 1).await?;
    // On PostgreSQL it has to be said where the key is: all nodes must have the same.
    let (file, settings) = (scene.data().join("master.key"), scene.beside("bizauth.toml"));
    std::fs::create_dir_all(scene.data())?;
    std::fs::write(&settings, format!("master_key = \"{}\"\n", file.display()))?;
    let settings = settings.display().to_string();
    let how = ["--config", settings.as_str()];
    let flags = [scene.flags(), how.map(str::to_owned).to_vec()].concat();
    scene.tell(&[&["master-key", "create"], how.as_slice()].concat()).await?;
    let mut server = Server::start(&flags).await?;
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let mut phone = second_factor(&browser, &server).await?;
    let mut steps = Vec::new();
    scene.tell(&[&["master-key", "rotate"], how.as_slice()].concat()).await?;
    steps.push(("rotated while it runs", signs_in(&scene, &server, &mut phone).await));
    server.kill()?;
    let server = Server::start(&flags).await?;
    steps.push(("rotated, killed and started anew", signs_in(&scene, &server, &mut phone).await));
    let keys = std::fs::read_to_string(&file)?;
    report.promise(keys.lines().count() == 2, || "the old key left the file by itself".to_owned());
    std::fs::write(&file, format!("{}\n", keys.lines().next().unwrap_or_default()))?;
    stopped(server).await?;
    let server = Server::start(&flags).await?;
    steps.push(("started with the new key alone", signs_in(&scene, &server, &mut phone).await));
    for (when, said) in steps {
        report.promise(said.is_ok(), || format!("signing in with a second factor, {when}: {said:?}"));
    }
    report.say(
        "master key replaced: a second factor worked while both keys were there, over SIGKILL, and with the new one alone",
    );
    Ok(())
}

/// Switches two-factor sign-in on.
async fn second_factor(browser: &Browser, server: &Server) -> anyhow::Result<Phone> {
    const HERE: &str = "/me/account/two-factor";
    let base = &server.base;
    browser.submits(base, HERE, &format!("{HERE}/begin"), &[("current", crate::world::PASSWORD)]).await?;
    let page = browser.opens(base, HERE).await?;
    let shown = page.body.split("id=\"seed\"").nth(1).and_then(|rest| rest.split_once('>')).context("no seed")?.1;
    let text: String =
        shown.split('<').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut phone =
        Phone { seed: Seed::from_bytes(base32(&text).try_into().ok().context("a seed has 20 bytes")?), last: 0 };
    let code = phone.code().await;
    let on = browser.submits(base, HERE, &format!("{HERE}/confirm"), &[("code", &code)]).await?;
    anyhow::ensure!(on.status == 303, "two-factor sign-in was not switched on: {on:?}");
    Ok(phone)
}

/// Signs in with password and code in a new browser.
async fn signs_in(scene: &Scene, server: &Server, phone: &mut Phone) -> anyhow::Result<()> {
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let code = phone.code().await;
    let said = browser.submits(&server.base, "/login/code?next=%2F", "/login/code", &[("code", &code)]).await?;
    anyhow::ensure!(said.status == 303, "{said:?}");
    Ok(())
}

/// An authenticator app whose owner never shows a code twice: each works once.
struct Phone {
    seed: Seed,
    last: i64,
}

impl Phone {
    const STEP: i64 = 30_000;

    /// A code that was not used yet. The server takes those of the steps beside its own, so there is rarely a wait.
    async fn code(&mut self) -> String {
        let current = || Clock::System.now().millis() / Phone::STEP;
        let step = (self.last + 1).max(current() - 1);
        while current() + 1 < step {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        self.last = step;
        self.seed.code_at(Time::from_millis(step * Phone::STEP))
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).and_then(|at| u32::try_from(at).ok());
        held = (held << 5 | value.unwrap_or(0)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
        }
    }
    bytes
}
