//! Operator keys: shown once, scoped, ended; the log has the name and never the value.

use crate::operator_accounts::{noted, operator};
use crate::world::World;
use bizauth_store::Turn;

#[tokio::test]
async fn a_key_is_shown_once_and_revoked_for_good() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let (at, new) = ("/operator/keys", "/operator/keys/new");
    assert!(lee.opens(at).await.body.contains("No operator keys"));
    let refused = lee.submits(new, new, &[("name", "directory"), ("expires", "2020-01-01")]).await;
    assert!(refused.status == 422 && refused.body.contains("value=\"directory\""), "{refused:?}");
    assert!(refused.body.contains("Nothing is chosen yet.") && refused.body.contains("still to come"), "{refused:?}");
    let fields =
        [("name", "directory"), ("scopes", "assets:write"), ("scopes", "audit:read"), ("expires", "2027-01-01")];
    let made = lee.submits(new, new, &fields).await;
    assert_eq!(made.status, 303, "{made:?}");
    let value = lee.opens(made.location()).await.all("#secret").pop().unwrap();
    assert!(value.len() > 40, "{value}");
    assert!(!lee.opens(at).await.body.contains(&value), "it was shown once");
    let keys = world.store().operator_keys(&Turn::First, 9).await.unwrap().rows;
    assert!(keys[0].is_alive(world.now()) && keys[0].expires_at.is_some() && keys[0].scopes.len() >= 2);
    assert!(!noted(&world, "operator_key.create").await[0].contains(&value));
    let revoke = format!("{at}/{}/revoke", keys[0].id);
    assert_eq!(lee.submits(at, &revoke, &[]).await.status, 303);
    assert!(!world.store().operator_keys(&Turn::First, 9).await.unwrap().rows[0].is_alive(world.now()));
    assert_eq!(lee.opens("/operator/keys/1").await.status, 404);
}
