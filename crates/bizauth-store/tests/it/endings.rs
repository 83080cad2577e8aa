//! What ends tokens and codes: at once, and for good. Lifting the cause revives none.

use bizauth_core::fault::KapiFault;
use bizauth_core::id::TokenId;
use bizauth_core::token::{IDLE_LIFETIME, Standing};
use bizauth_core::user::UserState;
use bizauth_store::{Found, Redemption, Revocation, Vital};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, digest, someone};

/// `end` ends a live token and an unspent code. If `lift` can undo it (it says whether), that revives neither, and what
/// is bought later is sound. An app and a person beside them notice nothing.
async fn both_end(end: impl AsyncFn(&Scene), lift: impl AsyncFn(&Scene) -> bool) {
    on_each_engine(async |store| {
        let (scene, bystander) = (Scene::set(&store).await, Scene::set(&store).await);
        let (token, code) = (scene.buys(scene.agrees().await).await, scene.agrees().await);
        let unharmed = bystander.buys(bystander.agrees().await).await;
        assert!(scene.is_alive(&token).await);

        end(&scene).await;
        assert!(!scene.is_alive(&token).await);
        assert_eq!(scene.trades(code).await, Redemption::NotFound);
        assert!(bystander.is_alive(&unharmed).await);
        let listed = store.tokens_of(scene.app, None, 10).await.unwrap();
        assert!(listed.iter().all(|it| it.token.standing(IDLE_LIFETIME, NOW) != Standing::Active), "{listed:?}");
        if lift(&scene).await {
            assert!(!scene.is_alive(&token).await, "lifting revives no token");
            assert_eq!(scene.trades(code).await, Redemption::NotFound, "nor a code");
            let fresh = scene.buys(scene.agrees().await).await;
            assert!(scene.is_alive(&fresh).await, "what comes later lives");
        }
    })
    .await;
}

async fn never(_: &Scene) -> bool {
    false
}

#[tokio::test]
async fn a_withdrawn_consent_ends_them() {
    let end =
        async |it: &Scene| assert_eq!(it.store.by(someone(NOW)).withdraw_consents(it.user, it.app).await.unwrap(), 2);
    both_end(end, async |_: &Scene| true).await;
}

#[tokio::test]
async fn a_sanction_of_the_app_ends_them() {
    let set = async |it: &Scene, on| it.store.by(someone(NOW)).set_sanction(it.app, on).await.unwrap();
    both_end(async |it: &Scene| assert!(set(it, true).await), async |it: &Scene| set(it, false).await).await;
}

#[tokio::test]
async fn a_sanction_of_the_developer_ends_them() {
    let set = async |it: &Scene, on| it.store.by(someone(NOW)).set_developer_sanction(it.developer, on).await.unwrap();
    both_end(async |it: &Scene| assert!(set(it, true).await), async |it: &Scene| set(it, false).await).await;
}

#[tokio::test]
async fn a_blocked_account_ends_them() {
    let set = async |it: &Scene, state| it.store.by(someone(NOW)).set_user_state(it.user, state).await.unwrap();
    let lift = async |it: &Scene| set(it, UserState::Active).await;
    both_end(async |it: &Scene| assert!(set(it, UserState::Blocked).await), lift).await;
}

#[tokio::test]
async fn a_closed_account_ends_them() {
    let set = async |it: &Scene, state| it.store.by(someone(NOW)).set_user_state(it.user, state).await.unwrap();
    let lift = async |it: &Scene| set(it, UserState::Active).await;
    both_end(async |it: &Scene| assert!(set(it, UserState::Withdrawn).await), lift).await;
}

#[tokio::test]
async fn a_deleted_key_ends_them() {
    both_end(async |it: &Scene| assert!(it.store.by(someone(NOW)).delete_key(it.key).await.unwrap()), never).await;
}

#[tokio::test]
async fn a_deleted_app_ends_them() {
    both_end(async |it: &Scene| assert!(it.store.by(someone(NOW)).delete_app(it.app).await.unwrap()), never).await;
}

#[tokio::test]
async fn a_dormant_accounts_tokens_sleep_on() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (token, code) = (scene.buys(scene.agrees().await).await, scene.agrees().await);
        for state in [UserState::Dormant, UserState::Active] {
            assert!(store.by(someone(NOW)).set_user_state(scene.user, state).await.unwrap());
            let found = store.token(token.0, &token.1).await.unwrap().token.unwrap();
            assert_eq!((found.user.state, found.ended), (state, None));
        }
        assert!(scene.is_alive(&token).await);
        scene.buys(code).await;
    })
    .await;
}

