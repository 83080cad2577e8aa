//! Long lists, page by page: walked to the end and back, they show everything once and in one order.

use bizauth_core::app::AppKind;
use bizauth_core::asset::AssetId;
use bizauth_core::operator::Scope;
use bizauth_core::scope::GroupId;
use bizauth_core::user::UserState;
use bizauth_store::{
    Actor, Alive, AuditFilter, Counts, Leaf, NewApp, NewImport, NewUser, Result, Turn, UserRecord, Who,
};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, a_browser, a_user, all, digest, give, held, number, someone, these};

/// Walks a list of `count` rows in pages of two, to its end and back, and gives the names of its rows.
async fn walk<T, K: Clone + PartialEq + std::fmt::Debug>(
    count: usize,
    read: impl AsyncFn(Turn<K>) -> Result<Leaf<T>>,
    key: impl Fn(&T) -> K,
) -> Vec<K> {
    let keys = |leaf: &Leaf<T>| leaf.rows.iter().map(&key).collect::<Vec<_>>();
    let mut leaf = read(Turn::First).await.unwrap();
    assert!(!leaf.before, "nothing comes before the first page");
    let mut seen = keys(&leaf);
    while leaf.after {
        leaf = read(Turn::After(seen.last().unwrap().clone())).await.unwrap();
        assert!(leaf.before && !leaf.rows.is_empty() && leaf.rows.len() <= 2);
        seen.extend(keys(&leaf));
    }
    assert_eq!(seen.len(), count, "everything, and once: {seen:?}");
    let mut back = keys(&leaf);
    while leaf.before {
        leaf = read(Turn::Before(back[0].clone())).await.unwrap();
        assert!(leaf.after && !leaf.rows.is_empty());
        back.splice(0..0, keys(&leaf));
    }
    assert_eq!(back, seen, "and back");
    seen
}

#[tokio::test]
async fn the_people_of_an_app_are_listed_by_address() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        for name in ["beta", "alpha", "gamma", "alphabet"] {
            assert!(by.add_member(scene.app, a_user(&store, name).await, "editor").await.unwrap());
        }
        let page = async |turn| store.members_page(scene.app, "", &turn, 2).await;
        let seen = walk(5, page, |it| it.user).await;
        let mut addresses = Vec::new();
        for user in &seen {
            addresses.push(store.member(scene.app, *user).await.unwrap().unwrap().email);
        }
        assert!(addresses.is_sorted(), "{addresses:?}");
        walk(2, async |turn| store.members_page(scene.app, " ALPHA", &turn, 2).await, |it| it.user).await;
        assert!(store.member(scene.app, scene.user).await.unwrap().is_none(), "no member");
        // An app is found by its members under the name that it has now.
        assert!(by.rename_app(scene.app, "Zebra".to_owned(), String::new()).await.unwrap());
        assert_eq!(store.apps_of(scene.developer, "zeb", None, 9).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_stands_out_among_accounts_and_apps_is_listed_alone() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let (mut blocked, mut sanctioned) = (Vec::new(), Vec::new());
        for n in 0..5 {
            let user = a_user(&store, "blocked").await;
            assert!(by.set_user_state(user, UserState::Blocked).await.unwrap());
            blocked.push(user);
            let new = NewApp {
                name: format!("App {n}"),
                company: String::new(),
                kind: AppKind::Basic,
                parent: None,
                owner: Some(scene.developer),
            };
            let app = by.create_app(new).await.unwrap().unwrap();
            assert!(by.set_sanction(app, true).await.unwrap());
            sanctioned.push(app);
        }
        let accounts = walk(5, async |turn| store.blocked_accounts(&turn, 2).await, |it: &UserRecord| it.user.id).await;
        assert_eq!(accounts, blocked);
        let apps = walk(5, async |turn| store.sanctioned_apps(&turn, 2).await, |it| it.app.id).await;
        assert_eq!(apps, sanctioned);
        assert!(by.set_sanction(sanctioned[0], false).await.unwrap());
        assert_eq!(store.sanctioned_apps(&Turn::First, 9).await.unwrap().rows.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_every_key_file_and_session() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let mut keys = Vec::new();
        for n in 0..5 {
            let scopes = vec![Scope::AuditRead];
            keys.insert(0, by.create_operator_key(format!("key {n}"), scopes, digest(), None).await.unwrap());
        }
        assert_eq!(walk(5, async |turn| store.operator_keys(&turn, 2).await, |it| it.id).await, keys);
        assert_eq!(store.operator_key_by_id(keys[4]).await.unwrap().unwrap().name, "key 0");
        let mut files = Vec::new();
        for n in 0..5 {
            let new = NewImport {
                name: format!("{n}.csv"),
                format: "csv".to_owned(),
                body: String::new(),
                total: 0,
                refused: String::new(),
                n_refused: 0,
                counts: Counts::default(),
            };
            files.insert(0, by.keep_import(new).await.unwrap());
        }
        assert_eq!(walk(5, async |turn| store.imports(&turn, 2, NOW).await, |it| it.id).await, files);
        let kim = a_user(&store, "kim").await;
        for _ in 0..5 {
            let ends = NOW.plus(60 * MINUTE);
            let new = a_browser((digest(), ends), (digest(), ends));
            store.sign_in(kim, "$argon2id$none".to_owned(), new, NOW).await.unwrap().unwrap();
        }
        let sessions = walk(5, async |turn| store.sessions_page(kim, &turn, 2, NOW).await, |it| it.id).await;
        assert!(sessions.is_sorted_by(|a, b| a > b), "the newest first");
    })
    .await;
}

