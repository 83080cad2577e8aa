//! A file of assets is looked at without a trace, and applied in chunks of which each counts once.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::id::ImportId;
use bizauth_store::{
    AccountName, AssetRecord, AuditFilter, Counts, Effect, Fate, ImportState, Misfit, NewImport, Turn, WantedAsset,
    WantedHolder,
};

use crate::engines::{at_once, on_each_engine, on_two_nodes};
use crate::scene::{MINUTE, NOW, a_user, give, held, someone};

fn row(id: &str, name: &str, user: Option<bizauth_core::id::UserId>) -> WantedAsset {
    let asset = AssetRecord {
        group: "moment".into(),
        id: AssetId(id.to_owned()),
        kind: AssetKind::AdAccount,
        name: name.to_owned(),
    };
    let holder = |user| WantedHolder { account: AccountName::Id(user), role: "owner".to_owned(), lendable: true };
    WantedAsset { asset, holders: user.into_iter().map(holder).collect() }
}

fn file(total: i64) -> NewImport {
    let (name, body) = ("assets.csv".to_owned(), "the file".to_owned());
    let counts = Counts { added: 7, ..Counts::default() };
    NewImport {
        name,
        format: "csv".to_owned(),
        body,
        total,
        refused: "3 email unknown".to_owned(),
        n_refused: 1,
        counts,
    }
}

#[tokio::test]
async fn looking_at_rows_leaves_no_trace() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        give(&store, kim, "moment", &[("1", "A")]).await;
        let entries = store.audit_head().await.unwrap().seq;
        let mut bad = row("9", "I", None);
        bad.asset.group = "nowhere".into();
        let rows = vec![row("1", "A", Some(kim)), row("1", "B", Some(kim)), row("2", "C", Some(kim)), bad];
        let weighed = store.by(someone(NOW)).weigh_rows(rows).await.unwrap();
        let effect = |asset, gained| Effect { asset, gained, altered: 0, lost: 0 };
        let wanted = [
            Ok(effect(Fate::Same, 0)),
            Ok(effect(Fate::Changed, 0)),
            Ok(effect(Fate::Added, 1)),
            Err(Misfit::NoSuchGroup),
        ];
        assert_eq!(weighed, wanted);
        assert_eq!(held(&store, kim, &[("moment", "1"), ("moment", "2")]).await.len(), 1);
        assert_eq!(store.audit_head().await.unwrap().seq, entries);
    })
    .await;
}

#[tokio::test]
async fn an_import_is_applied_in_chunks_and_goes_on_where_it_stopped() {
    on_each_engine(async |store| {
        let kim = a_user(&store, "kim").await;
        let by = store.by(someone(NOW));
        let id = by.keep_import(file(3)).await.unwrap();
        let found = store.import(id, NOW).await.unwrap().unwrap();
        assert_eq!((found.state, found.total, found.n_refused, found.counts.added), (ImportState::Checked, 3, 1, 7));
        assert_eq!(found.maker, "tester");
        assert_eq!(store.import_file(id).await.unwrap().unwrap().0, "the file");
        assert_eq!(store.import_refusals(id).await.unwrap(), "3 email unknown");
        let first = vec![row("1", "A", Some(kim)), row("1", "A", None)];
        assert_eq!(by.apply_rows(id, 0, first.clone()).await.unwrap(), None, "it has not begun");

        assert!(by.start_import(id).await.unwrap());
        assert!(!by.start_import(id).await.unwrap(), "somebody is at work on it");
        let counts = by.apply_rows(id, 0, first.clone()).await.unwrap().unwrap();
        assert_eq!(counts, Counts { added: 1, gained: 1, same: 1, ..Counts::default() });
        assert_eq!(by.apply_rows(id, 0, first).await.unwrap(), None, "a chunk counts once");
        assert!(!by.finish_import(id).await.unwrap());

        // Whoever was at work is gone; a minute later another goes on.
        let later = store.by(someone(NOW.plus(MINUTE)));
        assert!(store.import(id, NOW).await.unwrap().unwrap().is_stuck(NOW.plus(MINUTE)));
        assert!(later.start_import(id).await.unwrap());
        let counts = later.apply_rows(id, 2, vec![row("2", "B", Some(kim))]).await.unwrap().unwrap();
        assert_eq!((counts.added, counts.gained, counts.same), (2, 2, 1));
        assert!(later.finish_import(id).await.unwrap());
        let done = store.imports(&Turn::First, 9, NOW).await.unwrap().rows;
        assert_eq!((done.len(), done[0].state, done[0].done, done[0].counts), (1, ImportState::Done, 3, counts));
        assert_eq!(store.import_file(id).await.unwrap().unwrap().0, "", "the file is forgotten");
        assert_eq!(held(&store, kim, &[("moment", "1"), ("moment", "2")]).await.len(), 2);

        let filter = AuditFilter { on: Some(("import".to_owned(), id.to_string())), ..AuditFilter::default() };
        let told = store.audit_page(&filter, None, 9).await.unwrap();
        let acts: Vec<_> = told.iter().map(|it| it.entry.act.as_str()).collect();
        let wanted = ["import.finish", "import.rows", "import.start", "import.rows", "import.start", "import.check"];
        assert_eq!(acts, wanted);
        assert!(told[1].entry.about.contains("moment:2 +kim"), "{told:?}");

        assert!(store.import(ImportId(5), NOW).await.unwrap().is_none());
        let week = NOW.plus(MINUTE * 60 * 24 * 8);
        assert!(store.import(id, week).await.unwrap().is_none());
        store.sweep(10, week).await.unwrap();
        assert!(store.imports(&Turn::First, 9, NOW).await.unwrap().rows.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_work_on_a_chunk_one_does_it() {
    on_two_nodes(async |nodes| {
        let by = nodes[0].by(someone(NOW));
        let id = by.keep_import(file(1)).await.unwrap();
        let started =
            at_once(&nodes, 8, |store, _| async move { store.by(someone(NOW)).start_import(id).await.unwrap() });
        assert_eq!(started.await.iter().filter(|began| **began).count(), 1);
        let apply = |store: bizauth_store::Store, _| async move {
            let rows = vec![row("1", "A", None)];
            store.by(someone(NOW)).apply_rows(id, 0, rows).await.unwrap()
        };
        let said = at_once(&nodes, 8, apply).await;
        assert_eq!(said.iter().filter(|counts| counts.is_some()).count(), 1, "{said:?}");
    })
    .await;
}
