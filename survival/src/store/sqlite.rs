//! The embedded database on a full disk, read-only, corrupt, and opened by a second server and by another program.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use tempfile::TempDir;

use super::{BOUND, Bench, Reach, unhurried};
use crate::Effort;
use crate::chance::Chance;
use crate::report::Report;
use crate::world::{Ask, Immutable, Scene, Server, SmallDisk, health, is_root, program, revoke, tokeninfo};

/// A user without rights, as whom root tries what root may always do.
const NOBODY: u32 = 65534;

/// Runs every fault.
pub(super) async fn run(effort: Effort) -> anyhow::Result<Report> {
    let mut report = Report::of("store, embedded");
    for round in 0..effort.of(1, 20) {
        full_disk(&mut report).await?;
        file_limit(&mut report).await?;
        immutable(&mut report).await?;
        read_only(&mut report).await?;
        no_database(&mut report).await?;
        corrupt(Chance::of(effort.seed.wrapping_add(round)), &mut report).await?;
        second_server(&mut report).await?;
        another_program(&mut report).await?;
    }
    Ok(report)
}

/// A disk of a few megabytes, filled to the last byte. Who may not mount one has [`file_limit`] alone, and is told so.
async fn full_disk(report: &mut Report) -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let Some(disk) = SmallDisk::at(folder.path(), 8) else {
        report.say("disk full: no disk can be mounted without root; tried as a limit of the file size instead");
        return Ok(());
    };
    let scene = Scene::in_folder(folder, None, 1).await?;
    let server = Server::start(&unhurried(scene.flags())).await?;
    let bench = Bench::laid(&scene, &server, 0).await?;
    let filler = scene.beside("filler");
    fill(&filler)?;
    bench.suffers("disk full", Reach::Reading, report).await?;
    std::fs::remove_file(&filler)?;
    bench.recovers("disk full", report).await?;
    drop(server);
    drop(disk);
    Ok(())
}

/// Writes until nothing fits any more.
fn fill(path: &Path) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    for size in [64 * 1024, 512, 1] {
        let block = vec![7; size];
        loop {
            match file.write(&block) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// No file of the server may grow any more: what a quota does, and what anybody can try.
async fn file_limit(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    // Without this the kernel would kill it instead of refusing the write.
    let server = Server::launch(Server::under_shell("trap '' XFSZ", &unhurried(scene.flags()))?).await?;
    let bench = Bench::laid(&scene, &server, 0).await?;
    let free = getrlimit(Resource::Fsize);
    prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: Some(4096), maximum: free.maximum })?;
    bench.suffers("files may not grow", Reach::Reading, report).await?;
    prlimit(Some(server.pid()), Resource::Fsize, free)?;
    bench.recovers("files may not grow", report).await
}

/// The files become read-only under a running server: even who has them open may not write any more. Only root can do
/// that, on a file system that knows of it; who cannot is told so.
async fn immutable(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    let server = Server::start(&unhurried(scene.flags())).await?;
    let bench = Bench::laid(&scene, &server, 0).await?;
    let files = ["bizauth.db", "bizauth.db-wal"].map(|name| scene.data().join(name));
    let Some(held) = Immutable::of(&files) else {
        report.say("files read-only under a running server: not tried, which takes root and a file system with chattr");
        return Ok(());
    };
    bench.suffers("files read-only while it runs", Reach::Reading, report).await?;
    drop(held);
    bench.recovers("files read-only while it runs", report).await
}

/// A file that may only be read: no start, in clear words; and once it may be written again, all is there.
async fn read_only(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    let token = {
        let mut server = scene.serve().await?;
        let browser = scene.browser(0)?;
        browser.signs_in(&server.base).await?;
        let token = browser.token(&program()?, &server.base, &scene.app).await?;
        server.terminate()?;
        server.ended(Duration::from_secs(30)).await?;
        token
    };
    let (data, file) = (scene.data(), scene.data().join("bizauth.db"));
    set_mode(&file, 0o400)?;
    set_mode(&data, 0o500)?;
    let refused = match is_root() {
        true => {
            // Root may write everywhere: the server runs as somebody who may not.
            give(&scene, NOBODY)?;
            Server::launch(Server::as_user(&scene.flags(), NOBODY, &scene.beside("bizauth"))?).await
        }
        false => scene.serve().await,
    };
    match refused {
        Ok(_) => report.promise(false, || "a read-only file: it serves on it".to_owned()),
        Err(error) => {
            let said = error.to_string();
            report.promise(said.contains("error:") && said.contains("hint:"), || format!("a read-only file: {said}"));
        }
    }
    set_mode(&data, 0o700)?;
    set_mode(&file, 0o600)?;
    if is_root() {
        give(&scene, 0)?;
    }
    let server = scene.serve().await?;
    let said = tokeninfo(&program()?, &server.base, &token).await;
    report.promise(said.as_ref().is_ok_and(|said| said.status == 200), || format!("writable again: {said:?}"));
    report.say("read-only file: no start, in clear words; writable again, everything was there");
    Ok(())
}

