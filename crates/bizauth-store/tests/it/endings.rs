//! What ends tokens and codes: at once, and for good. Lifting the cause revives none.

use bizauth_core::id::TokenId;
use bizauth_core::token::IDLE_LIFETIME;
use bizauth_core::user::UserState;
use bizauth_store::{Redemption, Revocation};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, Scene, digest};

/// A live token and an unspent code; `end` ends both for good, and if `lift` undoes it, later ones are sound.
async fn both_end(end: impl AsyncFn(&Scene), lift: Option<&dyn Fn(Scene) -> futures_box::Boxed>) {
    on_each_engine(async |store| {
        let (scene, bystander) = (Scene::set(&store).await, Scene::set(&store).await);
        let (token, code) = (scene.buys(scene.agrees().await).await, scene.agrees().await);
        let unharmed = bystander.buys(bystander.agrees().await).await;
        assert!(scene.is_alive(&token).await);

        end(&scene).await;
        assert!(!scene.is_alive(&token).await);
        assert_eq!(scene.trades(code).await, Redemption::NotFound);
        let Some(lift) = lift else { return };
        lift(scene.clone()).await;
        assert!(!scene.is_alive(&token).await, "lifting revives no token");
        assert_eq!(scene.trades(code).await, Redemption::NotFound, "nor a code");
        let fresh = scene.buys(scene.agrees().await).await;
        assert!(scene.is_alive(&fresh).await, "what comes later lives");
        assert!(bystander.is_alive(&unharmed).await);
    })
    .await;
}
