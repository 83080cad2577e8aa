//! Each code buys one token, whoever asks at the same time; what goes wrong on the way takes nothing along.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bizauth_core::code::Code;
use bizauth_core::fault::KauthFault;
use bizauth_core::time::DAY;
use bizauth_store::{Limit, Redemption};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{NO_LIMIT, NOW, Scene, a_key, digest, is_alive, secret, yes};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_redemptions_of_one_code_issue_one_token() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let (code, key) = (scene.agrees().await, scene.key);
        let said = at_once(&nodes, 64, |store, _| async move {
            let secret = secret();
            let said = store.redeem_code(code, key, secret.digest(), NO_LIMIT, yes, NOW).await.unwrap();
            (said, secret)
        })
        .await;
        let issued = said.iter().filter_map(|(said, secret)| match said {
            Redemption::Issued { token, .. } => Some((*token, secret.clone())),
            _ => None,
        });
        let [token] = &issued.collect::<Vec<_>>()[..] else { panic!("not one token: {said:?}") };
        assert_eq!(said.iter().filter(|(said, _)| *said == Redemption::Spent).count(), 63);
        for store in &nodes {
            assert!(!is_alive(store, token).await, "the other sixty-three were replays");
        }
        assert_eq!(nodes[0].tokens_of(scene.app, None, 100).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_code_buys_what_was_agreed_to() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (one, other) = (scene.trades(scene.agrees().await).await, scene.trades(scene.agrees().await).await);
        let Redemption::Issued { app_user, items, .. } = one else { panic!("{one:?}") };
        assert_eq!(items, ["moment_management".into(), "biz_account_email".into()], "in the order asked");
        assert!(matches!(other, Redemption::Issued { app_user: again, .. } if again == app_user));
    })
    .await;
}

#[tokio::test]
async fn a_replay_kills_the_token_that_the_code_bought() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (code, other) = (scene.agrees().await, scene.buys(scene.agrees().await).await);
        let token = scene.buys(code).await;
        assert!(scene.is_alive(&token).await);
        for _ in 0..2 {
            assert_eq!(scene.trades(code).await, Redemption::Spent);
            assert!(!scene.is_alive(&token).await);
        }
        assert!(scene.is_alive(&other).await, "a token from another code has nothing to do with it");
    })
    .await;
}

#[tokio::test]
async fn a_right_id_with_a_wrong_secret_claims_nothing_and_revokes_nothing() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let code = scene.agrees().await;
        assert_eq!(scene.trades((code.0, digest())).await, Redemption::NotFound);
        let token = scene.buys(code).await;
        assert_eq!(scene.trades((code.0, digest())).await, Redemption::NotFound);
        assert!(scene.is_alive(&token).await);
    })
    .await;
}

#[tokio::test]
async fn another_keys_replay_kills_nothing() {
    on_each_engine(async |store| {
        let (scene, stranger) = (Scene::set(&store).await, Scene::set(&store).await);
        let code = scene.agrees().await;
        let token = scene.buys(code).await;
        for key in [stranger.key, a_key(&store, scene.app).await] {
            let said = store.redeem_code(code, key, digest(), NO_LIMIT, yes, NOW).await.unwrap();
            assert_eq!(said, Redemption::NotFound);
            assert!(scene.is_alive(&token).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_redemption_leaves_the_code_as_it_was() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let code = scene.agrees().await;
        let no = |_: &_| Err(KauthFault::BadVerifier);
        for _ in 0..2 {
            let said = store.redeem_code(code, scene.key, digest(), NO_LIMIT, no, NOW).await.unwrap();
            assert_eq!(said, Redemption::Refused(KauthFault::BadVerifier));
        }
        scene.buys(code).await;
    })
    .await;
}

#[tokio::test]
async fn the_judge_sees_the_code_as_it_was_issued() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let code = scene.agrees().await;
        let key = scene.key;
        let judge = move |code: &bizauth_core::code::Code| {
            assert_eq!((code.key, code.redirect_uri.as_str()), (key, crate::scene::CALLBACK));
            assert_eq!(code.expires_at, NOW.plus(10 * crate::scene::MINUTE));
            assert_eq!(code.challenge, None);
            Err(KauthFault::WrongApp)
        };
        let said = store.redeem_code(code, key, digest(), NO_LIMIT, judge, NOW).await.unwrap();
        assert_eq!(said, Redemption::Refused(KauthFault::WrongApp));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_of_a_key_is_exact_and_leaves_the_code() {
    const RATE: Limit = Limit { kind: "tokens", most: 7, window: DAY };
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let mut codes = Vec::new();
        for _ in 0..24 {
            codes.push(scene.agrees().await);
        }
        let key = scene.key;
        let said = at_once(&nodes, codes.len(), |store, turn| {
            let code = codes[turn];
            async move { (code, store.redeem_code(code, key, digest(), RATE, yes, NOW).await.unwrap()) }
        })
        .await;
        let (limited, issued): (Vec<_>, Vec<_>) = said.iter().partition(|(_, said)| *said == Redemption::RateLimited);
        assert_eq!((issued.len(), limited.len()), (7, 17));
        assert!(issued.iter().all(|(_, said)| matches!(said, Redemption::Issued { .. })));
        scene.buys(limited[0].0).await;
        let later = NOW.plus(DAY);
        let said = nodes[1].redeem_code(limited[1].0, key, digest(), RATE, yes, later).await.unwrap();
        assert!(matches!(said, Redemption::Issued { .. }), "the next window begins at nothing: {said:?}");
    })
    .await;
}

/// Two nodes with one number draw the same ids as long as their clocks agree.
#[tokio::test]
async fn an_id_drawn_twice_is_drawn_again() {
    crate::engines::on_each_place(async |place| {
        let twins = [place.node(9), place.node(9)];
        twins[0].migrate(NOW).await.unwrap();
        let scenes = [Scene::set(&twins[0]).await, Scene::set(&twins[1]).await];
        for scene in &scenes {
            let token = scene.buys(scene.agrees().await).await;
            assert!(scene.is_alive(&token).await);
        }
        assert_eq!(twins[0].users(100).await.unwrap().len(), 4);
    })
    .await;
}

/// Whose code it is the rule is asked; what the store remembers of the key that asks decides nothing.
#[tokio::test]
async fn the_rule_says_who_may_redeem_not_what_is_remembered() {
    on_each_engine(async |store| {
        let (scene, stranger) = (Scene::set(&store).await, Scene::set(&store).await);
        stranger.buys(stranger.agrees().await).await;
        for (judge, key) in [(false, stranger.key), (true, stranger.key), (false, scene.key)] {
            let (code, asked) = (scene.agrees().await, Arc::new(AtomicBool::new(false)));
            let heard = asked.clone();
            let rule = move |code: &Code| {
                heard.store(code.key != key, Ordering::SeqCst);
                if judge { Ok(()) } else { Err(KauthFault::CodeNotFound) }
            };
            let redeemed = store.redeem_code(code, key, digest(), NO_LIMIT, rule, NOW).await.unwrap();
            assert_eq!(matches!(redeemed, Redemption::Issued { .. }), judge, "{redeemed:?}");
            assert_eq!(asked.load(Ordering::SeqCst), key == stranger.key, "it hears of whose key the code is");
        }
    })
    .await;
}
