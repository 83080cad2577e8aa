//! A consent screen has one answer; what was agreed to is kept as it was shown, and counted.

use bizauth_core::asset::AssetId;
use bizauth_core::id::SessionId;
use bizauth_core::time::DAY;
use bizauth_store::{Alive, Approval, Limit, Turn};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW, Scene, all, digest, give, held, secret, someone, these};

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_answers_to_one_screen_buy_one_code() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let screen = scene.shows().await;
        let new = scene.agreement(screen, vec![all("moment")], digest()).await;
        let said = at_once(&nodes, 32, |store, _| {
            let new = new.clone();
            async move { store.by(someone(NOW)).approve(new).await.unwrap() }
        })
        .await;
        assert_eq!(said.iter().filter(|said| matches!(said, Approval::Kept(_))).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|said| **said == Approval::Over).count(), 31);
        assert!(!nodes[1].decline(screen.0, screen.1, screen.2, NOW).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_and_no_at_once_are_one_answer() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        for _ in 0..8 {
            let screen = scene.shows().await;
            let new = scene.agreement(screen, vec![all("moment")], digest()).await;
            let said = at_once(&nodes, 2, |store, turn| {
                let new = new.clone();
                async move {
                    match turn {
                        0 => matches!(store.by(someone(NOW)).approve(new).await.unwrap(), Approval::Kept(_)),
                        _ => store.decline(screen.0, screen.1, screen.2, NOW).await.unwrap(),
                    }
                }
            })
            .await;
            assert!(said[0] != said[1], "{said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_browser_that_was_shown_the_screen_may_answer_it_and_in_time() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let screen = scene.shows().await;
        let right = scene.agreement(screen, vec![all("moment")], digest()).await;
        let (mut foreign, mut guessed) = (right.clone(), right.clone());
        foreign.session = SessionId(8);
        guessed.pending.1 = digest();
        let end = NOW.plus(10 * MINUTE);
        for (new, when) in [(foreign, NOW), (guessed, NOW), (right.clone(), end)] {
            assert_eq!(store.by(someone(when)).approve(new).await.unwrap(), Approval::Over);
        }
        assert!(!store.decline(screen.0, digest(), screen.2, NOW).await.unwrap());
        assert!(!store.decline(screen.0, screen.1, SessionId(8), NOW).await.unwrap());
        assert!(matches!(store.by(someone(NOW)).approve(right).await.unwrap(), Approval::Kept(_)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuance_limit_is_exact_and_leaves_the_screen() {
    const LIMIT: Limit = Limit { kind: "codes", most: 5, window: DAY };
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let mut agreements = Vec::new();
        for _ in 0..20 {
            let mut new = scene.agreement(scene.shows().await, vec![all("moment")], digest()).await;
            new.limit = LIMIT;
            agreements.push(new);
        }
        let said = at_once(&nodes, agreements.len(), |store, turn| {
            let new = agreements[turn].clone();
            async move { (turn, store.by(someone(NOW)).approve(new).await.unwrap()) }
        })
        .await;
        let over: Vec<_> = said.iter().filter(|(_, said)| *said == Approval::LimitReached).map(|it| it.0).collect();
        assert_eq!(said.iter().filter(|(_, said)| matches!(said, Approval::Kept(_))).count(), 5, "{said:?}");
        assert_eq!(over.len(), 15);
        assert_eq!(nodes[1].issued(LIMIT, scene.user, scene.app, NOW).await.unwrap(), 5);

        let mut again = agreements[over[0]].clone();
        again.limit.most = 6;
        assert!(
            matches!(nodes[1].by(someone(NOW)).approve(again).await.unwrap(), Approval::Kept(_)),
            "it can still be answered"
        );
        let stranger = Scene::set(&nodes[0]).await;
        assert_eq!(nodes[0].issued(LIMIT, stranger.user, scene.app, NOW).await.unwrap(), 0);
        assert_eq!(nodes[0].issued(LIMIT, scene.user, scene.app, NOW.plus(DAY)).await.unwrap(), 0);
    })
    .await;
}

/// Both first consents at once: the app must not know one person by two numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_one_person_to_an_app_and_another_to_the_next() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let mut agreements = Vec::new();
        for _ in 0..8 {
            agreements.push(scene.agreement(scene.shows().await, vec![all("moment")], digest()).await);
        }
        let codes = at_once(&nodes, agreements.len(), |store, turn| {
            let new = agreements[turn].clone();
            async move {
                let code = new.code;
                match store.by(someone(NOW)).approve(new).await.unwrap() {
                    Approval::Kept(id) => (id, code),
                    other => panic!("{other:?}"),
                }
            }
        })
        .await;
        let mut known_as = Vec::new();
        for code in codes {
            let (id, secret) = scene.buys(code).await;
            known_as.push(nodes[0].token(id, &secret).await.unwrap().token.unwrap().app_user);
        }
        known_as.dedup();
        assert_eq!(known_as.len(), 1, "{known_as:?}");

        let mut next = Scene::set(&nodes[0]).await;
        next.user = scene.user;
        let (id, secret) = next.buys(next.agrees().await).await;
        assert_ne!(nodes[0].token(id, &secret).await.unwrap().token.unwrap().app_user, known_as[0]);
    })
    .await;
}

