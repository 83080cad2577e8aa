//! Requests: granted or refused once, with a reason; whoever comes second is told who was first.

use crate::operator_accounts::operator;
use crate::world::World;

/// Asks for the permission of a group, as the console does.
async fn asks(world: &World, app: &crate::world::App) -> String {
    world.by().take_permission(app.id, "moment".into()).await.unwrap();
    let asked = world.by().ask_permission(app.id, Some("moment".into()), "monthly reports".to_owned()).await.unwrap();
    match asked {
        bizauth_store::Asked::Made(id) => id.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_refused_with_a_reason_and_granted_at_once() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let id = asks(&world, &app).await;
    let list = lee.opens("/operator/requests").await;
    let at = format!("/operator/requests/{id}");
    assert!(list.body.contains(&at), "{list:?}");
    let to = format!("{at}/decide");
    let refused = lee.submits(&at, &to, &[("decision", "refuse")]).await;
    assert_eq!(refused.status, 422, "whoever is refused is told why");
    assert_eq!(lee.submits(&at, &to, &[]).await.status, 422);
    let done = lee.submits(&at, &to, &[("decision", "refuse"), ("answer", "no business behind it")]).await;
    assert_eq!(done.status, 303, "{done:?}");
    assert!(world.store().permissions_of(app.id).await.unwrap().is_empty());
    assert!(lee.opens("/operator/requests?over=yes").await.body.contains(&at));
    assert!(lee.opens(&at).await.body.contains("no business behind it"));

    let again = asks(&world, &app).await;
    let at = format!("/operator/requests/{again}");
    let done = lee.submits(&at, &format!("{at}/decide"), &[("decision", "grant")]).await;
    assert_eq!(done.status, 303, "{done:?}");
    assert_eq!(world.store().permissions_of(app.id).await.unwrap(), ["moment".into()]);
    assert_eq!(lee.opens("/operator/requests/999").await.status, 404);
}

#[tokio::test]
async fn the_second_operator_is_told_who_was_first() {
    let world = World::new().await;
    let (lee, app) = (operator(&world).await, world.app().await);
    let park = world.operator("park@example.com").await.at(&world.operators);
    park.signs_in().await;
    let at = format!("/operator/requests/{}", asks(&world, &app).await);
    let to = format!("{at}/decide");
    let token = park.form_token(&at, &to).await;
    assert_eq!(lee.submits(&at, &to, &[("decision", "grant")]).await.status, 303);
    let late = [("form_token", token.as_str()), ("decision", "refuse"), ("answer", "no")];
    let told = park.posts(&to, &late).await;
    assert!(told.status == 422 && told.body.contains("lee@example.com has decided"), "{told:?}");
    assert_eq!(world.store().permissions_of(app.id).await.unwrap(), ["moment".into()], "what was first stands");
}
