//! What a person sees of the apps they lent to, and that taking back is at once and readable afterwards.

use bizauth_core::app::AppKind;
use bizauth_core::asset::AssetId;
use bizauth_core::id::{AppId, ConsentId, TokenId, UserId};
use bizauth_core::scope::GroupId;
use bizauth_core::time::DAY;
use bizauth_store::{Alive, AuditFilter, LOOKED_AT, NewApp, ReachedAsset, Redemption, Store, Turn};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW, Scene, all, give, held, someone, these};

/// Codes live ten minutes, tokens a year unused; seen an hour after everything happened.
fn alive() -> Alive {
    Alive::at(NOW.plus(60 * MINUTE), 365 * DAY, 10 * MINUTE)
}

async fn withdraw(scene: &Scene, asset: &str) -> bool {
    let (group, asset) = (GroupId::from("moment"), AssetId(asset.to_owned()));
    scene.store.by(someone(NOW.plus(MINUTE))).withdraw_asset(scene.user, scene.app, group, asset).await.unwrap()
}

async fn reached(scene: &Scene) -> Vec<String> {
    let connection = scene.store.connected_app(scene.user, scene.app, alive()).await.unwrap().unwrap();
    let found = scene.store.reached_assets(&connection, "", &Turn::First, 99).await.unwrap();
    found.rows.iter().map(|it| format!("{}:{}", it.group, it.id)).collect()
}

async fn names(store: &Store, user: UserId, search: &str, turn: Turn<AppId>) -> Vec<String> {
    let found = store.connected_apps(user, search, &turn, 2, alive()).await.unwrap();
    found.rows.into_iter().map(|app| app.name).collect()
}

