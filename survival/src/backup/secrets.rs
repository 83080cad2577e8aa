//! New secrets while everything runs: client secrets and the master key, with an overlap that survives restarts.

use anyhow::Context;

use super::{status, stopped};
use crate::report::Report;
use crate::world::{Engine, Phone, Scene, Server, program};

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
    let how = scene.with_master_key().await?;
    let flags = [scene.flags(), how.clone()].concat();
    let mut server = Server::start(&flags).await?;
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let mut phone = Phone::of(&browser, &server.base).await?;
    let mut steps = Vec::new();
    scene.tell(&["master-key", "rotate", &how[0], &how[1]]).await?;
    steps.push(("rotated while it runs", signs_in(&scene, &server, &mut phone).await));
    server.kill()?;
    let server = Server::start(&flags).await?;
    steps.push(("rotated, killed and started anew", signs_in(&scene, &server, &mut phone).await));
    let file = scene.master_key_file();
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

/// Signs in with password and code in a new browser.
async fn signs_in(scene: &Scene, server: &Server, phone: &mut Phone) -> anyhow::Result<()> {
    let browser = scene.browser(0)?;
    browser.signs_in(&server.base).await?;
    let code = phone.code().await;
    let said = browser.submits(&server.base, "/login/code?next=%2F", "/login/code", &[("code", &code)]).await?;
    anyhow::ensure!(said.status == 303, "{said:?}");
    Ok(())
}