#[tokio::test]
async fn the_last_consent_is_remembered_until_it_is_withdrawn() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        assert_eq!(store.earlier_consent(scene.user, scene.app).await.unwrap(), None);
        give(&store, scene.user, "moment", &[("2", "two"), ("1", "one")]).await;
        let holdings = held(&store, scene.user, &[("moment", "2"), ("moment", "1")]).await;
        scene.agrees().await;
        scene.lends(vec![these("moment", &holdings), all("keyword")]).await;
        let earlier = store.earlier_consent(scene.user, scene.app).await.unwrap().unwrap();
        assert_eq!(earlier.items, ["moment_management".into(), "biz_account_email".into()]);
        assert_eq!(earlier.agreed_at, NOW);
        let mut lent: Vec<_> = earlier.assets.iter().map(|(group, id)| format!("{group}:{id}")).collect();
        assert_eq!(lent.pop().as_deref(), Some("keyword:*"), "in the order of the groups");
        lent.sort();
        assert_eq!(lent, ["moment:1", "moment:2"]);
        assert_eq!(store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap(), 2);
        assert_eq!(store.earlier_consent(scene.user, scene.app).await.unwrap(), None);
        assert_eq!(store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_was_shown_is_kept_for_a_dispute() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let mine = (scene.user, scene.app);
        let last_shown = async || {
            let alive = Alive { used_after: NOW, agreed_after: NOW };
            let newest = store.consents_given(mine, &Turn::First, 1, alive).await.unwrap().rows.pop()?;
            Some(store.consent_shown(mine, newest.id).await.unwrap()?.0)
        };
        assert_eq!(last_shown().await, None);
        for shown in ["before", "모먼트 광고 관리\n'\"\\ 100 %"] {
            let mut new = scene.agreement(scene.shows().await, vec![all("moment")], digest()).await;
            new.shown = shown.to_owned();
            assert!(matches!(store.by(someone(NOW)).approve(new).await.unwrap(), Approval::Kept(_)));
            assert_eq!(last_shown().await.as_deref(), Some(shown));
        }
        store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap();
        assert!(last_shown().await.is_some(), "also after it was taken back");
    })
    .await;
}

#[tokio::test]
async fn a_parked_request_comes_back_as_it_was_asked() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let shown = secret();
        let mut asked = {
            let (id, ..) = scene.shows().await;
            assert!(store.parked(id, &shown, NOW).await.unwrap().is_none(), "a right id with a wrong secret");
            bizauth_core::authorize::Asked {
                destination: bizauth_core::redirect::Destination::recall("https://a.example/cb?x=%20&y".to_owned()),
                state: None,
                items: vec!["keyword_create".into(), "moment_delete".into()],
                wanted: vec![],
                challenge: bizauth_core::code::Challenge::read("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            }
        };
        use bizauth_core::authorize::Wanted;
        asked.wanted = vec![
            ("keyword".into(), Wanted::All),
            ("moment".into(), Wanted::Named(vec![AssetId("2".to_owned()), AssetId("_1-".to_owned())])),
        ];
        let new = bizauth_store::NewPending {
            digest: shown.digest(),
            session: SessionId(7),
            user: scene.user,
            client_id: "key".to_owned(),
            asked: asked.clone(),
            picks: String::new(),
            expires_at: NOW.plus(MINUTE),
        };
        let id = store.park(new, NOW).await.unwrap();
        assert!(store.keep_picks(id, shown.digest(), "moment:2".to_owned()).await.unwrap());
        assert!(!store.keep_picks(id, digest(), "moment:3".to_owned()).await.unwrap());
        let found = store.parked(id, &shown, NOW).await.unwrap().unwrap();
        assert_eq!((found.asked, found.picks.as_str(), found.over), (asked, "moment:2", false));
        assert_eq!((found.id, found.session, found.user), (id, SessionId(7), scene.user));
        assert!(store.parked(id, &shown, NOW.plus(MINUTE)).await.unwrap().unwrap().over, "its time has come");
        assert!(store.decline(id, shown.digest(), SessionId(7), NOW).await.unwrap());
        assert!(store.parked(id, &shown, NOW).await.unwrap().unwrap().over);
        assert!(!store.keep_picks(id, shown.digest(), "moment:4".to_owned()).await.unwrap());
    })
    .await;
}
