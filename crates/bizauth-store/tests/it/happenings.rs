//! What ends by itself while a clock is moved, and what stands behind a credential.

use bizauth_core::id::CodeId;
use bizauth_core::token::IDLE_LIFETIME;
use bizauth_store::Lapsed;

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, someone};

#[tokio::test]
async fn what_ends_by_itself_is_told_once_and_in_order() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (code, token) = (scene.agrees().await, scene.buys(scene.agrees().await).await);
        let end = NOW.plus(IDLE_LIFETIME);
        let told = async |from, to| {
            let all = store.happenings(from, to, IDLE_LIFETIME, 100).await.unwrap();
            let ours = all.into_iter().filter(|it| it.id == code.0.0 || it.id == token.0.0);
            ours.map(|it| (it.at, it.what)).collect::<Vec<_>>()
        };
        let expires = store.code_seen(code.0).await.unwrap().unwrap().expires_at;
        let both = [(expires, Lapsed::Code), (end, Lapsed::Token)];
        assert_eq!(told(NOW, end).await, both);
        assert_eq!(told(NOW, expires).await, both[..1], "to the moment");
        assert_eq!(told(expires, end).await, both[1..], "and not again");
        store.by(someone(NOW)).revoke_token_of(scene.app, token.0).await.unwrap();
        assert_eq!(told(expires, end).await, [], "what ended before does not end of disuse");
        assert_eq!(store.happenings(NOW, end, IDLE_LIFETIME, 0).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_code_and_a_token_say_whom_they_hang_on() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let code = scene.agrees().await;
        let before = store.code_seen(code.0).await.unwrap().unwrap();
        assert_eq!((before.digest, before.key, before.redeemed_at, before.token), (code.1, scene.key, None, None));
        let token = scene.buys(code).await;
        let after = store.code_seen(code.0).await.unwrap().unwrap();
        assert_eq!((after.redeemed_at, after.token), (Some(NOW), Some(token.0)));
        let bearer = store.bearer(token.0).await.unwrap().unwrap();
        assert_eq!((bearer.app, bearer.key, bearer.user), (scene.app, scene.key, scene.user));
        assert!(NOW < before.expires_at && before.expires_at <= NOW.plus(60 * MINUTE));
        assert!(store.code_seen(CodeId(1)).await.unwrap().is_none());
    })
    .await;
}
