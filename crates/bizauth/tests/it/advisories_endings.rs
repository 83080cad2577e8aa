//! What went wrong with endings in servers like this one: revocations, sanctions, blocks, restarts, broken stores.
//! `docs/advisories.md` has all the names.

use std::path::PathBuf;

use bizauth_core::fault::{KapiFault, KauthFault};
use bizauth_core::key::KeyKind;
use bizauth_core::user::UserState;
use bizauth_store::Limit;
use tempfile::TempDir;

use crate::console_keys::a_developer;
use crate::world::{Answer, App, BusinessToken, NOON, Person, Process, World, database_url, days, minutes, process};

const SCOPE: &str = "scope=moment_management";
const PICK: &[(&str, &str)] = &[("asset.moment", "11")];

async fn dead(world: &World, token: &BusinessToken) {
    world.tokeninfo(token).await.declines(KapiFault::NoSuchToken, "");
}

async fn scene() -> (World, App, Person) {
    let world = World::new().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    (world, app, kim)
}

/// Whatever ended a token or a code, a process that knows nothing of it still knows that it ended.
#[tokio::test]
async fn cve_2026_9802_a_restart_revives_nothing() {
    let (world, app, kim) = scene().await;
    let revoked = kim.lends(&world, &app).await;
    assert_eq!(world.revoke(&revoked).await.status, 200);
    let spent = kim.consents(&app, SCOPE, PICK).await;
    let first = app.buys(&world, &spent).await;
    app.redeems(&world, &spent).await.refuses(KauthFault::CodeNotFound, &spent);
    let withdrawn = kim.lends(&world, &app).await;
    let unsold = kim.consents(&app, SCOPE, PICK).await;
    world.by().withdraw_consents(kim.id, app.id).await.unwrap();
    let alive = kim.lends(&world, &app).await;
    kim.signs_out().await;
    let world = world.restarted().await;
    for token in [&revoked, &first, &withdrawn] {
        dead(&world, token).await;
    }
    for code in [&spent, &unsold] {
        app.redeems(&world, code).await.refuses(KauthFault::CodeNotFound, code);
    }
    assert_eq!(world.tokeninfo(&alive).await.status, 200, "and what was alive is alive");
    let kim = kim.at(&world.base);
    assert!(kim.opens("/console").await.location().starts_with("/login?"), "nor is anybody signed in again");
}

/// The records as a server and its operator's commands are told of them, and how they come to be put back: by the copy
/// that `bizauth backup` made, or, on PostgreSQL, in a database that was made as a copy of the first.
struct Records {
    folder: TempDir,
    url: Option<String>,
}

