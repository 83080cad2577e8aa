//! What is staged is what would have happened: a token of a made-up past lives and dies as one that was issued does.

use std::time::Duration;

use bizauth_core::asset::AssetId;
use bizauth_core::id::{KeyId, TokenId, UserId};
use bizauth_core::key::KeyKind;
use bizauth_core::scope::GroupId;
use bizauth_core::token::{Ending, IDLE_LIFETIME, Standing};
use bizauth_core::user::UserState;
use bizauth_store::{AddedUri, Alive, AuditFilter, AuditVerdict, Revocation, Staged, StagedKey, StagedToken};

use crate::engines::on_each_engine;
use crate::scene::{GivenToken, MINUTE, NOW, Scene, a_key, app_key, give, number, secret, someone};

/// A token of its own for this scene, and as its app has it.
fn staged(scene: &Scene, lent: &[(&str, Option<&str>)]) -> (StagedToken, GivenToken) {
    let (id, secret) = (TokenId(i64::try_from(number()).unwrap() + (1 << 32)), secret());
    let pair =
        |(group, asset): &(&str, Option<&str>)| (GroupId::from(*group), asset.map(|asset| AssetId(asset.to_owned())));
    let new = StagedToken {
        token: (id, secret.digest()),
        key: scene.key,
        user: scene.user,
        items: vec!["moment_management".into(), "biz_account_email".into()],
        lent: lent.iter().map(pair).collect(),
        shown: "{}".to_owned(),
        agreed_at: NOW.minus(MINUTE),
        used_at: NOW,
    };
    (new, (id, secret))
}

async fn standing(scene: &Scene, token: &GivenToken) -> Standing {
    let found = scene.store.token(token.0, &token.1).await.unwrap().token.unwrap();
    found.standing(IDLE_LIFETIME, NOW)
}

#[tokio::test]
async fn a_staged_token_says_what_an_issued_one_says() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "A"), ("2", "B")]).await;
        let issued = scene.buys(scene.agrees().await).await;
        let (new, token) = staged(&scene, &[("moment", Some("1")), ("keyword", None)]);
        let Staged::Done(app_user) = store.by(someone(NOW)).stage_token(new).await.unwrap() else { panic!() };
        let [one, other] = [&issued, &token].map(|token| store.token(token.0, &token.1));
        let (one, other) = (one.await.unwrap().token.unwrap(), other.await.unwrap().token.unwrap());
        assert_eq!((other.app_user, &other.items, other.eras), (app_user, &one.items, one.eras));
        assert_eq!(other.app_user, one.app_user, "one person, one id");
        assert_eq!((other.used_at, other.updated_at), (NOW, NOW.minus(MINUTE)));
        assert_eq!(scene.lent(&token).await, ["moment:1", "keyword:*"]);
        assert!(store.token(token.0, &secret()).await.unwrap().token.is_none(), "the secret proves it");
        let listed = store.token_of(scene.app, token.0).await.unwrap().unwrap();
        assert_eq!((listed.agreed_at, listed.key.0), (NOW.minus(MINUTE), scene.key));
        let alive = Alive::at(NOW, IDLE_LIFETIME, 10 * MINUTE);
        let connected = store.connected_app(scene.user, scene.app, alive).await.unwrap().unwrap();
        assert_eq!(connected.app.tokens, 2);
        let on = AuditFilter { on: Some(("account".to_owned(), scene.user.to_string())), ..AuditFilter::default() };
        let noted = store.audit_page(&on, None, 1).await.unwrap().remove(0).entry;
        assert_eq!(noted.act, "consent.give");
        assert!(noted.about.contains("moment:1 keyword:*"), "{}", noted.about);
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
    })
    .await;
}

#[tokio::test]
async fn a_staged_token_ends_as_an_issued_one_does() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let stage = async || {
            let (new, token) = staged(&scene, &[("moment", None)]);
            assert!(matches!(by.stage_token(new).await.unwrap(), Staged::Done(_)));
            assert!(scene.is_alive(&token).await);
            token
        };
        let token = stage().await;
        assert_eq!(store.revoke_token((token.0, token.1.digest()), NOW).await.unwrap(), Revocation::Revoked);
        assert_eq!(standing(&scene, &token).await, Standing::Ended(Ending::Revoked(NOW)));
        let token = stage().await;
        assert_eq!(by.withdraw_consents(scene.user, scene.app).await.unwrap(), 2);
        assert_eq!(standing(&scene, &token).await, Standing::Ended(Ending::Withdrawn(NOW)));
        let token = stage().await;
        by.set_sanction(scene.app, true).await.unwrap();
        assert_eq!(standing(&scene, &token).await, Standing::AppSanctioned);
        by.set_sanction(scene.app, false).await.unwrap();
        assert_eq!(standing(&scene, &token).await, Standing::AppEnded);
        let token = stage().await;
        by.set_user_state(scene.user, UserState::Blocked).await.unwrap();
        by.set_user_state(scene.user, UserState::Active).await.unwrap();
        assert_eq!(standing(&scene, &token).await, Standing::AccountEnded);
        let token = stage().await;
        by.delete_key(scene.key).await.unwrap();
        assert_eq!(standing(&scene, &token).await, Standing::Ended(Ending::KeyDeleted));
    })
    .await;
}