#[tokio::test]
async fn an_app_sees_all_that_it_asked_for() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let (name, company, owner) = ("Basic".to_owned(), String::new(), Some(scene.developer));
        let new = NewApp { name, company, kind: AppKind::Basic, parent: None, owner };
        let app = by.create_app(new).await.unwrap().unwrap();
        for _ in 0..5 {
            let bizauth_store::Asked::Made(id) = by.ask_permission(app, None, "why".to_owned()).await.unwrap() else {
                panic!("it may ask")
            };
            assert!(by.withdraw_biz_request(app, id).await.unwrap());
        }
        let seen = walk(5, async |turn| store.biz_requests(app, &turn, 2).await, |it| it.id).await;
        assert!(seen.is_sorted_by(|a, b| a > b), "the newest first");
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_all_that_an_app_reaches() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let names = ["b", "a", "e", "d", "c"];
        for group in ["moment", "keyword"] {
            let assets: Vec<_> = names.iter().map(|name| (*name, *name)).collect();
            give(&store, scene.user, group, &assets).await;
        }
        let named: Vec<_> = names.iter().map(|name| ("moment", *name)).collect();
        let picked = held(&store, scene.user, &named).await;
        // One group is lent one by one, in two consents that overlap; the other as a whole.
        scene.buys(scene.lends(vec![these("moment", &picked[..4]), all("keyword")]).await).await;
        scene.buys(scene.lends(vec![these("moment", &picked[2..])]).await).await;
        let alive = Alive::at(NOW, 60 * MINUTE, MINUTE);
        let connection = store.connected_app(scene.user, scene.app, alive).await.unwrap().unwrap();
        let page = async |turn| store.reached_assets(&connection, "", &turn, 2).await;
        let seen = walk(10, page, |it| (it.group.clone(), it.id.clone())).await;
        let told: Vec<String> = seen.iter().map(|(group, id)| format!("{group}:{id}")).collect();
        let mut sorted = told.clone();
        sorted.sort();
        assert_eq!(told, sorted, "by group and name");
        let page = async |turn| store.reached_assets(&connection, "D", &turn, 2).await;
        walk(2, page, |it: &bizauth_store::ReachedAsset| (it.group.clone(), it.id.clone())).await;
        let gone = Turn::After((GroupId::from("moment"), AssetId("gone".to_owned())));
        assert!(!store.reached_assets(&connection, "", &gone, 2).await.unwrap().before, "the list begins anew");
    })
    .await;
}

/// The clocks of two nodes differ by minutes: what was written down late is still found by when it happened.
#[tokio::test]
async fn entries_are_found_by_time_whatever_their_place() {
    on_each_engine(async |store| {
        let at = |minutes: u32| Actor {
            who: Who::CommandLine,
            name: "tester".to_owned(),
            from: None,
            at: NOW.plus(minutes * MINUTE),
        };
        let new = |name: &str| NewUser {
            email: format!("{name}-{}@example.com", number()),
            email_verified: true,
            password: String::new(),
            in_business_centre: true,
            is_operator: false,
        };
        for minutes in [600, 605, 603, 1200, 1201, 1800, 1799] {
            store.by(at(minutes)).create_user(new("kim")).await.unwrap().unwrap();
        }
        let found = async |since: Option<u32>, until: Option<u32>, full: bool| {
            let since = since.map(|minutes| NOW.plus(minutes * MINUTE));
            let until = until.map(|minutes| NOW.plus(minutes * MINUTE));
            let named = |text: &str| full.then(|| text.to_owned());
            let filter = AuditFilter { since, until, actor: named("tester"), act: named("account.create"), on: None };
            let page = store.audit_page(&filter, None, 100).await.unwrap();
            page.iter().map(|it| it.entry.at.since(NOW).as_secs() / 60).filter(|at| *at > 0).collect::<Vec<_>>()
        };
        for full in [false, true] {
            assert_eq!(found(Some(604), Some(606), full).await, [605]);
            assert_eq!(found(Some(603), Some(604), full).await, [603]);
            assert_eq!(found(Some(601), Some(1201), full).await, [1200, 603, 605]);
            assert_eq!(found(Some(1800), None, full).await, [1800]);
            assert_eq!(found(None, Some(605), full).await, [603, 600]);
            assert!(found(Some(700), Some(800), full).await.is_empty());
            assert!(found(Some(9000), None, full).await.is_empty());
        }
    })
    .await;
}
