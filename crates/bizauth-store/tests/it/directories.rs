//! A directory that lives elsewhere says what there is and who holds it: all of it or nothing, as often as it likes.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_store::{
    AccountName, AssetRecord, AuditFilter, DirectoryChange, Effect, Fate, Followed, Misfit, Named, Step, Store,
    WantedAsset, WantedHolder,
};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{NOW, a_user, held, someone};

fn holder(account: AccountName, role: &str) -> WantedHolder {
    WantedHolder { account, role: role.to_owned(), lendable: true }
}

fn put(external_id: &str, group: &str, id: &str, holders: Vec<WantedHolder>) -> DirectoryChange {
    let (group, id) = (group.into(), AssetId(id.to_owned()));
    let asset = AssetRecord { group, id, kind: AssetKind::AdAccount, name: "봄 Spring".to_owned() };
    DirectoryChange::Put { external_id: external_id.to_owned(), wanted: WantedAsset { asset, holders } }
}

fn delete(external_id: &str) -> DirectoryChange {
    DirectoryChange::Delete { external_id: external_id.to_owned() }
}

fn to(cursor: &str) -> Option<Step> {
    Some(Step { after: None, cursor: cursor.to_owned() })
}

async fn follow(store: &Store, changes: Vec<DirectoryChange>, step: Option<Step>) -> Followed {
    store.by(someone(NOW)).follow_directory("crm".to_owned(), changes, step).await.unwrap()
}

