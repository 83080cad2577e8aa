//! What an operator sees at a glance, and the long lists of apps and assets.

use bizauth_core::app::AppKind;
use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::AppId;
use bizauth_core::time::Time;
use bizauth_core::user::UserState;
use bizauth_store::{AddedAsset, AliveTokens, AssetRecord, NewApp, Turn, Waiting};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, a_user, an_asset, give, hold, someone};

#[tokio::test]
async fn what_waits_is_counted_up_to_a_bound() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        assert_eq!(store.waiting(9).await.unwrap(), Waiting { requests: 0, blocked: 0, sanctioned: 0 });
        for name in ["a", "b", "c"] {
            let user = a_user(&store, name).await;
            store.by(someone(NOW)).set_user_state(user, UserState::Blocked).await.unwrap();
        }
        store.by(someone(NOW)).set_sanction(scene.app, true).await.unwrap();
        assert_eq!(store.waiting(2).await.unwrap(), Waiting { requests: 0, blocked: 2, sanctioned: 1 });
    })
    .await;
}

#[tokio::test]
async fn the_way_to_the_first_grant_is_seen_step_by_step() {
    on_each_engine(async |store| {
        assert_eq!(store.first_steps().await.unwrap(), [false; 5]);
        let scene = Scene::set(&store).await;
        assert_eq!(store.first_steps().await.unwrap(), [true, true, false, false, false]);
        give(&store, scene.user, "moment", &[("1", "A")]).await;
        store.by(someone(NOW)).grant_permission(scene.app, "moment".into()).await.unwrap();
        scene.agrees().await;
        assert_eq!(store.first_steps().await.unwrap(), [true; 5]);
    })
    .await;
}

#[tokio::test]
async fn apps_are_listed_by_name_and_turned_both_ways() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        for name in ["Beta", "alpha", "betamax", "Gamma", "beta two"] {
            let (company, kind) = ("Example".to_owned(), AppKind::Basic);
            by.create_app(NewApp { name: name.to_owned(), company, kind, parent: None, owner: None }).await.unwrap();
        }
        let page = async |prefix: &str, turn: Turn<AppId>| {
            let leaf = store.apps_page(prefix, &turn, 2).await.unwrap();
            let names: Vec<String> = leaf.rows.iter().map(|it| it.app.name.clone()).collect();
            (names, (leaf.before, leaf.after), leaf.rows.iter().map(|it| it.app.id).collect::<Vec<_>>())
        };
        let (names, more, ids) = page("BETA", Turn::First).await;
        assert_eq!((names, more), (vec!["Beta".to_owned(), "beta two".to_owned()], (false, true)));
        let (names, more, last) = page("beta", Turn::After(ids[1])).await;
        assert_eq!((names, more), (vec!["betamax".to_owned()], (true, false)));
        assert_eq!(page("beta", Turn::Before(last[0])).await.2, ids);
        by.delete_app(ids[0]).await.unwrap();
        assert_eq!(page("beta", Turn::First).await.2, [ids[1], last[0]]);
        assert_eq!(page("beta", Turn::After(ids[0])).await.2, [ids[1], last[0]], "a page turned at what is gone since");
    })
    .await;
}

#[tokio::test]
async fn the_newest_tokens_of_an_app_are_counted() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let mut tokens = Vec::new();
        for _ in 0..3 {
            tokens.push(scene.buys(scene.agrees().await).await);
        }
        let count = async |idle: Time, most| store.alive_tokens(scene.app, idle, most).await.unwrap();
        let idle = NOW.minus(MINUTE);
        assert_eq!(count(idle, 9).await, AliveTokens { alive: 3, seen: 3 });
        assert_eq!(count(NOW, 9).await, AliveTokens { alive: 0, seen: 3 });
        store.revoke_token((tokens[2].0, tokens[2].1.digest()), NOW).await.unwrap();
        assert_eq!(count(idle, 2).await, AliveTokens { alive: 1, seen: 2 });
        store.by(someone(NOW)).set_developer_sanction(scene.developer, true).await.unwrap();
        assert_eq!(count(idle, 9).await, AliveTokens { alive: 0, seen: 3 });
        store.by(someone(NOW)).set_developer_sanction(scene.developer, false).await.unwrap();
        let fresh = scene.buys(scene.agrees().await).await;
        assert_eq!(count(idle, 9).await, AliveTokens { alive: 1, seen: 4 });
        assert!(scene.is_alive(&fresh).await);
        store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap();
        assert_eq!(count(idle, 9).await, AliveTokens { alive: 0, seen: 4 });
        scene.buys(scene.agrees().await).await;
        store.by(someone(NOW)).set_user_state(scene.user, UserState::Blocked).await.unwrap();
        assert_eq!(count(idle, 9).await, AliveTokens { alive: 0, seen: 5 });
        assert_eq!(store.alive_tokens(AppId(1), idle, 9).await.unwrap(), AliveTokens { alive: 0, seen: 0 });
    })
    .await;
}

