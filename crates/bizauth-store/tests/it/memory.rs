//! What is remembered is what is there, after every change, whoever made it. On the embedded engine nothing is remembered
//! while another process may make one; on PostgreSQL what others changed is heard before anything is told.

use std::path::Path;
use std::time::Duration;

use bizauth_core::app::{AppKind, Role};
use bizauth_core::asset::{AssetId, Holding};
use bizauth_core::ips::{Cidr, IpList, Service, Terms};
use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::scope::Catalogue;
use bizauth_core::token::{IDLE_LIFETIME, Lent, Token};
use bizauth_core::user::UserState;
use bizauth_store::{By, Found, NewKey, NewVersion, Publication, Redemption, Sight, Store, Vital};
use jiff::civil::date;
use tempfile::TempDir;

use crate::engines::{Place, on_each_engine};
use crate::scene::{GivenCode, GivenToken, MINUTE, NOW, Scene, all, app_key, digest, give, held, hold, someone, these};

/// All that a door may say of a token, in words that differ whenever any of it does.
fn say(token: &Token, lent: &[Lent], catalogue: &Catalogue) -> (String, Vec<String>) {
    let agreements = token.agreements(lent, catalogue);
    (format!("{} \0 and \0", token.may_see_email(catalogue)), vec![format!("{agreements:?}"), format!("{lent:?}")])
}

fn filled((text, blanks): (String, Vec<String>)) -> String {
    blanks.into_iter().fold(text, |text, blank| text.replacen('\0', &blank, 1))
}

/// Two apps, each with a key and a person who lent it something.
struct Platform {
    store: Store,
    scenes: Vec<Scene>,
    keys: Vec<AppKey>,
    tokens: Vec<GivenToken>,
    codes: Vec<Parked>,
    /// How many were good, and how many were not.
    traded: (usize, usize),
    lists: i64,
}

/// A code that was not traded yet, and in which eras of app and person it was given.
struct Parked {
    of: usize,
    code: GivenCode,
    eras: Option<(i64, i64)>,
    may_be_withdrawn: bool,
}

impl Platform {
    async fn new(store: Store) -> Self {
        let (scenes, keys, tokens, codes) = Default::default();
        let mut it = Platform { store, scenes, keys, tokens, codes, traded: (0, 0), lists: 0 };
        for kind in [KeyKind::RestApi, KeyKind::Admin] {
            let scene = Scene::set(&it.store).await;
            give(&it.store, scene.user, "moment", &[("1", "One"), ("2", "Two")]).await;
            let value = app_key();
            let secret = (kind == KeyKind::RestApi).then(digest);
            let new = NewKey { app: scene.app, kind, value: value.clone(), name: "a key".to_owned(), secret };
            it.by().create_key(new).await.unwrap().unwrap();
            it.keys.push(value);
            it.scenes.push(scene);
            it.buys(it.scenes.len() - 1).await;
        }
        it
    }

    fn by(&self) -> By {
        self.store.by(someone(NOW))
    }

    /// A token for all of a group, and one for one asset, as far as person and app can still have them.
    async fn buys(&mut self, of: usize) {
        let scene = self.scenes[of].clone();
        let one = held(&self.store, scene.user, &[("moment", "1")]).await;
        for grants in [vec![all("moment")], vec![these("moment", &one)]] {
            let (code, secret) = (digest(), crate::scene::secret());
            let new = scene.agreement(scene.shows().await, grants, code).await;
            let bizauth_store::Approval::Kept(id) = self.by().approve(new).await.unwrap() else { continue };
            let rate = crate::scene::NO_LIMIT;
            let bought = self.store.redeem_code((id, code), scene.key, secret.digest(), rate, crate::scene::yes, NOW);
            if let Redemption::Issued { token, .. } = bought.await.unwrap() {
                self.tokens.push((token, secret));
            }
        }
    }

