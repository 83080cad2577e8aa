//! The audit log's pages: filtered, exported, verified.

use crate::operator_accounts::operator;
use crate::world::World;

#[tokio::test]
async fn the_log_is_read_filtered_exported_and_proved() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let kim = world.newcomer("kim@example.com").await;
    let at = format!("/operator/accounts/{}", kim.id);
    assert_eq!(lee.submits(&at, &format!("{at}/centre"), &[]).await.status, 303);
    let query = format!("actor=lee%40example.com&kind=account&id={}&since=2026-11-21&until=2026-11-21", kim.id);
    let page = lee.opens(&format!("/operator/audit?{query}")).await;
    assert!(page.body.contains("Business-centre membership changed"), "{page:?}");
    assert!(page.body.contains(&at) && page.body.contains("in_business_centre"), "{page:?}");
    assert!(!page.body.contains("Account made"), "another made it: {page:?}");
    assert!(
        page.body.contains(&format!(">Account kim@example.com</a> <code translate=\"no\">{}</code>", kim.id)),
        "{page:?}"
    );
    let none = lee.opens("/operator/audit?until=2020-01-01").await;
    assert!(none.body.contains("No entries"));
    let wrong = lee.opens("/operator/audit?since=yesterday").await;
    assert!(wrong.body.contains("Enter a date") && wrong.body.contains("value=\"yesterday\""), "{wrong:?}");

    let lines = lee.opens(&format!("/operator/audit/export?{query}")).await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    let line: serde_json::Value = serde_json::from_str(lines.body.lines().next().unwrap()).unwrap();
    assert_eq!((lines.body.lines().count(), line["act"].as_str()), (1, Some("account.business_centre")));
    let all = lee.opens("/operator/audit/export").await;
    assert_eq!(all.body.lines().count() as i64, world.store().audit_head().await.unwrap().seq);

    assert!(lee.opens("/operator/audit/verify?run=yes").await.body.contains("The log is whole"));
    let spoil = "UPDATE audit_log SET actor = 'somebody' WHERE seq = 2";
    world.alter([spoil, spoil]).await;
    assert!(lee.opens("/operator/audit/verify?run=yes").await.body.contains("Entry 2 was altered"));
}