fn give(scene: &Scene, to: u32) -> anyhow::Result<()> {
    // The folder above too: its mode lets nobody else in.
    let above = scene.beside("");
    for path in [above.clone(), scene.data()] {
        chown(&path, Some(to), Some(to))?;
    }
    for entry in std::fs::read_dir(scene.data())? {
        chown(entry?.path(), Some(to), Some(to))?;
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> anyhow::Result<()> {
    Ok(std::fs::set_permissions(path, Permissions::from_mode(mode))?)
}

/// A file that is no database.
async fn no_database(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    let file = scene.data().join("bizauth.db");
    std::fs::write(&file, "Dear Sir or Madam,\n".repeat(5000))?;
    for gone in ["bizauth.db-wal", "bizauth.db-shm"] {
        // They are there or not.
        let _ = std::fs::remove_file(scene.data().join(gone));
    }
    match scene.serve().await {
        Ok(_) => report.promise(false, || "a file that is no database: it serves on it".to_owned()),
        Err(error) => {
            let said = error.to_string();
            report.promise(said.contains("error:") && said.contains("hint:"), || format!("no database: {said}"));
        }
    }
    let kept = std::fs::read_to_string(&file)?.starts_with("Dear Sir");
    report.promise(kept, || "the file that is no database was changed".to_owned());
    report.say("a file that is no database: no start, in clear words, the file untouched");
    Ok(())
}

/// Pages of the file are overwritten with noise before a start: the truth or a 503, never a wrong answer. Who found a
/// torn page is not ready any more. On the whole file everything is as it was.
async fn corrupt(chance: Chance, report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    const ROUNDS: u64 = 6;
    let client = program()?;
    // Each token with the answer of before.
    let (mut live, mut dead) = (Vec::new(), Vec::new());
    let code = {
        let mut server = scene.serve().await?;
        let browser = scene.browser(0)?;
        browser.signs_in(&server.base).await?;
        for turn in 0..20 {
            let token = browser.token(&client, &server.base, &scene.app).await?;
            if turn % 2 > 0 {
                revoke(&client, &server.base, &token).await.map_err(|lost| anyhow::anyhow!("{lost:?}"))?;
            }
            let said = tokeninfo(&client, &server.base, &token).await.map_err(|lost| anyhow::anyhow!("{lost:?}"))?;
            if turn % 2 == 0 { &mut live } else { &mut dead }.push((token, said));
        }
        let code = browser.code(&server.base, &scene.app).await?;
        server.terminate()?;
        server.ended(Duration::from_secs(30)).await?;
        code
    };
    let path = scene.data().join("bizauth.db");
    let pages = std::fs::metadata(&path)?.len() / 4096;
    // With what the server noted beside it, or every other start would be refused as one over a restored copy.
    let files = [path.clone(), scene.data().join("home")];
    let whole = files.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let (mut told, mut failed, mut no_start, mut not_ready) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        for _ in 0..1 + round * 2 {
            // Never the first page: without it there is no start, which `no_database` tries.
            file.seek(SeekFrom::Start(4096 * (1 + chance.below(pages - 1))))?;
            let noise: Vec<u8> = (0..4096).map(|_| u8::try_from(chance.below(256)).unwrap_or(0)).collect();
            file.write_all(&noise)?;
        }
        drop(file);
        match scene.serve().await {
            Err(error) => {
                no_start += 1;
                let said = error.to_string();
                let clear = said.contains("error:") && !said.contains("served here last");
                report.promise(clear, || format!("a corrupt file: {said}"));
            }
            Ok(server) => {
                let (before, since) = (failed, Instant::now());
                for (token, truth) in live.iter().chain(&dead) {
                    let said = tokeninfo(&client, &server.base, token).await;
                    // Word for word, with what is lent and until when: part of the truth is none.
                    let honest =
                        said.as_ref().is_ok_and(|said| said == truth || said.is_unavailable("/v1/business/tokeninfo"));
                    report.promise(honest, || format!("a corrupt file, instead of {truth:?}: {said:?}"));
                    match said.map(|said| said.status) {
                        Ok(503) => failed += 1,
                        _ => told += 1,
                    }
                }
                // Twice: whoever was refused comes again, and must not find the code burnt.
                let first = scene.app.redeems(&client, &server.base, &code).await;
                let again = scene.app.redeems(&client, &server.base, &code).await;
                let is_refused = |ask: &Ask| ask.as_ref().is_ok_and(|it| it.is_unavailable("/oauth/business/token"));
                let status = |ask: &Ask| ask.as_ref().map_or(0, |said| said.status);
                let honest = match status(&first) {
                    200 => status(&again) == 400 || is_refused(&again),
                    _ => is_refused(&first) && (status(&again) == 200 || is_refused(&again)),
                };
                report.promise(honest, || format!("a corrupt file, a code: {first:?}, and again: {again:?}"));
                report.promise(since.elapsed() < BOUND, || format!("a corrupt file: {:?}", since.elapsed()));
                failed += [&first, &again].into_iter().filter(|ask| is_refused(ask)).count();
                let ready = status(&health(&client, &server.operators, "ready").await);
                report.promise(failed == before || ready == 503, || format!("a corrupt file, readiness: {ready}"));
                not_ready += usize::from(ready == 503);
            }
        }
        for log in ["bizauth.db-wal", "bizauth.db-shm"] {
            // They are there or not.
            let _ = std::fs::remove_file(scene.data().join(log));
        }
        for (file, bytes) in files.iter().zip(&whole) {
            std::fs::write(file, bytes)?;
        }
    }
    let server = scene.serve().await?;
    let ready = health(&client, &server.operators, "ready").await;
    report.promise(ready.as_ref().is_ok_and(|said| said.status == 200), || format!("the whole file: {ready:?}"));
    let bought = scene.app.redeems(&client, &server.base, &code).await;
    report.promise(bought.as_ref().is_ok_and(|said| said.status == 200), || format!("the whole file: {bought:?}"));
    report.say(format!(
        "pages overwritten with noise, {ROUNDS} times, more each time: {no_start} refused to start, {told} true answers, {failed} times 503, \
         no wrong one, {not_ready} not ready; ready again on the whole file"
    ));
    Ok(())
}

/// A second server on the same folder: it serves, as a guest of the first, and both tell the truth at once. The first one
/// remembers nothing meanwhile.
async fn second_server(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    let first = scene.serve().await?;
    let client = program()?;
    let browser = scene.browser(0)?;
    browser.signs_in(&first.base).await?;
    let token = browser.token(&client, &first.base, &scene.app).await?;
    let code = browser.code(&first.base, &scene.app).await?;
    let second = scene.serve().await?;
    let status = |ask: Ask| ask.map(|said| said.status);
    for server in [&first, &second] {
        let seen = status(tokeninfo(&client, &server.base, &token).await);
        report.promise(seen == Ok(200), || format!("two servers, a live token: {seen:?}"));
    }
    let bought = status(scene.app.redeems(&client, &second.base, &code).await);
    report.promise(bought == Ok(200), || format!("the second server, redeeming: {bought:?}"));
    let again = status(scene.app.redeems(&client, &first.base, &code).await);
    report.promise(again == Ok(400), || format!("a code that the second server redeemed, at the first: {again:?}"));
    let revoked = status(revoke(&client, &second.base, &token).await);
    report.promise(revoked == Ok(200), || format!("the second server, revoking: {revoked:?}"));
    for server in [&first, &second] {
        let seen = status(tokeninfo(&client, &server.base, &token).await);
        report.promise(seen == Ok(401), || format!("two servers, a token that the second revoked: {seen:?}"));
    }
    report.say("a second server on the same file: both tell the truth at once");
    Ok(())
}

/// Another program on the same file, which takes the write lock and keeps it. A server that remembers what it read lets no
/// other in at all; one that remembers nothing says 503 for as long as it has to.
async fn another_program(report: &mut Report) -> anyhow::Result<()> {
    const FAULT: &str = "the write lock held by another program";
    let scene = Scene::set(crate::world::Engine::Sqlite, 1).await?;
    let other = Connection::open(scene.data().join("bizauth.db"))?;
    other.busy_timeout(Duration::ZERO)?;
    {
        let server = Server::start(&unhurried(scene.flags())).await?;
        let bench = Bench::laid(&scene, &server, 0).await?;
        let refused = other.execute_batch("BEGIN IMMEDIATE").map_err(|error| error.sqlite_error_code());
        let locked_out = refused == Err(Some(ErrorCode::DatabaseBusy));
        report.promise(locked_out, || format!("another program beside a server that remembers: {refused:?}"));
        if refused.is_ok() {
            other.execute_batch("ROLLBACK")?;
        }
        bench.recovers("another program that is locked out", report).await?;
    }
    // From here on it waits until a server that writes just then is done.
    other.busy_timeout(Duration::from_secs(5))?;
    let without = [scene.flags(), ["--remembered-tokens", "0"].map(str::to_owned).to_vec()].concat();
    let server = Server::start(&unhurried(without)).await?;
    let bench = Bench::laid(&scene, &server, 0).await?;
    other.execute_batch("BEGIN IMMEDIATE")?;
    bench.suffers(FAULT, Reach::Reading, report).await?;
    other.execute_batch("ROLLBACK")?;
    bench.recovers(FAULT, report).await?;
    drop(server);
    other.execute_batch("BEGIN IMMEDIATE")?;
    let since = Instant::now();
    let said = scene.serve().await.map_or_else(|error| error.to_string(), |_| "it serves".to_owned());
    report
        .promise(said.contains("another program is writing") && said.contains("hint:"), || format!("{FAULT}: {said}"));
    report.promise(since.elapsed() < BOUND, || format!("{FAULT}: no start after {:?}", since.elapsed()));
    other.execute_batch("ROLLBACK")?;
    scene.serve().await?;
    report.say(
        "another program beside a server that remembers: locked out; a start while it writes: none, in clear words",
    );
    Ok(())
}
