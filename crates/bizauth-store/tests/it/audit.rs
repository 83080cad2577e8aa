//! The audit log: written with the change or not at all, without secrets, in a chain that shows what was done to it.

use std::time::Duration;

use bizauth_core::id::UserId;
use bizauth_core::secret::Digest;
use bizauth_core::time::DAY;
use bizauth_core::user::UserState;
use bizauth_store::{Actor, AuditFilter, AuditRecord, AuditVerdict, Store, Who};

use crate::engines::{on_each_engine, on_each_place};
use crate::scene::{NOW, Scene, a_user, an_app, digest, someone};

async fn all(store: &Store) -> Vec<AuditRecord> {
    store.audit_page(&AuditFilter::default(), None, 1000).await.unwrap()
}

#[tokio::test]
async fn a_change_is_noted_with_who_what_on_which_from_where_before_and_after() {
    on_each_engine(async |store| {
        let app = an_app(&store, a_user(&store, "kim").await).await;
        let kim =
            Actor { who: Who::Account(UserId(7)), name: "kim".to_owned(), from: Some("192.0.2.1".to_owned()), at: NOW };
        assert!(store.by(kim).set_daily_quota(app, Some(5)).await.unwrap());
        let noted = all(&store).await.remove(0);
        let it = noted.entry;
        assert_eq!((it.act.as_str(), it.on_kind.as_str(), it.on_id), ("app.quota", "app", app.to_string()));
        assert_eq!((it.actor_kind.as_str(), it.actor_id, it.actor.as_str()), ("account", Some(7), "kim"));
        assert_eq!((it.address.as_deref(), it.at), (Some("192.0.2.1"), NOW));
        assert_eq!((it.before.as_str(), it.after.as_str()), (r#"{"daily_quota":null}"#, r#"{"daily_quota":5}"#));
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(head) if head.seq == it.seq));
        assert_eq!(store.by(someone(NOW)).actor().name, "tester");
    })
    .await;
}