#[tokio::test]
async fn told_again_nothing_changes_and_a_hold_stays_the_same_hold() {
    on_each_engine(async |store| {
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        assert_eq!(store.by(someone(NOW)).set_external_id(lee, Some("L-1".to_owned())).await.unwrap(), Named::Done);
        let both = || {
            vec![
                put(
                    "a",
                    "moment",
                    "1",
                    vec![
                        holder(AccountName::Id(kim), "owner"),
                        holder(AccountName::External("L-1".to_owned()), "manager"),
                    ],
                ),
                put("b", "moment", "2", vec![]),
            ]
        };
        let done = follow(&store, both(), to("c1")).await;
        let added = Effect { asset: Fate::Added, gained: 2, altered: 0, lost: 0 };
        assert_eq!(done, Followed::Done(vec![added, Effect { gained: 0, ..added }]));
        let first = held(&store, kim, &[("moment", "1")]).await;
        let entries = store.audit_head().await.unwrap().seq;

        assert_eq!(follow(&store, both(), to("c1")).await, Followed::Done(vec![Effect::default(); 2]));
        assert_eq!(held(&store, kim, &[("moment", "1")]).await, first);
        assert_eq!(store.audit_head().await.unwrap().seq, entries, "nothing happened, nothing is told");

        let changed = vec![put("a", "moment", "1", vec![holder(AccountName::Id(kim), "manager")])];
        let effect = Effect { asset: Fate::Same, gained: 0, altered: 1, lost: 1 };
        assert_eq!(follow(&store, changed, to("c2")).await, Followed::Done(vec![effect]));
        let now = held(&store, kim, &[("moment", "1")]).await;
        assert_eq!((now[0].id, now[0].role.as_str()), (first[0].id, "manager"));
        assert!(held(&store, lee, &[("moment", "1")]).await.is_empty());

        let gone = follow(&store, vec![delete("a"), delete("never")], to("c3")).await;
        let removed = Effect { asset: Fate::Removed, gained: 0, altered: 0, lost: 1 };
        assert_eq!(gone, Followed::Done(vec![removed, Effect::default()]));
        assert!(held(&store, kim, &[("moment", "1")]).await.is_empty());
        let left = store.directory_assets("crm", "", 10).await.unwrap();
        assert_eq!((left.len(), left[0].external_id.as_str(), left[0].asset.0.as_str()), (1, "b", "2"));

        let filter = AuditFilter { on: Some(("asset".to_owned(), "moment:1".to_owned())), ..AuditFilter::default() };
        let told: Vec<_> = store.audit_page(&filter, None, 9).await.unwrap();
        let acts: Vec<_> = told.iter().map(|it| it.entry.act.as_str()).collect();
        assert_eq!(acts, ["directory.delete", "directory.put", "directory.put"]);
        assert!(told[1].entry.about.contains("~kim"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn one_bad_element_and_nothing_is_changed() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        assert!(matches!(follow(&store, vec![put("a", "moment", "1", vec![])], to("c1")).await, Followed::Done(_)));
        let twice = vec![holder(AccountName::Id(kim), "owner"), holder(AccountName::Id(kim), "manager")];
        let nobody = vec![holder(AccountName::Email("nobody@example.com".to_owned()), "owner")];
        let changes = vec![
            put("new", "moment", "9", vec![]),
            put("b", "personal", "1", vec![]),
            put("c", "nowhere", "1", vec![]),
            put("d", "moment", "3", nobody),
            put("e", "moment", "4", twice),
            put("a", "moment", "5", vec![]),
            put("f", "moment", "1", vec![]),
            delete("a"),
        ];
        let misfits = vec![
            (1, Misfit::NoSuchGroup),
            (2, Misfit::NoSuchGroup),
            (3, Misfit::NoSuchAccount(0)),
            (4, Misfit::HolderTwice(1)),
            (5, Misfit::NamesAnother("moment:1".to_owned())),
            (6, Misfit::KeptBy("crm".to_owned(), "a".to_owned())),
        ];
        assert_eq!(follow(&store, changes, to("c2")).await, Followed::Refused(misfits));
        assert_eq!(store.directory("crm").await.unwrap().unwrap().cursor, "c1");
        let names: Vec<_> = store.directory_assets("crm", "", 9).await.unwrap();
        assert_eq!(names.len(), 1, "{names:?}");
        let by = store.by(someone(NOW));
        let other = by.follow_directory("erp".to_owned(), vec![put("x", "moment", "1", vec![])], None);
        let kept = Misfit::KeptBy("crm".to_owned(), "a".to_owned());
        assert_eq!(other.await.unwrap(), Followed::Refused(vec![(0, kept)]));
    })
    .await;
}

#[tokio::test]
async fn a_cursor_follows_the_one_before() {
    on_each_engine(async |store| {
        let step = |after: &str, cursor: &str| Some(Step { after: Some(after.to_owned()), cursor: cursor.to_owned() });
        assert!(store.directory("crm").await.unwrap().is_none());
        assert_eq!(follow(&store, vec![], step("x", "1")).await, Followed::OutOfStep(String::new()));
        assert_eq!(follow(&store, vec![], step("", "1")).await, Followed::Done(vec![]));
        assert_eq!(follow(&store, vec![], step("1", "2")).await, Followed::Done(vec![]));
        assert_eq!(follow(&store, vec![], step("1", "2")).await, Followed::Done(vec![]), "a batch that is sent again");
        assert_eq!(follow(&store, vec![], step("1", "3")).await, Followed::OutOfStep("2".to_owned()));
        let all = store.directories("", 10).await.unwrap();
        assert_eq!((all.len(), all[0].source.as_str(), all[0].cursor.as_str()), (1, "crm", "2"));
        assert!(store.directories("crm", 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_told_the_same_make_one_hold() {
    on_two_nodes(async |nodes| {
        let kim = a_user(&nodes[0], "kim").await;
        let tell = |store: Store, _| async move {
            let change = put("a", "moment", "1", vec![holder(AccountName::Id(kim), "owner")]);
            follow(&store, vec![change], to("c")).await
        };
        let said = at_once(&nodes, 8, tell).await;
        let added = |it: &&Followed| matches!(it, Followed::Done(effects) if effects[0].asset == Fate::Added);
        assert_eq!(said.iter().filter(added).count(), 1, "{said:?}");
        assert_eq!(held(&nodes[0], kim, &[("moment", "1")]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_external_id_names_one_account() {
    on_each_engine(async |store| {
        let (kim, lee) = (a_user(&store, "kim").await, a_user(&store, "lee").await);
        let by = store.by(someone(NOW));
        let name = |id, text: Option<&str>| by.set_external_id(id, text.map(str::to_owned));
        assert_eq!(name(kim, Some("K")).await.unwrap(), Named::Done);
        assert_eq!(name(kim, Some("K")).await.unwrap(), Named::Done);
        assert_eq!(name(lee, Some("K")).await.unwrap(), Named::Taken);
        assert_eq!(name(bizauth_core::id::UserId(5), Some("X")).await.unwrap(), Named::NoSuchAccount);
        assert_eq!(store.account_called("K").await.unwrap(), Some(kim));
        assert_eq!(name(kim, None).await.unwrap(), Named::Done);
        assert_eq!(store.account_called("K").await.unwrap(), None);
        assert_eq!(name(lee, Some("K")).await.unwrap(), Named::Done);
    })
    .await;
}