    /// A code that is kept until other things have changed.
    async fn agrees(&mut self, of: usize) {
        let (scene, code) = (self.scenes[of].clone(), digest());
        let new = scene.agreement(scene.shows().await, vec![all("moment")], code).await;
        if let bizauth_store::Approval::Kept(id) = self.by().approve(new).await.unwrap() {
            let eras = self.eras(&scene).await;
            self.codes.push(Parked { of, code: (id, code), eras, may_be_withdrawn: false });
        }
    }

    /// The eras of app and person, while key and app live.
    async fn eras(&self, scene: &Scene) -> Option<(i64, i64)> {
        self.store.key_by_id(scene.key, NOW).await.unwrap()?;
        let (app, user) = (self.store.app(scene.app).await.unwrap()?, self.store.account(scene.user).await.unwrap()?);
        Some((app.app.era, user.user.era))
    }

    /// Trades them: what is as it was comes to a token, and nothing else does.
    async fn trades(&mut self) {
        for parked in std::mem::take(&mut self.codes) {
            let scene = self.scenes[parked.of].clone();
            let stands = parked.eras.is_some() && self.eras(&scene).await == parked.eras;
            let (secret, rate) = (crate::scene::secret(), crate::scene::NO_LIMIT);
            let (code, yes) = (parked.code, crate::scene::yes);
            match self.store.redeem_code(code, scene.key, secret.digest(), rate, yes, NOW).await.unwrap() {
                Redemption::Issued { token, .. } => {
                    assert!(stands);
                    self.traded.0 += 1;
                    self.tokens.push((token, secret));
                }
                Redemption::NotFound => {
                    assert!(!stands || parked.may_be_withdrawn);
                    self.traded.1 += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Some change, of the kind that the number says.
    async fn changes(&mut self, number: u64) {
        let of = (number / 64 % 2) as usize;
        let on = (number / 128).is_multiple_of(2);
        let scene = self.scenes[of].clone();
        let (by, app, user, developer) = (self.by(), scene.app, scene.user, scene.developer);
        let token = self.tokens[(number / 256) as usize % self.tokens.len()].clone();
        let (group, one) = ("moment".into(), AssetId("1".to_owned()));
        if (6..=8).contains(&(number % 32)) {
            self.codes.iter_mut().filter(|parked| parked.of == of).for_each(|parked| parked.may_be_withdrawn = true);
        }
        let key = self.store.keys_of(app, NOW).await.unwrap().last().map(|record| record.key.id);
        assert!(match number % 32 {
            0..=1 => {
                self.buys(of).await;
                true
            }
            2..=3 => {
                self.agrees(of).await;
                true
            }
            31 => {
                self.trades().await;
                true
            }
            4 => self.store.revoke_token((token.0, token.1.digest()), NOW).await.is_ok(),
            5 => by.revoke_token_of(app, token.0).await.is_ok(),
            6 => by.withdraw_token(user, app, token.0).await.is_ok(),
            7 => by.withdraw_asset(user, app, group, one).await.is_ok(),
            8 if on => by.withdraw_consents(user, app).await.is_ok(),
            9 => by.set_sanction(app, on).await.is_ok(),
            10 => by.set_developer_sanction(developer, on).await.is_ok(),
            11 => by.set_user_state(user, if on { UserState::Active } else { UserState::Blocked }).await.is_ok(),
            12 => by.set_user_state(user, if on { UserState::Active } else { UserState::Dormant }).await.is_ok(),
            13 => by.set_maintenance(on).await.is_ok(),
            14 => by.set_daily_quota(app, on.then_some(7)).await.is_ok(),
            15 => by.lose_asset(user, group, one).await.is_ok(),
            16 => by.hold_asset(user, Holding { lendable: on, ..hold("moment", "1") }).await.is_ok(),
            17 => self.store.note_use(token.0, NOW.plus(MINUTE)).await.is_ok(),
            18 => by.rename_app(app, format!("App {number}"), "Co".to_owned()).await.is_ok(),
            19 => by.set_app_kind(app, if on { AppKind::Biz } else { AppKind::Basic }).await.is_ok(),
            20 => by.add_member(app, user, Role::Editor.word()).await.is_ok(),
            21 => by.end_membership(app, user).await.is_ok(),
            22 => by.raise_item("moment_management".into()).await.is_ok(),
            23 => self.changes_catalogue(on).await,
            24 => self.publishes().await,
            _ => {
                let Some(key) = key else { return };
                match number % 32 {
                    25 => by.set_key_disabled(key, on).await.is_ok(),
                    26 => by.issue_secret(key, digest(), NOW.plus(MINUTE)).await.is_ok(),
                    27 if number.is_multiple_of(3) => by.set_pkce_required(key, on).await.is_ok(),
                    27 => by.set_may_read_ips(key, on).await.is_ok(),
                    28 => self.store.note_key_use(key, NOW).await.is_ok(),
                    29 if number.is_multiple_of(5) => by.delete_key(scene.key).await.is_ok(),
                    30 if number.is_multiple_of(9) => by.delete_app(app).await.is_ok(),
                    _ => by.end_overlap(key).await.is_ok(),
                }
            }
        });
    }

    async fn changes_catalogue(&self, on: bool) -> bool {
        let mut item = self.store.catalogue().await.unwrap().item("moment_management").unwrap().clone();
        (item.shares_email, item.yields_channels) = (on, !on);
        self.by().change_item(item).await.unwrap()
    }

    async fn publishes(&mut self) -> bool {
        let ips = vec![Cidr::parse("203.0.113.0/24").unwrap()];
        let service =
            Service { name: "One".to_owned(), ips, ports: vec![443], updated: date(2026, 1, 1), steps: vec![] };
        self.lists += 1;
        let list = IpList::new(vec![service], Vec::new(), date(2026, 1, 1)).unwrap();
        let terms = Terms::of(date(2026, 1, 1), true);
        let done = self.by().publish_ips(NewVersion::of(list, terms)).await.unwrap();
        done == Publication::Done(self.lists)
    }

    /// Holds every memory against the records, and fills it anew. Says how many tokens were told from memory.
    async fn compares(&self) -> usize {
        let (mut told, catalogue) = (0, self.store.catalogue().await.unwrap());
        for (id, secret) in &self.tokens {
            let found = self.store.token(*id, secret).await.unwrap();
            let token = found.token.unwrap();
            // Who would end it sees the same of it.
            let no = |_: &Found<Vital>| false;
            let (vital, ended) = self.store.revoke_found_token((*id, secret.digest()), no, NOW).await.unwrap();
            let (maintenance, vital) = (vital.maintenance, vital.token.unwrap());
            let seen =
                (maintenance, vital.app, vital.daily_quota, vital.app_user, vital.life.admit(IDLE_LIFETIME, NOW));
            let told_of = (token.app.id, token.app.daily_quota, token.app_user, token.admit(IDLE_LIFETIME, NOW));
            assert_eq!((seen, ended), ((found.maintenance, told_of.0, told_of.1, told_of.2, told_of.3), None));
            let inline = self.store.remembered(*id, &secret.digest());
            let looked = match self.store.look_at(*id, &secret.digest(), NOW, say).await.unwrap() {
                Sight::Remembered(seen) => Some(seen),
                Sight::Read { .. } => None,
            };
            if let Some(seen) = inline.or(looked) {
                told += 1;
                assert!(!found.maintenance && token.admit(IDLE_LIFETIME, NOW).is_ok(), "{token:?} is remembered");
                let mut written = String::new();
                seen.write(&mut written);
                assert_eq!(written, filled(say(&token, &self.store.lent(*id).await.unwrap(), &catalogue)));
                let read = (token.used_at, token.updated_at, token.app.daily_quota, token.app.id, token.app_user);
                assert_eq!((seen.used_at, seen.updated_at, seen.daily_quota(), seen.app(), seen.app_user), read);
            }
        }
        let maintenance = self.store.maintenance().await.unwrap();
        for value in &self.keys {
            for now in [NOW, NOW.plus(MINUTE)] {
                let Some(found) = self.store.key(value, now).await.unwrap() else { continue };
                let record = self.store.key_by_id(found.key.id, now).await.unwrap().unwrap();
                let app = self.store.app(found.app.id).await.unwrap().unwrap().app;
                assert_eq!(format!("{:?}", found.key), format!("{:?}", record.key));
                assert_eq!((found.used_at, found.maintenance, &found.app), (record.used_at, maintenance, &app));
            }
        }
        let newest = self.store.published_ips().await.unwrap().map_or(0, |published| published.serial);
        assert_eq!(newest, self.lists);
        told
    }
}

/// Random changes, always the same ones.
#[tokio::test]
async fn memory_and_records_never_disagree() {
    on_each_engine(async |store| {
        let (mut random, mut told, mut traded) = (0x9e37_79b9_7f4a_7c15_u64, 0, (0, 0));
        for _ in 0..6 {
            let mut platform = Platform::new(store.clone()).await;
            platform.lists = store.published_ips().await.unwrap().map_or(0, |published| published.serial);
            store.by(someone(NOW)).set_maintenance(false).await.unwrap();
            platform.compares().await;
            for _ in 0..40 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                platform.changes(random >> 8).await;
                told += platform.compares().await;
            }
            platform.trades().await;
            traded = (traded.0 + platform.traded.0, traded.1 + platform.traded.1);
        }
        assert!(told > 100, "{told} were told from memory");
        assert!(traded.0 >= 3 && traded.1 >= 3, "{traded:?} codes were good, and were not");
    })
    .await;
}

/// Another process opens the file, which our own process can play: the locks are those of the opened file.
#[tokio::test]
async fn beside_another_writer_nothing_is_remembered() {
    let folder = TempDir::new().unwrap();
    let file: &Path = &folder.path().join("db");
    let server = Store::embedded(file, 1).unwrap();
    server.migrate(NOW).await.unwrap();
    let server = server.remembering(1000).unwrap();
    let scene = Scene::set(&server).await;
    let tokens = [scene.buys(scene.agrees().await).await, scene.buys(scene.agrees().await).await];
    let look = async |token: &GivenToken| {
        server.look_at(token.0, &token.1.digest(), NOW, say).await.unwrap();
        server.remembered(token.0, &token.1.digest()).is_some()
    };
    assert!(look(&tokens[0]).await && look(&tokens[1]).await);
    // What all tokens and codes of a key stand on is remembered as well.
    let other = Scene::set(&server).await;
    let (spent, code) = (other.buys(other.agrees().await).await, other.agrees().await);
    let lives = async || {
        let no = |_: &Found<Vital>| false;
        let found = server.revoke_found_token((spent.0, spent.1.digest()), no, NOW).await.unwrap().0;
        found.token.unwrap().life.admit(IDLE_LIFETIME, NOW).is_ok()
    };
    assert!(lives().await);

    let beside = Store::embedded(file, 2).unwrap();
    assert!(!look(&tokens[0]).await, "it may be revoked at any moment");
    assert!(beside.by(someone(NOW)).revoke_token_of(scene.app, tokens[0].0).await.unwrap());
    assert!(!scene.is_alive(&tokens[0]).await);
    assert!(scene.is_alive(&tokens[1]).await);

    // Two who would both remember: neither does, while both are there.
    let beside = beside.remembering(1000).unwrap();
    assert!(!look(&tokens[1]).await);
    beside.look_at(tokens[1].0, &tokens[1].1.digest(), NOW, say).await.unwrap();
    assert!(beside.remembered(tokens[1].0, &tokens[1].1.digest()).is_none());
    assert!(lives().await);
    for on in [true, false] {
        assert!(beside.by(someone(NOW)).set_sanction(other.app, on).await.unwrap());
    }
    beside.close().await;

    // Once it is gone, memory begins anew, with what is there now.
    while !look(&tokens[1]).await {
        tokio::task::yield_now().await;
    }
    assert!(!lives().await, "the sanction began another era of the app");
    assert_eq!(other.trades(code).await, Redemption::NotFound);
    assert!(!scene.is_alive(&tokens[0]).await);
}

/// Programs that know nothing of our locks find the engine's: while a server remembers, none of them can write.
#[tokio::test]
async fn while_it_remembers_no_other_program_can_write() {
    const CLAIM: &str = "BEGIN IMMEDIATE; ROLLBACK";
    const REVOKE: &str = "UPDATE tokens SET revoked_at = 1";
    let folder = TempDir::new().unwrap();
    let file: &Path = &folder.path().join("db");
    // Over a link, too, which leads to the same locks.
    let link: &Path = &folder.path().join("link");
    let server = Store::embedded(file, 1).unwrap();
    std::os::unix::fs::symlink(file, link).unwrap();
    server.migrate(NOW).await.unwrap();
    let other = rusqlite::Connection::open(file).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    other.execute_batch(CLAIM).unwrap();
    let server = server.remembering(1000).unwrap();
    let scene = Scene::set(&server).await;
    let token = scene.buys(scene.agrees().await).await;
    let is_busy = |error: rusqlite::Error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
    for _ in 0..100 {
        server.look_at(token.0, &token.1.digest(), NOW, say).await.unwrap();
        assert!(server.remembered(token.0, &token.1.digest()).is_some());
        assert!(other.execute_batch(CLAIM).is_err_and(is_busy));
        assert!(other.execute_batch(REVOKE).is_err_and(is_busy));
        server.note_use(token.0, NOW.plus(MINUTE)).await.unwrap();
    }
    let beside = Store::embedded(link, 2).unwrap();
    assert!(server.remembered(token.0, &token.1.digest()).is_none());
    other.execute_batch(REVOKE).unwrap();
    assert!(!scene.is_alive(&token).await);
    beside.close().await;
    server.close().await;
    other.execute_batch(CLAIM).unwrap();
}

/// A node over a PostgreSQL that others write to as well: itself, somebody else's connection, and two living tokens.
async fn shared() -> (Scene, tokio_postgres::Client, [GivenToken; 2]) {
    let url = crate::postgres::database();
    let node = Place::Server(url.clone()).node(1);
    node.migrate(NOW).await.unwrap();
    let scene = Scene::set(&node.remembering(1000).unwrap()).await;
    let tokens = [scene.buys(scene.agrees().await).await, scene.buys(scene.agrees().await).await];
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    assert!(!is_remembered(&scene, &tokens[0]).await && !is_remembered(&scene, &tokens[1]).await);
    assert!(is_remembered(&scene, &tokens[0]).await && is_remembered(&scene, &tokens[1]).await);
    (scene, client, tokens)
}

/// Whether it is told from memory. If not, it is from now on, if it is alive.
async fn is_remembered(scene: &Scene, token: &GivenToken) -> bool {
    let sight = scene.store.look_at(token.0, &token.1.digest(), NOW, say).await.unwrap();
    matches!(sight, Sight::Remembered(_))
}

/// The same after a sweep, which counts as missed as long as a transaction lasts that is older, in any database of the
/// server: those of other tests are not long.
async fn is_remembered_soon(scene: &Scene, token: &GivenToken) {
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_remembered(scene, token).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    patience.await.expect("it is never remembered again");
}

/// A change counts from the instant in which it can be seen, whatever began and ended since it began.
#[tokio::test]
async fn a_change_of_others_is_heard_once_it_can_be_seen() {
    let (scene, other, [one, two]) = shared().await;
    let consent = |token: &GivenToken| format!("(SELECT consent_id FROM tokens WHERE id = {})", token.0.0);
    other.batch_execute("BEGIN").await.unwrap();
    let lose = format!("UPDATE lent_assets SET withdrawn_at = 1 WHERE consent_id = {}", consent(&one));
    other.batch_execute(&lose).await.unwrap();
    for _ in 0..3 {
        // Younger transactions end meanwhile, and each is heard once.
        assert!(scene.store.by(someone(NOW)).set_daily_quota(scene.app, Some(1_000_000)).await.unwrap());
        assert!(!is_remembered(&scene, &two).await, "its app has changed");
        assert!(is_remembered(&scene, &two).await, "and was read since");
        is_remembered(&scene, &one).await;
        assert!(is_remembered(&scene, &one).await, "nobody can see yet what is under way");
    }
    other.batch_execute("COMMIT").await.unwrap();
    assert!(!is_remembered(&scene, &one).await);
    assert!(is_remembered(&scene, &two).await, "it is of another consent");
    assert!(scene.lent(&one).await.is_empty());

    let withdraw = format!("UPDATE consents SET withdrawn_at = 1 WHERE id = {}", consent(&two));
    other.batch_execute(&format!("BEGIN; {withdraw}; ROLLBACK")).await.unwrap();
    assert!(is_remembered(&scene, &two).await, "what was undone never was");
    other.batch_execute(&withdraw).await.unwrap();
    assert!(!scene.is_alive(&two).await);
    other.batch_execute("TRUNCATE lent_assets").await.unwrap();
    assert!(!is_remembered(&scene, &one).await);
    assert!(is_remembered(&scene, &one).await);
    other.batch_execute(&format!("DELETE FROM tokens WHERE id = {}", one.0.0)).await.unwrap();
    assert!(!scene.is_alive(&one).await);
}

/// Who cannot know what changed forgets everything: too much did, or it was swept. And what came here by a restore, of
/// transactions that are yet to come, is in nobody's way for longer than until the next sweep.
#[tokio::test]
async fn who_may_have_missed_a_change_forgets() {
    let (scene, other, [one, _]) = shared().await;
    let user = scene.user.0;
    let changes = "INSERT INTO changes (kind, row_id) SELECT 3, 1 FROM generate_series(1, $1::bigint)";
    for (count, knows) in [(999_i64, true), (1000, false), (9000, false)] {
        other.execute(changes, &[&count]).await.unwrap();
        assert_eq!(is_remembered(&scene, &one).await, knows, "{count} changes of others");
        assert!(is_remembered(&scene, &one).await);
    }
    other.execute(changes, &[&1_i64]).await.unwrap();
    let swept = "UPDATE changes_swept SET xid = (SELECT max(xid) FROM changes)";
    other.batch_execute(&format!("BEGIN; {swept}; DELETE FROM changes; COMMIT")).await.unwrap();
    assert!(!is_remembered(&scene, &one).await, "one was swept before it was heard of");
    is_remembered_soon(&scene, &one).await;

    let count = async || other.query_one("SELECT count(*) FROM changes", &[]).await.unwrap().get::<_, i64>(0);
    other.execute(changes, &[&9000_i64]).await.unwrap();
    scene.store.sweep(5, NOW).await.unwrap();
    assert_eq!(count().await, 8192);
    let restored = "INSERT INTO changes (xid, kind, row_id) VALUES (4000000000000, 3, $1)";
    other.execute(restored, &[&user]).await.unwrap();
    other.batch_execute("UPDATE changes_swept SET xid = 4000000000000").await.unwrap();
    assert!(!is_remembered(&scene, &one).await && !is_remembered(&scene, &one).await);
    scene.store.sweep(5, NOW).await.unwrap();
    is_remembered_soon(&scene, &one).await;
}
