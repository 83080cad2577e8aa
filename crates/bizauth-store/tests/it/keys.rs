//! App keys: how many there may be, how they are found, and their secrets.

use bizauth_core::key::{AppKey, KeyKind};
use bizauth_core::secret::Digest;
use bizauth_store::{AddedUri, AuditFilter, IssuedSecret, NewKey, Replaces, Store};

use crate::engines::{at_once, on_each_engine, on_each_place, on_two_nodes};
use crate::scene::{MINUTE, NOW, Scene, app_key, digest, someone};

async fn make(store: &Store, scene: &Scene, kind: KeyKind, value: AppKey) -> Option<bizauth_core::id::KeyId> {
    let secret = (kind == KeyKind::RestApi).then(|| Digest::of(b"first"));
    store
        .by(someone(NOW))
        .create_key(NewKey { app: scene.app, kind, value, name: "key".to_owned(), secret })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_has_at_most_five_keys_of_a_kind_however_they_are_made() {
    on_two_nodes(async |nodes| {
        let scene = Scene::set(&nodes[0]).await;
        for (kind, room) in [(KeyKind::RestApi, 4), (KeyKind::Admin, 5)] {
            let made = at_once(&nodes, 20, |store, _| {
                let scene = scene.clone();
                async move { make(&store, &scene, kind, app_key()).await }
            })
            .await;
            let made: Vec<_> = made.into_iter().flatten().collect();
            assert_eq!(made.len(), room);
            assert!(nodes[1].by(someone(NOW)).delete_key(made[0]).await.unwrap());
            assert!(make(&nodes[1], &scene, kind, app_key()).await.is_some(), "a deleted one makes room");
            assert!(make(&nodes[1], &scene, kind, app_key()).await.is_none());
        }
        assert_eq!(nodes[0].keys_of(scene.app, NOW).await.unwrap().len(), 10);
        assert!(nodes[0].by(someone(NOW)).delete_app(scene.app).await.unwrap());
        assert!(make(&nodes[1], &scene, KeyKind::Native, app_key()).await.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_at_most_ten_redirect_uris_however_they_are_added() {
    on_two_nodes(async |nodes| {
        let key = Scene::set(&nodes[0]).await.key;
        // Every URI is sent twice.
        let said = at_once(&nodes, 30, |store, turn| async move {
            store.by(someone(NOW)).add_redirect_uri(key, format!("https://{}.example.com/cb", turn / 2)).await.unwrap()
        })
        .await;
        let count = |what| said.iter().filter(|said| **said == what).count();
        assert_eq!(count(AddedUri::Added), 10, "{said:?}");
        assert_eq!(count(AddedUri::Added) + count(AddedUri::AlreadyThere) + count(AddedUri::Full), 30);
    })
    .await;
}

#[tokio::test]
async fn redirect_uris_keep_their_bytes_and_their_order() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let value = app_key();
        let key = make(&store, &scene, KeyKind::RestApi, value.clone()).await.unwrap();
        let uris = ["https://a.example/cb?x=%2f&y=%2F", "https://a.example/cb", "https://a.example/cb/"];
        for uri in uris {
            assert_eq!(store.by(someone(NOW)).add_redirect_uri(key, uri.to_owned()).await.unwrap(), AddedUri::Added);
            assert_eq!(
                store.by(someone(NOW)).add_redirect_uri(key, uri.to_owned()).await.unwrap(),
                AddedUri::AlreadyThere
            );
        }
        assert_eq!(store.key(&value, NOW).await.unwrap().unwrap().redirect_uris, uris);
        assert!(!store.by(someone(NOW)).remove_redirect_uri(key, "https://a.example/c".to_owned()).await.unwrap());
        assert!(store.by(someone(NOW)).remove_redirect_uri(key, uris[1].to_owned()).await.unwrap());
        assert_eq!(store.client(&value, NOW).await.unwrap().unwrap().redirect_uris, [uris[0], uris[2]]);
        let native = make(&store, &scene, KeyKind::Native, app_key()).await.unwrap();
        assert_eq!(
            store.by(someone(NOW)).add_redirect_uri(native, uris[0].to_owned()).await.unwrap(),
            AddedUri::NoSuchKey
        );
        for unfit in
            ["javascript:alert(1)", "https://a.example/cb\nhttps://evil.example/", "https://a.example/..%252f", ""]
        {
            let said = store.by(someone(NOW)).add_redirect_uri(key, unfit.to_owned()).await.unwrap();
            assert!(matches!(said, AddedUri::Unfit(_)), "{unfit}: {said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_old_secret_stays_for_its_overlap_also_over_a_restart() {
    on_each_place(async |place| {
        let value = app_key();
        let opens = async |store: &Store, secret: &str, after: u32| {
            let found = store.key(&value, NOW.plus(after * MINUTE)).await.unwrap().unwrap();
            found.key.admits_secret(Some(secret))
        };
        let key = {
            let store = place.node(1);
            store.migrate(NOW).await.unwrap();
            let scene = Scene::set(&store).await;
            let key = make(&store, &scene, KeyKind::RestApi, value.clone()).await.unwrap();
            assert!(opens(&store, "first", 0).await);
            assert!(
                store.by(someone(NOW)).issue_secret(key, Digest::of(b"second"), NOW.plus(10 * MINUTE)).await.unwrap()
            );
            store.close().await;
            key
        };
        let store = place.node(2);
        for (secret, after, good) in
            [("first", 0, true), ("first", 9, true), ("first", 10, false), ("second", 0, true), ("second", 99, true)]
        {
            assert_eq!(opens(&store, secret, after).await, good, "{secret} after {after} minutes");
        }
        assert!(store.by(someone(NOW)).issue_secret(key, Digest::of(b"third"), NOW.plus(10 * MINUTE)).await.unwrap());
        for (secret, good) in [("first", false), ("second", true), ("third", true), ("", false)] {
            assert_eq!(opens(&store, secret, 1).await, good, "{secret}: one predecessor at most");
        }
        assert!(store.by(someone(NOW)).issue_secret(key, Digest::of(b"fourth"), NOW).await.unwrap());
        assert!(!opens(&store, "third", 0).await, "no overlap was asked for");
        for on in [false, true] {
            assert!(store.by(someone(NOW)).set_secret_on(key, on).await.unwrap());
            assert_eq!(opens(&store, "wrong", 0).await, !on);
        }
    })
    .await;
}

#[tokio::test]
async fn an_admin_key_is_found_by_its_value_and_its_digest_is_no_key() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let admin = app_key();
        let id = make(&store, &scene, KeyKind::Admin, admin.clone()).await.unwrap();
        let found = store.key(&admin, NOW).await.unwrap().unwrap();
        assert_eq!((found.key.id, found.key.kind, found.key.may_read_ips), (id, KeyKind::Admin, true));
        assert_eq!(AppKey::read(&admin.hidden()), None, "64 digits are no key to begin with");
        let listed = store.keys_of(scene.app, NOW).await.unwrap().into_iter().find(|it| it.key.id == id).unwrap();
        assert_eq!(listed.value, None, "the store does not know it");
        for (kind, may_be_found) in [(KeyKind::Native, true), (KeyKind::JavaScript, true)] {
            let value = app_key();
            make(&store, &scene, kind, value.clone()).await.unwrap();
            assert_eq!(store.key(&value, NOW).await.unwrap().is_some(), may_be_found);
        }
        for may in [false, true] {
            assert!(store.by(someone(NOW)).set_may_read_ips(id, may).await.unwrap());
            assert_eq!(store.key(&admin, NOW).await.unwrap().unwrap().key.may_read_ips, may);
        }
        assert!(
            !store.by(someone(NOW)).set_may_read_ips(scene.key, false).await.unwrap(),
            "a REST API key has no such switch"
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_key_is_none_and_never_comes_back() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let value = app_key();
        let id = make(&store, &scene, KeyKind::RestApi, value.clone()).await.unwrap();
        for disabled in [true, false] {
            assert!(store.by(someone(NOW)).set_key_disabled(id, disabled).await.unwrap());
            assert_eq!(store.key(&value, NOW).await.unwrap().unwrap().key.disabled, disabled);
        }
        assert!(store.by(someone(NOW)).delete_key(id).await.unwrap());
        assert!(store.key(&value, NOW).await.unwrap().is_none());
        assert!(store.client(&value, NOW).await.unwrap().is_none());
        assert!(!store.by(someone(NOW)).delete_key(id).await.unwrap());
        assert!(!store.by(someone(NOW)).set_key_disabled(id, false).await.unwrap());
        assert!(!store.by(someone(NOW)).set_secret_on(id, false).await.unwrap());
        assert!(!store.by(someone(NOW)).set_callers(id, &[]).await.unwrap());
        assert!(!store.by(someone(NOW)).set_pkce_required(id, true).await.unwrap());
        assert!(!store.by(someone(NOW)).issue_secret(id, digest(), NOW).await.unwrap());
        assert_eq!(
            store.by(someone(NOW)).add_redirect_uri(id, "https://a.example/".to_owned()).await.unwrap(),
            AddedUri::NoSuchKey
        );
        let again = NewKey { app: scene.app, kind: KeyKind::RestApi, value, name: String::new(), secret: None };
        store.by(someone(NOW)).create_key(again).await.unwrap_err();
    })
    .await;
}

/// What is remembered of a key must follow the switch at once, on either side of it.
#[tokio::test]
async fn a_rest_api_key_may_require_pkce_and_no_other_may() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (value, native) = (app_key(), app_key());
        let id = make(&store, &scene, KeyKind::RestApi, value.clone()).await.unwrap();
        let other = make(&store, &scene, KeyKind::Native, native).await.unwrap();
        assert!(!store.client(&value, NOW).await.unwrap().unwrap().key.pkce_required, "not unless it is asked for");
        for required in [true, false, true] {
            assert!(store.by(someone(NOW)).set_pkce_required(id, required).await.unwrap());
            assert_eq!(store.client(&value, NOW).await.unwrap().unwrap().key.pkce_required, required);
            assert_eq!(store.key_by_id(id, NOW).await.unwrap().unwrap().key.pkce_required, required);
        }
        assert!(!store.by(someone(NOW)).set_pkce_required(other, true).await.unwrap(), "only REST API keys ask");
        let about = AuditFilter { act: Some("key.pkce".to_owned()), ..AuditFilter::default() };
        let noted = store.audit_page(&about, None, 10).await.unwrap();
        assert_eq!(noted.len(), 3, "who was refused changed nothing");
    })
    .await;
}

#[tokio::test]
async fn a_keys_callers_are_kept_as_networks() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let value = app_key();
        let id = make(&store, &scene, KeyKind::RestApi, value.clone()).await.unwrap();
        let callers = ["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        assert!(store.by(someone(NOW)).set_callers(id, &callers).await.unwrap());
        assert_eq!(store.key(&value, NOW).await.unwrap().unwrap().key.callers, callers);
        assert!(store.by(someone(NOW)).set_callers(id, &[]).await.unwrap());
        assert!(store.key(&value, NOW).await.unwrap().unwrap().key.callers.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_key_is_found_by_its_id_and_renamed() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = store.by(someone(NOW));
        assert!(by.rename_key(scene.key, "서버 <1>".to_owned()).await.unwrap());
        let found = store.key_by_id(scene.key, NOW).await.unwrap().unwrap();
        assert_eq!((found.key.app, found.name.as_str(), found.created_at), (scene.app, "서버 <1>", NOW));
        assert_eq!((found.used_at, found.secret, found.old_secret_until), (None, None, None));
        assert!(by.delete_key(scene.key).await.unwrap());
        assert!(store.key_by_id(scene.key, NOW).await.unwrap().is_none());
        assert!(!by.rename_key(scene.key, "x".to_owned()).await.unwrap());
        assert!(store.key_by_id(bizauth_core::id::KeyId(1), NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_keys_use_is_noted_every_few_minutes_and_not_on_a_deleted_one() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let used = async || store.key_by_id(scene.key, NOW).await.unwrap().unwrap().used_at;
        for (minutes, noted) in [(0, 0), (4, 0), (5, 5), (3, 5), (9, 5), (10, 10)] {
            store.note_key_use(scene.key, NOW.plus(minutes * MINUTE)).await.unwrap();
            assert_eq!(used().await, Some(NOW.plus(noted * MINUTE)), "after {minutes} minutes");
        }
        assert_eq!(store.audit_head().await.unwrap().seq, {
            store.note_key_use(scene.key, NOW.plus(60 * MINUTE)).await.unwrap();
            store.audit_head().await.unwrap().seq
        });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_replace_one_secret_at_once_one_is_heard() {
    on_two_nodes(async |nodes| {
        let key = Scene::set(&nodes[0]).await.key;
        let first = Digest::of(b"first");
        assert!(nodes[0].by(someone(NOW)).issue_secret(key, first, NOW).await.unwrap());
        let until = NOW.plus(60 * MINUTE);
        let said = at_once(&nodes, 12, |store, turn| async move {
            let secret = Digest::of(&[u8::try_from(turn).unwrap()]);
            store.by(someone(NOW)).replace_secret(key, Replaces::This(Some(first)), secret, until).await.unwrap()
        })
        .await;
        assert_eq!(said.iter().filter(|it| **it == IssuedSecret::Issued).count(), 1, "{said:?}");
        assert_eq!(said.iter().filter(|it| **it == IssuedSecret::Meanwhile).count(), 11, "{said:?}");
        let found = nodes[1].key_by_id(key, NOW).await.unwrap().unwrap();
        assert_eq!((found.key.secrets.len(), found.old_secret_until), (2, Some(until)));
        assert!(found.key.admits_secret(Some("first")), "the overlap is as it was promised");
        for ended in [true, false] {
            assert_eq!(nodes[0].by(someone(NOW)).end_overlap(key).await.unwrap(), ended);
            let found = nodes[1].key_by_id(key, NOW).await.unwrap().unwrap();
            assert_eq!((found.key.secrets.len(), found.old_secret_until), (1, None));
        }
        let by = nodes[0].by(someone(NOW));
        let none = by.replace_secret(key, Replaces::This(None), first, NOW).await.unwrap();
        assert_eq!(none, IssuedSecret::Meanwhile);
        assert!(by.delete_key(key).await.unwrap());
        assert_eq!(by.replace_secret(key, Replaces::Whichever, first, NOW).await.unwrap(), IssuedSecret::NoSuchKey);
    })
    .await;
}
