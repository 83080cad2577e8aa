//! The audit log's pages: filtered, exported, verified.

use serde_json::json;

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
    let rows = page.all("tbody tr");
    assert!(rows.iter().all(|row| row.contains("Business-centre membership changed")), "another made it: {page:?}");
    let changed = "<span class=\"quiet\">In the business centre:</span> Yes <span";
    assert!(page.body.contains(&at) && page.body.contains(changed), "{page:?}");
    assert!(!page.body.contains("in_business_centre"), "the words of the records are the export's: {page:?}");
    assert!(
        page.body.contains(&format!(">Account kim@example.com</a> <code translate=\"no\">{}</code>", kim.id)),
        "{page:?}"
    );
    let none = lee.opens("/operator/audit?until=2020-01-01").await;
    assert!(none.body.contains("No entries"));
    let wrong = lee.opens("/operator/audit?since=yesterday").await;
    assert!(wrong.body.contains("Enter a date") && wrong.body.contains("value=\"yesterday\""), "{wrong:?}");

    assert_eq!(page.values("#field-kind option[selected]"), ["account"]);
    assert!(page.all("#field-act option").contains(&"Business-centre membership changed".to_owned()), "{page:?}");
    let wanted = lee.opens("/operator/audit?act=session.begin").await;
    assert_eq!(wanted.all("#field-act option[selected]"), ["Operator signed in"]);
    let other = lee.opens("/operator/audit?act=something.else").await;
    assert_eq!(other.values("#field-act option[selected]"), ["something.else"], "what was asked for stays");
    for (half, field, summary) in [
        ("kind=account", "#field-id-error", "Id of the thing: Enter the id of the thing, too"),
        ("id=7", "#field-kind-error", "Kind of thing: Choose what kind of thing has this id."),
    ] {
        let refused = lee.opens(&format!("/operator/audit?{half}")).await;
        assert_eq!((refused.status, refused.all(field).len()), (422, 1), "{refused:?}");
        assert!(refused.all(".summary li")[0].starts_with(summary), "{refused:?}");
    }

    let lines = lee.opens(&format!("/operator/audit/export?{query}")).await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    let line: serde_json::Value = serde_json::from_str(lines.body.lines().next().unwrap()).unwrap();
    assert_eq!((lines.body.lines().count(), line["act"].as_str()), (1, Some("account.business_centre")));
    assert_eq!(
        (&line["before"], &line["after"]),
        (&json!({"in_business_centre": 1}), &json!({"in_business_centre": 0}))
    );
    let all = lee.opens("/operator/audit/export").await;
    assert_eq!(all.body.lines().count() as i64, world.store().audit_head().await.unwrap().seq);

    assert!(lee.opens("/operator/audit/verify?run=yes").await.body.contains("The log is whole"));
    let spoil = "UPDATE audit_log SET actor = 'somebody' WHERE seq = 2";
    world.alter([spoil, spoil]).await;
    assert!(lee.opens("/operator/audit/verify?run=yes").await.body.contains("Entry 2 was altered"));
}

#[tokio::test]
async fn what_an_entry_tells_is_told_in_the_language_of_the_page() {
    let world = World::new().await;
    let lee = operator(&world).await;
    let begun = "/operator/audit?act=session.begin";
    let page = lee.opens(begun).await;
    assert!(page.body.contains("<span class=\"quiet\">Proved with:</span> Password</span>"), "{page:?}");
    lee.opens(&format!("/language?to=ko&next={begun}")).await;
    let page = lee.opens(begun).await;
    assert!(page.body.contains("<span class=\"quiet\">확인 방법:</span> 비밀번호</span>"), "{page:?}");
}