#[tokio::test]
async fn what_was_never_possible_is_not_staged() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        let other = a_key(&store, scene.app).await;
        by.delete_key(other).await.unwrap();
        let head = store.audit_head().await.unwrap().seq;
        let (new, token) = staged(&scene, &[("moment", Some("1"))]);
        let not_held = Staged::NotHeld("moment".into(), AssetId("1".to_owned()));
        assert_eq!(by.stage_token(new.clone()).await.unwrap(), not_held);
        let new = StagedToken { lent: Vec::new(), ..new };
        for key in [other, KeyId(1)] {
            assert_eq!(by.stage_token(StagedToken { key, ..new.clone() }).await.unwrap(), Staged::NoSuchKey);
        }
        let nobody = StagedToken { user: UserId(1), ..new.clone() };
        assert_eq!(by.stage_token(nobody).await.unwrap(), Staged::NoSuchAccount);
        assert!(store.token(token.0, &token.1).await.unwrap().token.is_none());
        assert_eq!(store.audit_head().await.unwrap().seq, head, "and nothing was noted");
        assert!(matches!(by.stage_token(new.clone()).await.unwrap(), Staged::Done(_)));
        let usurper = StagedToken { token: (new.token.0, secret().digest()), ..new };
        assert_eq!(by.stage_token(usurper).await.unwrap(), Staged::TokenThere);
        assert!(scene.is_alive(&token).await, "the first one is as it was");
    })
    .await;
}

#[tokio::test]
async fn a_neglected_token_has_died_of_disuse() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (new, token) = staged(&scene, &[("moment", None)]);
        store.by(someone(NOW)).stage_token(new).await.unwrap();
        let long_ago = NOW.minus(IDLE_LIFETIME + Duration::from_secs(1));
        assert!(store.neglect_token(token.0, long_ago).await.unwrap());
        assert_eq!(standing(&scene, &token).await, Standing::Unused);
        assert!(!store.neglect_token(token.0, NOW).await.unwrap(), "nobody uses it in retrospect");
        assert!(!store.neglect_token(TokenId(1), long_ago).await.unwrap());
        let (new, token) = staged(&scene, &[("moment", None)]);
        store.by(someone(NOW)).stage_token(new).await.unwrap();
        store.revoke_token((token.0, token.1.digest()), NOW).await.unwrap();
        assert!(!store.neglect_token(token.0, long_ago).await.unwrap(), "it is dead already");
    })
    .await;
}

#[tokio::test]
async fn a_staged_key_is_another_one_and_its_addresses_are_judged_as_any() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        for uri in ["https://base.invalid/a", "https://base.invalid.example.com/b", "https://else.example.com/c"] {
            assert_eq!(by.add_redirect_uri(scene.key, uri.to_owned()).await.unwrap(), AddedUri::Added);
        }
        let (value, other) = (app_key(), secret().digest());
        let new = StagedKey { id: scene.key, kind: KeyKind::RestApi, value: Some(value.clone()), secret: Some(other) };
        let nobody = StagedKey { id: KeyId(7), ..new.clone() };
        assert!(!store.stage_keys(vec![new.clone(), nobody]).await.unwrap());
        assert!(store.key(&value, NOW).await.unwrap().is_none(), "one that is not there stops all");
        assert!(store.stage_keys(vec![new]).await.unwrap());
        let moved = async |to: &str| {
            store.stage_redirect_uris(vec![scene.key], "https://base.invalid".to_owned(), to.to_owned()).await.unwrap()
        };
        assert!(!moved("javascript:alert(1)//").await, "what nobody may register does not come in this way");
        assert!(!moved("http://127.0.0.1/#").await);
        assert!(moved("http://127.0.0.1:8080/_w/w1").await);
        assert!(!store.stage_redirect_uris(vec![KeyId(7)], String::new(), String::new()).await.unwrap());
        let found = store.key(&value, NOW).await.unwrap().unwrap();
        for uri in ["http://127.0.0.1:8080/_w/w1/a", "https://base.invalid.example.com/b", "https://else.example.com/c"]
        {
            assert!(found.redirect_uris.iter().any(|known| known == uri), "{uri}: {:?}", found.redirect_uris);
        }
    })
    .await;
}