#[tokio::test]
async fn assets_are_listed_by_name_with_those_who_hold_them() {
    on_each_engine(async |store| {
        for (id, name) in [("3", "Spring"), ("1", "autumn"), ("2", "spring sale")] {
            an_asset(&store, "moment", id, name).await;
        }
        let page = async |prefix: &str, turn: Turn<AssetId>| {
            let leaf = store.assets_page(&"moment".into(), prefix, &turn, 1).await.unwrap();
            (leaf.rows.iter().map(|it| it.id.0.clone()).collect::<Vec<_>>(), leaf.before, leaf.after)
        };
        let id = |id: &str| AssetId(id.to_owned());
        assert_eq!(page("", Turn::First).await, (vec!["1".to_owned()], false, true));
        assert_eq!(page("sPring", Turn::First).await, (vec!["3".to_owned()], false, true));
        assert_eq!(page("spring", Turn::After(id("3"))).await, (vec!["2".to_owned()], true, false));
        assert_eq!(page("spring", Turn::Before(id("2"))).await, (vec!["3".to_owned()], false, true));
        assert_eq!(page("", Turn::After(id("gone"))).await.0, ["1"]);
        assert!(store.asset(&"keyword".into(), &id("1")).await.unwrap().is_none());
        assert_eq!(store.asset(&"moment".into(), &id("1")).await.unwrap().unwrap().name, "autumn");

        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        give(&store, kim, "moment", &[("1", "autumn")]).await;
        store.by(someone(NOW)).hold_asset(lee, hold("moment", "1")).await.unwrap();
        let holders = async |turn: Turn<_>| {
            let leaf = store.holders(&"moment".into(), &id("1"), &turn, 1).await.unwrap();
            (leaf.rows.into_iter().map(|(user, _)| user).collect::<Vec<_>>(), leaf.before, leaf.after)
        };
        assert_eq!(holders(Turn::First).await, (vec![kim], false, true));
        assert_eq!(holders(Turn::After(kim)).await, (vec![lee], true, false));
        assert_eq!(holders(Turn::Before(lee)).await, (vec![kim], false, true));
    })
    .await;
}

#[tokio::test]
async fn an_asset_is_added_once_and_renamed_where_it_is() {
    on_each_engine(async |store| {
        let by = store.by(someone(NOW));
        let new = |group: &str, kind, name: &str| AssetRecord {
            group: group.into(),
            id: AssetId("7".to_owned()),
            kind,
            name: name.to_owned(),
        };
        let add = async |group: &str, name: &str| by.add_asset(new(group, AssetKind::AdAccount, name)).await.unwrap();
        assert_eq!(add("moment", "Spring").await, AddedAsset::Added);
        assert_eq!(add("moment", "Autumn").await, AddedAsset::AlreadyThere);
        assert_eq!(add("personal", "Autumn").await, AddedAsset::NoSuchGroup);
        assert_eq!(add("nowhere", "Autumn").await, AddedAsset::NoSuchGroup);
        let id = || AssetId("7".to_owned());
        assert!(by.rename_asset("moment".into(), id(), "Autumn".to_owned()).await.unwrap());
        let found = store.assets_page(&"moment".into(), "aut", &Turn::First, 9).await.unwrap();
        assert_eq!(found.rows[0].name, "Autumn");
        assert!(!by.rename_asset("keyword".into(), id(), "Autumn".to_owned()).await.unwrap());
    })
    .await;
}
