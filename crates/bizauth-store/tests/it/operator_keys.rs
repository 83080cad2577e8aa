//! Operator keys open what they say, for as long as they say.

use std::time::Duration;

use bizauth_core::id::OperatorKeyId;
use bizauth_core::operator::Scope;
use bizauth_store::{Actor, AuditFilter, Turn, Who};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NOW, a_user, secret, someone};

#[tokio::test]
async fn a_key_opens_with_its_own_secret_until_it_is_revoked() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        let by = store.by(Actor { who: Who::Account(kim), name: "kim@example.com".to_owned(), from: None, at: NOW });
        let (mine, other) = (secret(), secret());
        let scopes = vec![Scope::AuditRead, Scope::AssetsWrite, Scope::AuditRead];
        let id = by.create_operator_key("Sync".to_owned(), scopes, mine.digest(), None).await.unwrap();
        let key = store.operator_key(id, &mine, NOW).await.unwrap().unwrap();
        assert_eq!((key.name.as_str(), key.made_by, key.used_at), ("Sync", Some(kim), None));
        assert_eq!(key.scopes, [Scope::AssetsWrite, Scope::AuditRead]);
        assert!(store.operator_key(id, &other, NOW).await.unwrap().is_none());
        assert!(store.operator_key(OperatorKeyId(5), &mine, NOW).await.unwrap().is_none());

        assert!(by.revoke_operator_key(id).await.unwrap());
        assert!(!by.revoke_operator_key(id).await.unwrap());
        assert!(store.operator_key(id, &mine, NOW).await.unwrap().is_none());
        assert_eq!(store.operator_keys(&Turn::First, 9).await.unwrap().rows[0].revoked_at, Some(NOW));

        let filter = AuditFilter { on: Some(("operator_key".to_owned(), id.to_string())), ..AuditFilter::default() };
        let told = store.audit_page(&filter, None, 9).await.unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].entry.after.contains("assets:write audit:read"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_key_ends_by_itself_and_its_use_is_noted_now_and_then() {
    on_each_engine(async |store| {
        let (mine, end) = (secret(), NOW.plus(MINUTE * 20));
        let by = store.by(someone(NOW));
        let id =
            by.create_operator_key("CI".to_owned(), vec![Scope::AppsRead], mine.digest(), Some(end)).await.unwrap();
        let used = async |at| {
            let opened = store.operator_key(id, &mine, at).await.unwrap().is_some();
            (opened, store.operator_keys(&Turn::First, 9).await.unwrap().rows[0].used_at)
        };
        assert_eq!(used(NOW).await, (true, Some(NOW)));
        assert_eq!(used(NOW.plus(MINUTE)).await, (true, Some(NOW)));
        assert_eq!(used(NOW.plus(MINUTE * 6)).await, (true, Some(NOW.plus(MINUTE * 6))));
        assert!(used(end.minus(Duration::from_millis(1))).await.0);
        assert!(!used(end).await.0);
        assert_eq!(store.operator_keys(&Turn::First, 9).await.unwrap().rows.len(), 1);
    })
    .await;
}