#[tokio::test]
async fn of_an_app_that_was_agreed_to_very_often_the_newest_consents_are_looked_at() {
    on_each_engine(async |store| {
        let (scene, young) = (Scene::set(&store).await, Alive::at(NOW.plus(MINUTE), 365 * DAY, 10 * MINUTE));
        let told = async || {
            let app = store.connected_app(scene.user, scene.app, young).await.unwrap().unwrap().app;
            let listed = store.connected_apps(scene.user, "", &Turn::First, 9, young).await.unwrap().rows;
            assert_eq!((listed[0].cut, listed[0].reach.len()), (app.cut, app.reach.len()));
            (app.cut, app.reach.into_iter().map(|it| it.group.0).collect::<Vec<_>>())
        };
        scene.lends(vec![all("keyword")]).await;
        for _ in 1..LOOKED_AT {
            scene.agrees().await;
        }
        assert_eq!(told().await, (false, vec!["keyword".to_owned(), "moment".to_owned()]));
        scene.agrees().await;
        assert_eq!(told().await, (true, vec!["moment".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn an_app_is_told_of_as_its_tokens_would_be_admitted() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let app = async || store.connected_app(scene.user, scene.app, alive()).await.unwrap().map(|found| found.app);
        assert!(app().await.is_none() && names(&store, scene.user, "", Turn::First).await.is_empty());
        give(&store, scene.user, "moment", &[("1", "one"), ("2", "two")]).await;
        let holdings = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let code = scene.lends(vec![these("moment", &holdings)]).await;
        let found = app().await.unwrap();
        assert_eq!((found.tokens, found.since, found.used_at), (0, Some(NOW), None));
        assert!(found.items.is_empty() && reached(&scene).await.is_empty(), "its code is too old to buy anything");
        let young = Alive::at(NOW.plus(MINUTE), 365 * DAY, 10 * MINUTE);
        assert_eq!(store.connected_app(scene.user, scene.app, young).await.unwrap().unwrap().app.items.len(), 2);

        let token = scene.buys(code).await;
        scene.buys(scene.lends(vec![all("keyword")]).await).await;
        let found = app().await.unwrap();
        assert_eq!((found.tokens, found.items.len(), found.used_at), (2, 2, Some(NOW)));
        assert_eq!((found.name.as_str(), found.company.as_str(), found.kind), ("Ad reports", "Example", AppKind::Biz));
        let reach: Vec<_> = found.reach.iter().map(|it| (it.group.0.as_str(), it.whole, it.assets)).collect();
        assert_eq!(reach, [("keyword", true, 0), ("moment", false, 2)]);
        assert_eq!(reached(&scene).await, ["moment:1", "moment:2"]);
        let listed = store.connected_apps(scene.user, "D REP", &Turn::First, 9, alive()).await.unwrap().rows;
        assert_eq!((listed.len(), listed[0].tokens, listed[0].reach.len(), listed[0].items.len()), (1, 2, 2, 2));

        let mine = (scene.user, scene.app);
        let tokens = store.living_tokens(mine, &Turn::First, 9, alive()).await.unwrap().rows;
        assert_eq!((tokens.len(), tokens[1].id, tokens[1].used_at), (2, token.0, NOW));
        assert_eq!(store.living_tokens(mine, &Turn::After(tokens[0].id), 9, alive()).await.unwrap().rows.len(), 1);
        let newer = store.living_tokens(mine, &Turn::Before(tokens[1].id), 9, alive()).await.unwrap();
        assert_eq!((newer.rows, newer.before, newer.after), (tokens[..1].to_vec(), false, true));
        let theirs = (scene.developer, scene.app);
        assert_eq!(store.living_tokens(theirs, &Turn::First, 9, alive()).await.unwrap().rows, []);
        let by = store.by(someone(NOW));
        assert!(!by.withdraw_token(scene.developer, scene.app, token.0).await.unwrap(), "another's");
        assert!(by.withdraw_token(scene.user, scene.app, token.0).await.unwrap());
        assert!(!by.withdraw_token(scene.user, scene.app, token.0).await.unwrap());
        assert!(!scene.is_alive(&token).await);
        let found = app().await.unwrap();
        assert_eq!((found.tokens, found.reach.len()), (1, 1), "nothing is in reach without a token");
        let late = Alive::at(NOW.plus(365 * DAY), 365 * DAY, 10 * MINUTE);
        assert_eq!(store.connected_app(scene.user, scene.app, late).await.unwrap().unwrap().app.tokens, 0, "of disuse");
        by.delete_key(scene.key).await.unwrap();
        assert_eq!(app().await.unwrap().tokens, 0);
    })
    .await;
}

#[tokio::test]
async fn apps_are_searched_and_paged() {
    on_each_engine(async |store| {
        let mut scene = Scene::set(&store).await;
        for name in ["beta", "Alpha", "가나", "alphabet"] {
            let owner = Some(scene.developer);
            let new = NewApp { name: name.to_owned(), company: String::new(), kind: AppKind::Biz, parent: None, owner };
            scene.app = store.by(someone(NOW)).create_app(new).await.unwrap().unwrap();
            scene.agrees().await;
        }
        assert_eq!(names(&store, scene.user, "", Turn::First).await, ["alphabet", "가나"], "the newest first");
        let page = store.connected_apps(scene.user, "", &Turn::First, 2, alive()).await.unwrap();
        assert_eq!((page.before, page.after), (false, true));
        let next = store.connected_apps(scene.user, "", &Turn::After(page.rows[1].id), 2, alive()).await.unwrap();
        assert_eq!(next.rows.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["Alpha", "beta"]);
        assert_eq!((next.before, next.after), (true, false));
        assert_eq!(names(&store, scene.user, "", Turn::Before(next.rows[0].id)).await, ["alphabet", "가나"]);
        assert_eq!(names(&store, scene.user, "PHAB", Turn::First).await, ["alphabet"], "anywhere in the name");
        assert_eq!(names(&store, scene.user, "나", Turn::First).await, ["가나"]);
        assert!(names(&store, scene.user, "%", Turn::First).await.is_empty());
        assert!(names(&store, scene.developer, "", Turn::First).await.is_empty());
        store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap();
        assert_eq!(
            names(&store, scene.user, "alpha", Turn::First).await,
            ["Alpha"],
            "what was taken back is not connected"
        );
        let gone = store.connected_app(scene.user, scene.app, alive()).await.unwrap().unwrap().app;
        assert_eq!((gone.since, gone.tokens), (None, 0), "but can be looked up");
        assert_eq!(store.agreed_app(scene.user, scene.app).await.unwrap(), Some(gone.name));
        assert!(store.agreed_app(scene.developer, scene.app).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn an_asset_that_is_taken_back_leaves_every_token_at_once() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "one"), ("2", "two")]).await;
        let holdings = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let first = scene.buys(scene.lends(vec![these("moment", &holdings)]).await).await;
        let second = scene.buys(scene.lends(vec![these("moment", &holdings[..1])]).await).await;
        let code = scene.lends(vec![these("moment", &holdings)]).await;
        let taken = holdings[0].asset.0.clone();
        let kept = holdings[1].asset.0.clone();
        assert!(!withdraw(&scene, "3").await, "what is not there");
        let mut stranger = scene.clone();
        stranger.user = scene.developer;
        assert!(!withdraw(&stranger, &taken).await, "another's");
        assert!(withdraw(&scene, &taken).await);
        assert!(!withdraw(&scene, &taken).await, "once");
        assert_eq!(scene.lent(&first).await, [format!("moment:{kept}")]);
        assert!(scene.lent(&second).await.is_empty() && scene.is_alive(&second).await);
        let third = scene.buys(code).await;
        assert_eq!(scene.lent(&third).await, [format!("moment:{kept}")], "a code does not escape it");
        let found = store.token(first.0, &first.1).await.unwrap().token.unwrap();
        assert_eq!(found.updated_at, NOW.plus(MINUTE), "tokeninfo says that it changed");
        let earlier = store.earlier_consent(scene.user, scene.app).await.unwrap().unwrap();
        assert_eq!(earlier.assets, [("moment".into(), kept.clone())]);

        let mine = (scene.user, scene.app);
        assert!(store.lent_asset(mine, &"moment".into(), &AssetId(taken.clone())).await.unwrap().is_none());
        let (found, whole) = store.lent_asset(mine, &"moment".into(), &AssetId(kept.clone())).await.unwrap().unwrap();
        assert_eq!((found.id.0.as_str(), whole), (kept.as_str(), false));
        let consents = store.consents_given(mine, &Turn::First, 9, alive()).await.unwrap().rows;
        assert_eq!(consents.iter().map(|it| it.tokens).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(consents[0].taken_at, Some(NOW.plus(MINUTE)));
        let back = store.taken_back(consents[0].id, &Turn::First, 9).await.unwrap().rows;
        assert_eq!((back.len(), back[0].asset.as_str(), back[0].at), (1, taken.as_str(), NOW.plus(MINUTE)));
        let page = store.consents_given(mine, &Turn::After(consents[0].id), 1, alive()).await.unwrap();
        assert_eq!((page.rows, page.before, page.after), (consents[1..2].to_vec(), true, true));
        let page = store.consents_given(mine, &Turn::Before(consents[2].id), 1, alive()).await.unwrap();
        assert_eq!((page.rows, page.before, page.after), (consents[1..2].to_vec(), true, true));
        let (shown, agreed_at, withdrawn_at) = store.consent_shown(mine, consents[0].id).await.unwrap().unwrap();
        assert_eq!((shown.as_str(), agreed_at, withdrawn_at), ("what was shown", NOW, None));
        assert!(store.consent_shown((scene.developer, scene.app), consents[0].id).await.unwrap().is_none());
        assert!(store.consent_shown(mine, ConsentId(1)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn one_asset_out_of_all_leaves_those_that_are_held_now() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "one"), ("2", "two"), ("3", "three")]).await;
        let token = scene.buys(scene.lends(vec![all("moment"), all("keyword")]).await).await;
        assert_eq!(reached(&scene).await, ["moment:1", "moment:3", "moment:2"], "by name");
        let connection = store.connected_app(scene.user, scene.app, alive()).await.unwrap().unwrap();
        let page = store.reached_assets(&connection, "T", &Turn::First, 1).await.unwrap();
        let key = |it: &ReachedAsset| (it.group.clone(), it.id.clone());
        let next = store.reached_assets(&connection, "T", &Turn::After(key(&page.rows[0])), 9).await.unwrap();
        assert_eq!((page.rows[0].id.0.as_str(), next.rows.len(), next.rows[0].id.0.as_str()), ("3", 1, "2"));
        let back = store.reached_assets(&connection, "T", &Turn::Before(key(&next.rows[0])), 9).await.unwrap();
        assert_eq!((back.rows, back.before, back.after), (page.rows, false, true));
        let (_, whole) = store
            .lent_asset((scene.user, scene.app), &"moment".into(), &AssetId("2".to_owned()))
            .await
            .unwrap()
            .unwrap();
        assert!(whole);
        assert!(!withdraw(&scene, "9").await);
        assert_eq!(scene.lent(&token).await, ["moment:*", "keyword:*"], "a made-up id changes nothing");
        assert!(withdraw(&scene, "2").await);
        assert_eq!(scene.lent(&token).await, ["keyword:*", "moment:1", "moment:3"]);
        let noted = store.audit_page(&AuditFilter::default(), None, 1).await.unwrap().remove(0).entry;
        assert_eq!(noted.before, r#"{"lent_assets":0,"lent_groups":2}"#, "what is lent whole is no number of assets");
        assert_eq!(noted.after, r#"{"lent_assets":2,"lent_groups":1}"#);
        give(&store, scene.user, "moment", &[("4", "four")]).await;
        assert_eq!(scene.lent(&token).await, ["keyword:*", "moment:1", "moment:3"], "new ones are not included");
        let consent =
            store.consents_given((scene.user, scene.app), &Turn::First, 9, alive()).await.unwrap().rows.remove(0).id;
        let back = store.taken_back(consent, &Turn::First, 9).await.unwrap().rows;
        assert_eq!(back.iter().map(|it| it.asset.as_str()).collect::<Vec<_>>(), ["*", "2"], "and what it was is named");
        let id = store.tokens_of(scene.app, None, 1).await.unwrap().remove(0).token.id;
        let seen = store.lent_with(id, &Turn::First, 9).await.unwrap().rows;
        let seen: Vec<_> = seen.iter().map(|it| it.asset.as_ref().map_or("*", |one| one.id.0.as_str())).collect();
        assert_eq!(seen, ["*", "*", "1", "3"], "the app, to which it was never named, does not learn it");
        for asset in ["1", "3"] {
            assert!(withdraw(&scene, asset).await);
        }
        assert_eq!(scene.lent(&token).await, ["keyword:*"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_lent_by_name_and_as_a_part_of_all_is_both() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "one"), ("2", "two")]).await;
        let named = held(&store, scene.user, &[("moment", "1")]).await;
        scene.buys(scene.lends(vec![these("moment", &named)]).await).await;
        let lent = async |id: &str| {
            let (mine, asset) = ((scene.user, scene.app), AssetId(id.to_owned()));
            store.lent_asset(mine, &"moment".into(), &asset).await.unwrap().map(|(_, whole)| whole)
        };
        assert_eq!((lent("1").await, lent("2").await), (Some(false), None));
        scene.buys(scene.lends(vec![all("moment")]).await).await;
        scene.buys(scene.lends(vec![these("moment", &named)]).await).await;
        assert_eq!((lent("1").await, lent("2").await), (Some(true), Some(true)));
        assert_eq!(reached(&scene).await, ["moment:1", "moment:2"]);
        let app = store.connected_app(scene.user, scene.app, alive()).await.unwrap().unwrap().app;
        assert_eq!((app.tokens, app.reach.len(), app.reach[0].whole, app.reach[0].assets), (3, 1, true, 1));
    })
    .await;
}

/// Whichever comes first: no token can speak for what was taken back.
#[tokio::test(flavor = "multi_thread")]
async fn no_code_escapes_a_withdrawal_at_the_same_time() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        for _ in 0..8 {
            let code = scene.agrees().await;
            let (secret, scene2) = (crate::scene::secret(), scene.clone());
            let digest = secret.digest();
            let said = at_once(&nodes, 2, move |store, turn| {
                let (user, app, key) = (scene2.user, scene2.app, scene2.key);
                async move {
                    if turn == 0 {
                        store.by(someone(NOW)).withdraw_consents(user, app).await.unwrap();
                        return None;
                    }
                    let limit = crate::scene::NO_LIMIT;
                    match store.redeem_code(code, key, digest, limit, crate::scene::yes, NOW).await.unwrap() {
                        Redemption::Issued { token, .. } => Some(token),
                        _ => None,
                    }
                }
            })
            .await;
            let bought: Option<TokenId> = said.into_iter().flatten().next();
            if let Some(token) = bought {
                assert!(!scene.is_alive(&(token, secret)).await);
            }
        }
    })
    .await;
}