#[tokio::test]
async fn a_sanctioned_developer_sanctions_all_they_own() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let guest = Scene::set(&store).await;
        assert!(store.by(someone(NOW)).add_member(guest.app, scene.developer, "editor").await.unwrap());
        let token = guest.buys(guest.agrees().await).await;
        assert!(store.by(someone(NOW)).set_developer_sanction(scene.developer, true).await.unwrap());
        assert!(store.app(scene.app).await.unwrap().unwrap().app.sanctioned);
        assert!(!store.app(guest.app).await.unwrap().unwrap().app.sanctioned, "an editor owns nothing");
        assert!(guest.is_alive(&token).await);
        let (id, secret) = guest.buys(guest.agrees().await).await;
        assert!(store.by(someone(NOW)).set_sanction(guest.app, true).await.unwrap());
        let found = store.token(id, &secret).await.unwrap().token.unwrap();
        assert_eq!(found.admit(IDLE_LIFETIME, NOW), Err(KapiFault::AppSanctioned), "while it lasts, they hear why");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_needed_its_secret() {
    on_each_engine(async |store| {
        let (scene, stranger) = (Scene::set(&store).await, Scene::set(&store).await);
        let token = scene.buys(scene.agrees().await).await;
        let guess = store.revoke_token((token.0, digest()), NOW).await.unwrap();
        assert_eq!(guess, Revocation::AlreadyDead, "a right id alone ends nothing");
        assert!(scene.is_alive(&token).await);
        assert!(store.token(token.0, &crate::scene::secret()).await.unwrap().token.is_none());
        let later = NOW.plus(MINUTE);
        let proof = (token.0, token.1.digest());
        assert_eq!(store.revoke_token(proof, later).await.unwrap(), Revocation::Revoked);
        assert_eq!(store.revoke_token(proof, later).await.unwrap(), Revocation::AlreadyDead);
        assert!(!scene.is_alive(&token).await);

        let token = scene.buys(scene.agrees().await).await;
        assert!(
            !store.by(someone(NOW)).revoke_token_of(stranger.app, token.0).await.unwrap(),
            "another app's members may not"
        );
        assert!(scene.is_alive(&token).await);
        assert!(store.by(someone(NOW)).revoke_token_of(scene.app, token.0).await.unwrap());
        assert!(!store.by(someone(NOW)).revoke_token_of(scene.app, token.0).await.unwrap());
        assert!(!store.by(someone(NOW)).revoke_token_of(scene.app, TokenId(1)).await.unwrap());
        assert!(!scene.is_alive(&token).await);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_looked_at_to_be_revoked_ends_if_the_rule_says_so() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let token = scene.buys(scene.agrees().await).await;
        let revoke = async |digest, may: bool| {
            let rule = move |found: &Found<Vital>| may && found.token.is_some();
            let (found, ended) = store.revoke_found_token((token.0, digest), rule, NOW).await.unwrap();
            (found.token.map(|token| token.app), ended)
        };
        assert_eq!(revoke(digest(), true).await, (None, None), "a right id alone finds nothing");
        let proof = token.1.digest();
        assert_eq!(revoke(proof, false).await, (Some(scene.app), None));
        assert!(scene.is_alive(&token).await);
        // Of several at once one ends it, whatever all of them found.
        let (one, other) = tokio::join!(revoke(proof, true), revoke(proof, true));
        let mut ended = [one.1.unwrap(), other.1.unwrap()];
        ended.sort_by_key(|it| *it == Revocation::AlreadyDead);
        assert_eq!(ended, [Revocation::Revoked, Revocation::AlreadyDead]);
        assert!(!scene.is_alive(&token).await);
    })
    .await;
}

#[tokio::test]
async fn use_is_noted_forward_only_and_never_on_the_dead() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let token = scene.buys(scene.agrees().await).await;
        let used = async || store.token(token.0, &token.1).await.unwrap().token.unwrap().used_at;
        for (noted, found) in [(2, 2), (1, 2), (3, 3)] {
            store.note_use(token.0, NOW.plus(noted * MINUTE)).await.unwrap();
            assert_eq!(used().await, NOW.plus(found * MINUTE));
        }
        store.revoke_token((token.0, token.1.digest()), NOW).await.unwrap();
        store.note_use(token.0, NOW.plus(4 * MINUTE)).await.unwrap();
        assert_eq!(used().await, NOW.plus(3 * MINUTE));
    })
    .await;
}

#[tokio::test]
async fn an_apps_tokens_are_listed_newest_first_by_pages() {
    on_each_engine(async |store| {
        let (scene, stranger) = (Scene::set(&store).await, Scene::set(&store).await);
        let mut bought = Vec::new();
        for _ in 0..5 {
            bought.push(scene.buys(scene.agrees().await).await.0);
            stranger.buys(stranger.agrees().await).await;
        }
        bought.reverse();
        let (mut listed, mut before) = (Vec::new(), None);
        loop {
            let page = store.tokens_of(scene.app, before, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.token.id);
            assert!(page.iter().all(|it| it.token.ended.is_none() && it.agreed_at == NOW && it.token.items.len() == 2));
            listed.extend(page.into_iter().map(|it| it.token.id));
        }
        assert_eq!(listed, bought);
    })
    .await;
}

#[tokio::test]
async fn maintenance_is_seen_with_every_look() {
    crate::engines::on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        let (id, secret) = scene.buys(scene.agrees().await).await;
        for on in [true, false] {
            nodes[0].by(someone(NOW)).set_maintenance(on).await.unwrap();
            assert_eq!(nodes[1].maintenance().await.unwrap(), on);
            assert_eq!(nodes[1].token(id, &secret).await.unwrap().maintenance, on);
            assert_eq!(nodes[1].token(TokenId(1), &secret).await.unwrap().maintenance, on, "also for no token at all");
        }
    })
    .await;
}