impl Records {
    fn flags(&self) -> [String; 2] {
        match &self.url {
            Some(url) => ["--database".to_owned(), url.clone()],
            None => ["--data".to_owned(), self.folder.path().join("data").display().to_string()],
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data/bizauth.db")
    }

    /// A command with these words on these records: its exit code, and what it said about it.
    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let flags = self.flags();
        let ended = process::run(&[words, &[flags[0].as_str(), &flags[1]]].concat());
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    /// A server over them, which knows nothing of the ones before.
    async fn served(&self) -> (Process, World) {
        let flags = self.flags();
        let server = Process::serve(&[flags[0].as_str(), &flags[1], "--token-rate", "0"]);
        let world = match &self.url {
            Some(url) => World::around(&server, url).await,
            None => World::around_file(&server, &self.file()).await,
        };
        (server, world)
    }

    /// Copies them while nobody serves them.
    async fn copied(&self) -> String {
        let Some(url) = &self.url else {
            let copy = self.folder.path().join("copy.db").display().to_string();
            let (code, said) = self.run(&["backup", &copy]);
            assert_eq!(code, Some(0), "{said}");
            return copy;
        };
        let (server, name) = url.rsplit_once('/').unwrap();
        let (client, connection) =
            tokio_postgres::connect(&format!("{server}/postgres"), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {name}_copy TEMPLATE {name}")).await.unwrap();
        format!("{url}_copy")
    }

    /// Puts the copy in their place.
    fn put_back(&mut self, copy: String) {
        if self.url.is_some() {
            self.url = Some(copy);
            return;
        }
        for log in ["-wal", "-shm"] {
            // A server that ended in good order has left none.
            let _ = std::fs::remove_file(format!("{}{log}", self.file().display()));
        }
        std::fs::rename(copy, self.file()).unwrap();
    }
}

async fn stops(server: Process, world: World) {
    world.store().close().await;
    server.terminate();
    assert_eq!(server.ended().0, Some(0));
}

/// A copy knows nothing of what was revoked after it was made. It is refused until somebody says what becomes of its
/// tokens; the safe answer revives none.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_9802_a_restored_copy_revives_nothing_unless_told_to() {
    let mut records = Records { folder: TempDir::new().unwrap(), url: database_url() };
    let (server, world) = records.served().await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (revoked, code) = (kim.lends(&world, &app).await, kim.consents(&app, SCOPE, PICK).await);
    stops(server, world).await;
    let copy = records.copied().await;

    let (server, world) = records.served().await;
    assert_eq!(world.tokeninfo(&revoked).await.status, 200);
    assert_eq!(world.revoke(&revoked).await.status, 200);
    let bought = app.buys(&world, &code).await;
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    stops(server, world).await;
    let (server, world) = records.served().await;
    for token in [&revoked, &bought] {
        dead(&world, token).await;
    }
    stops(server, world).await;

    records.put_back(copy);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"];
    for _ in 0..2 {
        let (code, said) = records.run(&serve);
        assert!(code == Some(1) && said.contains("what was revoked since would live again"), "{said}");
        assert!(said.contains("hint: `bizauth restore status`"), "{said}");
    }
    let (code_of_status, said) = records.run(&["restore", "status"]);
    assert!(code_of_status == Some(0) && said.contains("whichever were revoked since would live again"), "{said}");
    let (accepted, said) = records.run(&["restore", "accept", "--end-tokens"]);
    assert_eq!(accepted, Some(0), "{said}");

    let (server, world) = records.served().await;
    for token in [&revoked, &bought] {
        dead(&world, token).await;
    }
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    let kim = kim.at(&world.base);
    assert!(kim.opens("/console").await.location().starts_with("/login?"), "nor is anybody signed in again");
    let anew = kim.lends(&world, &app).await;
    assert_eq!(world.tokeninfo(&anew).await.status, 200, "and it is the database from now on");
    stops(server, world).await;
}

/// Each door in its own words, to the letter: at kapi 503 with -1, at kauth KOE003; 400 with -1 is for a conflict that
/// does not end, and no store that is away or does not answer in time is one.
#[tokio::test]
async fn cve_2020_15223_a_revocation_that_cannot_be_written_is_no_success() {
    let (world, app, kim) = scene().await;
    let (token, code) = (kim.lends(&world, &app).await, kim.consents(&app, SCOPE, PICK).await);
    let (busy, held) = (world.impatient().await, world.writes_held().await);
    let down = |told: Answer| {
        told.declines(KapiFault::StoreDown, "");
        assert_eq!((told.status, told.header("retry-after")), (503, Some("5")));
    };
    let away = |told: Answer| {
        told.refuses(KauthFault::TemporaryFailure, "");
        assert_eq!((told.status, told.header("retry-after")), (503, Some("5")));
    };
    down(busy.revoke(&token).await);
    away(app.redeems(&busy, &code).await);
    drop(held);
    // Others than those that were tried: on the embedded engine a queued write still happens.
    let (token, code) = (kim.lends(&world, &app).await, kim.consents(&app, SCOPE, PICK).await);
    world.store().close().await;
    for _ in 0..2 {
        down(world.revoke(&token).await);
        down(world.tokeninfo(&token).await);
        away(app.redeems(&world, &code).await);
    }
    // What was not told as done was not done.
    let world = world.restarted().await;
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    app.buys(&world, &code).await;
    assert_eq!(world.revoke(&token).await.status, 200);
    dead(&world, &token).await;
}

/// Each node has seen the token alive, twice, so that whatever it keeps of a token it has kept; and it does not take the
/// node that revoked it to know that it is dead.
#[tokio::test]
async fn cve_2016_6582_revoked_is_dead_at_once_on_every_node() {
    let (world, app, kim) = scene().await;
    let (second, third) = (world.another_node().await, world.another_node().await);
    let nodes = [&world, &second, &third];
    for by in nodes {
        let token = kim.lends(&world, &app).await;
        for node in [nodes, nodes].concat() {
            assert_eq!(node.tokeninfo(&token).await.status, 200);
        }
        assert_eq!(by.revoke(&token).await.status, 200);
        for node in nodes {
            dead(node, &token).await;
            node.revoke(&token).await.declines(KapiFault::NoSuchToken, "");
        }
    }
    // The same where it ends with everything that its person lent the app.
    let token = kim.lends(&world, &app).await;
    for node in [nodes, nodes].concat() {
        assert_eq!(node.tokeninfo(&token).await.status, 200);
    }
    assert!(second.by().withdraw_consents(kim.id, app.id).await.unwrap() > 0);
    for node in nodes {
        dead(node, &token).await;
    }
}

#[tokio::test]
async fn cve_2025_64521_cve_2026_1609_cve_2026_1486_who_is_disabled_gets_nothing() {
    let (world, app, kim) = scene().await;
    for state in [UserState::Blocked, UserState::Withdrawn] {
        let person = world.owner(&format!("{}@example.com", state.word())).await;
        let (code, token) = (person.consents(&app, SCOPE, PICK).await, person.lends(&world, &app).await);
        world.by().set_user_state(person.id, state).await.unwrap();
        app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
        dead(&world, &token).await;
        world.by().set_user_state(person.id, UserState::Active).await.unwrap();
        dead(&world, &token).await;
    }
    // An asset that is lost takes itself out of the answer, and buys no code.
    let token = kim.lends(&world, &app).await;
    assert!(
        world.by().lose_asset(kim.id, "moment".into(), bizauth_core::asset::AssetId("11".to_owned())).await.unwrap()
    );
    let info = world.tokeninfo(&token).await.json();
    assert_eq!(info["biz_agreements"][0]["ad_account_ids"], serde_json::json!([]));
    kim.asked(&app.authorize(&format!("{SCOPE}&resource_ids=moment:11"))).await.shows(KauthFault::NoBusinessAsset);
    let lee = world.owner("lee@example.com").await;
    let (code, token) = (lee.consents(&app, SCOPE, PICK).await, lee.lends(&world, &app).await);
    world.by().set_sanction(app.id, true).await.unwrap();
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
    world.tokeninfo(&token).await.declines(KapiFault::AppSanctioned, "");
    kim.asked(&app.authorize(SCOPE)).await.shows(KauthFault::AppSanctioned);
    world.by().set_sanction(app.id, false).await.unwrap();
    dead(&world, &token).await;
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
}

/// What its people still do with a sanctioned app (another secret, another key, another name) does not lift the sanction.
#[tokio::test]
async fn cve_2026_9705_nothing_of_a_sanctioned_app_revives_it() {
    let world = World::new().await;
    let (kim, app) = a_developer(&world).await;
    let (code, token) = (kim.consents(&app, SCOPE, PICK).await, kim.lends(&world, &app).await);
    let (_, admin) = world.key(&app, KeyKind::Admin).await;
    world.by().set_sanction(app.id, true).await.unwrap();
    let secret = bizauth_core::secret::Digest::of(b"another secret");
    assert!(world.by().issue_secret(app.key, secret, world.now()).await.unwrap());
    assert!(world.by().rename_app(app.id, "Anew".to_owned(), "Works".to_owned()).await.unwrap());
    for on in [true, false] {
        world.by().set_key_disabled(app.key, on).await.unwrap();
    }
    let renamed = format!("/console/apps/{}/rename", app.id);
    kim.submits(&format!("/console/apps/{}/settings", app.id), &renamed, &[("name", "Again")]).await;
    let (id, client_id, client_secret) = world.rest_key(app.id, &app.redirect_uri).await;
    let anew = App { key: id, client_id, client_secret, ..app.clone() };
    for app in [&app, &anew] {
        kim.asked(&app.authorize(SCOPE)).await.shows(KauthFault::AppSanctioned);
        let told = Answer::of(
            world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {}", app.client_id)),
        )
        .await;
        told.declines(KapiFault::AppSanctioned, "");
    }
    let told =
        Answer::of(world.request("GET", "/v1/system/ips").header("authorization", format!("KakaoAK {admin}"))).await;
    told.declines(KapiFault::AppSanctioned, "");
    world.tokeninfo(&token).await.declines(KapiFault::AppSanctioned, "");
    world.by().set_sanction(app.id, false).await.unwrap();
    dead(&world, &token).await;
    let app = App { client_secret: "another secret".to_owned(), ..app };
    app.redeems(&world, &code).await.refuses(KauthFault::CodeNotFound, &code);
}

/// A refusal after the claim gives everything back: the code, and the place in every limit. And a store that is away
/// signs nobody out.
#[tokio::test]
async fn keycloak_49213_what_was_rolled_back_burns_nothing() {
    let world = World::with(|config| config.token_rate = 1).await;
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    let (other, code) = (world.app().await, kim.consents(&app, SCOPE, PICK).await);
    for _ in 0..3 {
        other.redeems(&world, &code).await.refuses(KauthFault::WrongApp, "");
        let mut fields = app.trade(&code);
        fields.retain(|(name, _)| *name != "redirect_uri");
        fields.push(("redirect_uri", "https://app.example.com/other"));
        world.trade(&fields).await.refuses(KauthFault::RedirectUriMismatch, "");
    }
    let rate = world.state.token_rate();
    assert_eq!(world.store().taken(rate, &app.key.to_string(), world.now()).await.unwrap(), 0);
    app.buys(&world, &code).await;
    let second = kim.consents(&app, SCOPE, PICK).await;
    for _ in 0..3 {
        app.redeems(&world, &second).await.refuses(KauthFault::TokenRateLimit, "");
    }
    world.advance(minutes(1));
    app.buys(&world, &second).await;
    let mut world = world;
    for _ in 0..2 {
        let kim = kim.at(&world.base);
        assert_eq!(kim.opens("/console").await.status, 200);
        world.store().close().await;
        let told = kim.opens("/console").await;
        assert_eq!((told.status, told.header("set-cookie")), (503, None), "the cookie stays");
        world = world.restarted().await;
    }
    assert_eq!(kim.at(&world.base).opens("/console").await.status, 200);
}

/// What has ended goes, so many rows at a time; marks and disputes stay. Each question about a person, an app or a grant
/// has its index, on both engines.
#[tokio::test]
async fn hydra_3784_4026_3559_what_expired_is_swept_in_bounded_steps() {
    let (world, app, kim) = scene().await;
    for _ in 0..12 {
        kim.signs_in().await;
        kim.asked(&app.authorize(SCOPE)).await;
        kim.signs_out().await;
    }
    let wrong = Limit { kind: "anything", most: 9, window: minutes(1) };
    for subject in 0..12 {
        world.store().take(wrong, subject.to_string(), world.now()).await.unwrap();
    }
    world.advance(days(3));
    let (mut rounds, mut rows) = (0, 0);
    loop {
        let swept = world.store().sweep(5, world.now()).await.unwrap();
        assert!(swept.rows <= 5 * 10, "five of each kind at most: {swept:?}");
        (rounds, rows) = (rounds + 1, rows + swept.rows);
        if !swept.more {
            break;
        }
    }
    assert!(rounds >= 3 && rows >= 24, "{rows} rows in {rounds} rounds");
    assert_eq!(world.store().sweep(5, world.now()).await.unwrap().rows, 0);
    let schema: String = ["0001_everything.sql", "0002_console.sql"]
        .map(|name| {
            let path = format!("{}/../bizauth-store/src/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(&path).unwrap()
        })
        .concat();
    let schema: String = schema.split_whitespace().collect::<Vec<_>>().join(" ");
    for index in
        ["ON codes (expires_at", "ON sessions (expires_at", "ON pending (expires_at", "ON counters (expires_at"]
    {
        assert!(schema.contains(index), "{index}");
    }
    for index in ["ON tokens (app_id", "ON tokens (consent_id", "ON consents (user_id, app_id", "ON app_keys (app_id"] {
        assert!(schema.contains(index), "{index}");
    }
}

/// Nobody asks for it: the server clears away by itself what has ended, and only that. What guards or answers something
/// stays: a session and a browser that are still known, the mark of a spent code, consents, tokens dead and alive.
#[tokio::test]
async fn hydra_3784_4026_3559_the_server_sweeps_by_itself() {
    let (world, app, kim) = scene().await;
    let (spent, lee) = (kim.consents(&app, SCOPE, PICK).await, world.owner("lee@example.com").await);
    let bought = app.buys(&world, &spent).await;
    let revoked = lee.lends(&world, &app).await;
    assert_eq!(world.revoke(&revoked).await.status, 200);
    let wrong = Limit { kind: "anything", most: 9, window: minutes(1) };
    assert!(world.store().take(wrong, "kim".to_owned(), world.now()).await.unwrap());
    // Three days later both sign in with another browser, and what they signed in with first has ended; a screen waits.
    world.advance(days(3));
    let (today, store) = (world.now(), world.store().clone());
    let elsewhere = |who: Person| Person { browser: world.browser(), id: who.id, email: who.email, base: who.base };
    let (kim, lee) = (elsewhere(kim), elsewhere(lee));
    for who in [&kim, &lee] {
        who.signs_in().await;
    }
    let screen = kim.asked(&app.authorize(SCOPE)).await;
    // Asked as of the first day, when nothing of all this had ended.
    let left = async || {
        let sessions = store.sessions_of(kim.id, None, 9, NOON).await.unwrap().len()
            + store.sessions_of(lee.id, None, 9, NOON).await.unwrap().len();
        (sessions, store.taken(wrong, "kim", NOON).await.unwrap())
    };
    assert_eq!(left().await, (4, 1), "nothing is swept before its time");

    // The minute after which it sweeps passes at once.
    tokio::time::pause();
    tokio::time::advance(minutes(1)).await;
    tokio::time::resume();
    let swept = async {
        while left().await != (2, 0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(minutes(1), swept).await.expect("the server sweeps");

    for who in [&kim, &lee] {
        assert_eq!(who.opens("/console").await.status, 200, "who is signed in stays so");
        assert_eq!(store.sessions_of(who.id, None, 9, today).await.unwrap().len(), 1);
    }
    assert_eq!(store.devices_of(kim.id, None, 9, today).await.unwrap().len(), 2, "a browser is known for longer");
    assert_eq!(kim.answers(&screen, "agree", PICK).await.status, 302, "the screen still waits");
    assert_eq!(world.tokeninfo(&bought).await.status, 200);
    app.redeems(&world, &spent).await.refuses(KauthFault::CodeNotFound, &spent);
    dead(&world, &bought).await;
    dead(&world, &revoked).await;
    assert_eq!(store.tokens_of(app.id, None, 9).await.unwrap().len(), 2, "tokens answer disputes, also dead ones");
    for who in [&kim, &lee] {
        assert!(store.earlier_consent(who.id, app.id).await.unwrap().is_some(), "and so do consents");
    }
}