#[tokio::test]
async fn what_did_not_happen_is_not_noted() {
    on_each_engine(async |store| {
        let before = all(&store).await.len();
        let by = store.by(someone(NOW));
        assert!(!by.set_sanction(bizauth_core::id::AppId(1), true).await.unwrap());
        assert!(!by.delete_app(bizauth_core::id::AppId(1)).await.unwrap());
        assert!(!by.set_user_state(UserId(1), UserState::Blocked).await.unwrap());
        assert_eq!(by.withdraw_consents(UserId(1), bizauth_core::id::AppId(1)).await.unwrap(), 0);
        assert_eq!(all(&store).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn no_secret_and_no_digest_gets_into_the_log() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let secret = digest();
        assert!(store.by(someone(NOW)).issue_secret(scene.key, secret, NOW.plus(DAY)).await.unwrap());
        assert!(store.by(someone(NOW)).set_password(scene.user, "$argon2id$secret".to_owned()).await.unwrap());
        let hex = |digest: Digest| digest.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for AuditRecord { entry, .. } in all(&store).await {
            let text = format!("{entry:?}");
            assert!(!text.contains("argon2id") && !text.contains(&hex(secret)) && !text.contains('…'), "{text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_once_on_two_nodes_make_one_chain() {
    on_each_place(async |place| {
        place.node(1).migrate(NOW).await.unwrap();
        let store = place.node(1);
        let app = an_app(&store, a_user(&store, "kim").await).await;
        let before = all(&store).await.len();
        let mut calls = tokio::task::JoinSet::new();
        for n in 0..40 {
            let node = if n % 2 == 0 { store.clone() } else { place.node(1 + n % 2) };
            calls.spawn(async move { node.by(someone(NOW)).set_daily_quota(app, Some(n.into())).await.unwrap() });
        }
        assert!(calls.join_all().await.into_iter().all(|found| found));
        let noted = all(&store).await;
        assert_eq!(noted.len(), before + 40);
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(_)));
        // Newest first: what was before one entry is what was after the one below.
        for pair in noted[..40].windows(2) {
            assert_eq!(pair[0].entry.before, pair[1].entry.after);
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_or_altered_entry_shows() {
    for (spoil, verdict) in [
        ("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3", AuditVerdict::Altered(3)),
        ("UPDATE audit_log SET after = '{}' WHERE seq = 4", AuditVerdict::Altered(4)),
        ("DELETE FROM audit_log WHERE seq = 3", AuditVerdict::Missing(3)),
        ("DELETE FROM audit_log WHERE seq = 5", AuditVerdict::Missing(5)),
        (
            "UPDATE audit_head SET seq = 4, digest = (SELECT digest FROM audit_log WHERE seq = 4)",
            AuditVerdict::BeyondHead(5),
        ),
        // The head on an entry that is gone, with one behind it: nothing that the walk could stand on.
        ("DELETE FROM audit_log WHERE seq = 4; UPDATE audit_head SET seq = 4", AuditVerdict::Missing(4)),
    ] {
        on_each_place(async |place| {
            let store = place.node(1);
            store.migrate(NOW).await.unwrap();
            for n in 0..4 {
                assert!(
                    store
                        .by(someone(NOW.plus(Duration::from_secs(n))))
                        .create_user(new_user(n))
                        .await
                        .unwrap()
                        .is_some()
                );
            }
            let noted = store.audit_head().await.unwrap();
            assert_eq!(noted.seq, 5, "the catalogue and four accounts");
            assert!(store.audit_digest(5).await.unwrap() == noted.digest);
            assert_eq!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(noted));
            place.spoil(spoil).await;
            assert_eq!(store.verify_audit().await.unwrap(), verdict, "{spoil}");
        })
        .await;
    }
}

fn new_user(n: u64) -> bizauth_store::NewUser {
    bizauth_store::NewUser {
        email: format!("kim{n}@example.com"),
        email_verified: true,
        password: String::new(),
        in_business_centre: false,
        is_operator: false,
    }
}

#[tokio::test]
async fn the_oldest_entries_are_cut_off_and_the_chain_goes_on() {
    on_each_engine(async |store| {
        for n in 0..6 {
            let at = NOW.plus(DAY * u32::try_from(n).unwrap());
            assert!(store.by(someone(at)).create_user(new_user(n)).await.unwrap().is_some());
        }
        let before = NOW.plus(DAY * 3);
        let later = store.by(someone(NOW.plus(DAY * 9)));
        assert_eq!(later.trim_audit(before, 2).await.unwrap(), 2, "so many at a time");
        assert_eq!(later.trim_audit(before, 500).await.unwrap(), 2);
        assert_eq!(later.trim_audit(before, 500).await.unwrap(), 0, "nothing left, and nothing noted");
        assert!(matches!(store.verify_audit().await.unwrap(), AuditVerdict::Whole(head) if head.trimmed == 4));
        let left = all(&store).await;
        let acts: Vec<_> = left.iter().map(|record| record.entry.act.as_str()).collect();
        assert_eq!(acts, ["audit.trim", "audit.trim", "account.create", "account.create", "account.create"]);
        assert_eq!(left.last().unwrap().entry.at, before);
        assert_eq!(store.audit_after(5).await.unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn the_log_is_read_by_filter_and_page() {
    on_each_engine(async |store| {
        let app = an_app(&store, a_user(&store, "kim").await).await;
        for n in 0..5 {
            let lee = Actor { name: "lee".to_owned(), ..someone(NOW.plus(DAY * n)) };
            assert!(store.by(lee).set_daily_quota(app, Some(n.into())).await.unwrap());
        }
        let lee = Some("lee".to_owned());
        let quota = Some("app.quota".to_owned());
        let on = Some(("app".to_owned(), app.to_string()));
        let (since, until) = (Some(NOW.plus(DAY)), Some(NOW.plus(DAY * 3)));
        for (filter, found) in [
            (AuditFilter { actor: lee.clone(), ..Default::default() }, 5),
            (AuditFilter { act: quota.clone(), ..Default::default() }, 5),
            (AuditFilter { actor: lee.clone(), act: Some("app.delete".to_owned()), ..Default::default() }, 0),
            (AuditFilter { on: on.clone(), act: quota.clone(), ..Default::default() }, 5),
            (AuditFilter { on: on.clone(), actor: Some("nobody".to_owned()), ..Default::default() }, 0),
            (AuditFilter { on, actor: lee.clone(), act: quota, since, until }, 2),
            (AuditFilter { since, ..Default::default() }, 4),
            (AuditFilter { actor: Some("x' OR 1=1".to_owned()), ..Default::default() }, 0),
        ] {
            let page = store.audit_page(&filter, None, 100).await.unwrap();
            assert_eq!(page.len(), found, "{filter:?}");
        }
        let filter = AuditFilter { actor: lee, ..Default::default() };
        let first = store.audit_page(&filter, None, 3).await.unwrap();
        let rest = store.audit_page(&filter, first.last().map(|it| it.entry.seq), 3).await.unwrap();
        assert_eq!((first.len(), rest.len()), (3, 2));
        assert!(first.last().unwrap().entry.seq > rest[0].entry.seq);
    })
    .await;
}
