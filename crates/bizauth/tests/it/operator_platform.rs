//! The first page, and maintenance mode.

use crate::operator_accounts::{noted, operator};
use crate::world::World;

#[tokio::test]
async fn the_first_page_leads_from_an_empty_platform_to_the_first_grant() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let page = lee.opens("/operator").await;
    assert!(page.body.contains("To the first grant") && page.body.contains("None published yet"), "{page:?}");
    let (app, kim) = (world.app().await, world.owner("kim@example.com").await);
    world.by().grant_permission(app.id, "moment".into()).await.unwrap();
    kim.lends(&world, &app).await;
    assert!(!lee.opens("/operator").await.body.contains("To the first grant"));
}

#[tokio::test]
async fn maintenance_begins_and_ends_at_once() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let kim = world.owner("kim@example.com").await;
    let token = kim.lends(&world, &app).await;
    let (at, close, open) = ("/operator/platform", "/operator/platform/close", "/operator/platform/open");
    let refused = lee.submits(at, close, &[("reason", "moving house")]).await;
    assert!(refused.status == 422 && refused.body.contains("moving house"), "{refused:?}");
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    assert_eq!(lee.submits(at, close, &[("reason", "moving house"), ("sure", "yes")]).await.status, 303);
    assert!(world.tokeninfo(&token).await.body.contains("-9798"));
    assert_eq!(lee.submits(at, open, &[]).await.status, 303);
    assert_eq!(world.tokeninfo(&token).await.status, 200);
    let log = noted(&world, "platform.maintenance").await;
    assert!(log.len() == 2 && log[1].contains("moving house"), "{log:?}");
    assert!(lee.opens(at).await.body.contains("database"), "the settings are there");
}
