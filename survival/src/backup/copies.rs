//! Copies, and what happens when they come back: as a file of the embedded engine, and by PostgreSQL's own programs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;

use super::{Past, Working, refused, stopped};
use crate::report::Report;
use crate::world::{Cluster, Engine, Scene, Server, run};

/// Words of a start that is refused.
const COPY: &str = "is a copy made at";
const ELSEWHERE: &str = "not the database that was served here last";

fn words(words: &[&str], flags: &[String]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain(flags.iter().cloned()).collect()
}

/// A data folder with this database alone in it.
fn folder_with(database: &Path, folder: &Path) -> anyhow::Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    std::fs::copy(database, folder.join("bizauth.db"))?;
    Ok(vec!["--data".to_owned(), folder.display().to_string()])
}

/// Takes a copy for the database, and says what the command said.
async fn accepted(how: &[&str], flags: &[String], report: &mut Report) -> anyhow::Result<serde_json::Value> {
    let ended = run(words(&[&["restore", "accept", "--json"], how].concat(), flags)).await?;
    report.promise(ended.status.success(), || format!("accepting: {}", String::from_utf8_lossy(&ended.stderr)));
    Ok(serde_json::from_slice(&ended.stdout).unwrap_or_default())
}

pub(super) async fn of_a_file(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(Engine::Sqlite, 2).await?;
    let server = scene.serve().await?;
    let past = Past::made(&scene, &server).await?;
    let working = Working::begin(&scene, &server).await?;
    let copy = scene.beside("copy.db");
    let named = copy.display().to_string();
    let made = run(words(&["backup", &named], &scene.records())).await?;
    report.promise(made.status.success(), || format!("bizauth backup: {}", String::from_utf8_lossy(&made.stderr)));
    let tokens = working.ended(report).await?;
    let mode = std::fs::metadata(&copy)?.permissions().mode() & 0o777;
    report.promise(mode == 0o600, || format!("the copy has the mode {mode:o}"));
    let before = std::fs::read(&copy)?;
    let again = run(words(&["backup", &named], &scene.records())).await?;
    report.promise(again.status.code() == Some(1), || format!("a second backup to the same file: {again:?}"));
    report.promise(std::fs::read(&copy)? == before, || "a backup was overwritten".to_owned());
    past.goes_on(&scene, &server, report).await;
    stopped(server).await?;
    // What somebody copies by hand while the server is stopped bears no mark.
    let by_hand = scene.beside("by-hand.db");
    std::fs::copy(scene.data().join("bizauth.db"), &by_hand)?;

    let elsewhere = folder_with(&copy, &scene.beside("elsewhere"))?;
    refused("a copy in a new folder", &elsewhere, COPY, report).await;
    let told = accepted(&["--end-tokens"], &elsewhere, report).await?;
    report.promise(told["kept"] == 0 && told["ended"].as_i64() >= Some(2), || format!("accepting: {told}"));
    let server = Server::start(&elsewhere).await?;
    past.is_now("a copy whose tokens ended", 401, &scene, &server, report).await;
    stopped(server).await?;

    let of_key = folder_with(&copy, &scene.beside("of-key"))?;
    accepted(&["--end-tokens-of", &scene.app.key.to_string()], &of_key, report).await?;
    let server = Server::start(&of_key).await?;
    past.is_now("a copy whose key's tokens ended", 401, &scene, &server, report).await;
    drop(server);

    put_back(&copy, &scene)?;
    refused("a copy in its old place", &scene.flags(), COPY, report).await;
    let told = accepted(&["--keep-tokens"], &scene.records(), report).await?;
    report.promise(told["kept"].as_i64() >= Some(2), || format!("it was not said what lives again: {told}"));
    let server = scene.serve().await?;
    past.is_now("a copy whose tokens were kept", 200, &scene, &server, report).await;
    stopped(server).await?;

    let moved = folder_with(&by_hand, &scene.beside("moved"))?;
    refused("a file copied by hand, elsewhere", &moved, ELSEWHERE, report).await;
    put_back(&by_hand, &scene)?;
    refused("a file copied by hand, in its old place", &scene.flags(), ELSEWHERE, report).await;
    report.say(format!(
        "copied while {tokens} tokens were bought; put back in five ways, served in none before it was said what becomes \
         of its tokens"
    ));
    Ok(())
}

fn put_back(copy: &Path, scene: &Scene) -> anyhow::Result<()> {
    for log in ["bizauth.db-wal", "bizauth.db-shm"] {
        // They are there or not.
        let _ = std::fs::remove_file(scene.data().join(log));
    }
    std::fs::copy(copy, scene.data().join("bizauth.db"))?;
    Ok(())
}

pub(super) async fn of_a_cluster(report: &mut Report) -> anyhow::Result<()> {
    let cluster = Cluster::start().await?;
    let scene = Scene::over(Some(cluster.database().await?), 2).await?;
    let url = scene.url().context("PostgreSQL has an address")?.to_owned();
    let server = scene.serve().await?;
    let past = Past::made(&scene, &server).await?;
    let working = Working::begin(&scene, &server).await?;
    let dump = scene.beside("dump").display().to_string();
    cluster.program("pg_dump", vec!["--format=custom".into(), format!("--file={dump}"), url.clone()]).await?;
    let tokens = working.ended(report).await?;
    past.goes_on(&scene, &server, report).await;
    stopped(server).await?;
    let server = scene.serve().await?;
    stopped(server).await?;

    let other = cluster.database().await?;
    cluster.program("pg_restore", vec!["--no-owner".into(), format!("--dbname={other}"), dump.clone()]).await?;
    let elsewhere = scene.flags_at(Some(&other));
    refused("a dump in another database", &elsewhere, ELSEWHERE, report).await;
    let told = accepted(&["--end-tokens"], &scene.records_at(Some(&other)), report).await?;
    report.promise(told["kept"] == 0 && told["ended"].as_i64() >= Some(2), || format!("accepting: {told}"));
    let server = Server::start(&elsewhere).await?;
    past.is_now("a dump whose tokens ended", 401, &scene, &server, report).await;
    stopped(server).await?;

    let clean = ["--clean", "--if-exists", "--no-owner"].map(str::to_owned).to_vec();
    cluster.program("pg_restore", [clean, vec![format!("--dbname={url}"), dump]].concat()).await?;
    refused("a dump in its old database", &scene.flags(), ELSEWHERE, report).await;
    let told = accepted(&["--keep-tokens"], &scene.records(), report).await?;
    report.promise(told["kept"].as_i64() >= Some(2), || format!("it was not said what lives again: {told}"));
    let server = scene.serve().await?;
    past.is_now("a dump whose tokens were kept", 200, &scene, &server, report).await;
    report.say(format!(
        "dumped while {tokens} tokens were bought; restored beside and in place, served in neither before it was said what \
         becomes of its tokens"
    ));
    Ok(())
}
