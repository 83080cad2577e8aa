//! Sweeping is bounded, and leaves what still guards something.

use bizauth_core::time::DAY;
use bizauth_store::{Counts, Limit, NewImport, Redemption, Store};

use crate::engines::on_each_engine;
use crate::scene::{MINUTE, NO_LIMIT, NOW, Scene, a_browser, a_user, digest, is_alive, secret, someone, yes};

/// Sweeps five at a time until nothing is left, and says in how many rounds and rows.
async fn sweep_all(store: &Store, days: u32) -> (u64, u64) {
    let (mut rounds, mut rows) = (0, 0);
    loop {
        let swept = store.sweep(5, NOW.plus(days * DAY)).await.unwrap();
        assert!(swept.rows <= 30, "six kinds, five of each at most: {swept:?}");
        rounds += 1;
        rows += swept.rows;
        if !swept.more {
            return (rounds, rows);
        }
    }
}

#[tokio::test]
async fn a_sweep_is_bounded() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let limit = Limit { kind: "tries", most: 9, window: MINUTE };
        for subject in 0..23 {
            let ends = NOW.plus(MINUTE);
            store
                .sign_in(user, "$argon2id$none".to_owned(), a_browser((digest(), ends), (digest(), ends)), NOW)
                .await
                .unwrap();
            // Many who share one window.
            assert!(store.take(limit, subject.to_string(), NOW).await.unwrap());
        }
        assert_eq!(store.sweep(5, NOW).await.unwrap().rows, 0, "nothing has ended");
        let (rounds, rows) = sweep_all(&store, 3).await;
        assert_eq!((rounds, rows), (5, 69));
        assert_eq!(store.taken(limit, "0", NOW).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_has_not_ended_stays() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let (proof, device) = (secret(), secret());
        let (soon, later) = (NOW.plus(MINUTE), NOW.plus(99 * DAY));
        store
            .sign_in(scene.user, "$argon2id$none".to_owned(), a_browser((digest(), soon), (digest(), soon)), NOW)
            .await
            .unwrap();
        let ends = ((proof.digest(), later), (device.digest(), later));
        let (id, known) = store
            .sign_in(scene.user, "$argon2id$none".to_owned(), a_browser(ends.0, ends.1), NOW)
            .await
            .unwrap()
            .unwrap();
        let screen = scene.shows().await;
        let day = Limit { kind: "codes", most: 9, window: DAY };
        assert!(store.take(day, "kim".to_owned(), NOW).await.unwrap());
        assert!(store.take(Limit { window: MINUTE, ..day }, "kim".to_owned(), NOW).await.unwrap());
        // The two of the ended browser, and nothing that ended only today.
        assert_eq!(store.sweep(100, NOW.plus(2 * MINUTE)).await.unwrap().rows, 2);
        assert!(store.session(id, &proof, NOW).await.unwrap().is_some());
        assert!(store.knows_device(known, &device, scene.user, NOW).await.unwrap());
        assert!(store.decline(screen.0, screen.1, screen.2, NOW).await.unwrap());
        assert_eq!(store.taken(day, "kim", NOW).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_late_replay_still_kills_for_thirty_days_and_the_token_is_never_swept() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let replay = async |code, days: u32| {
            let when = NOW.plus(days * DAY);
            scene.store.redeem_code(code, scene.key, digest(), NO_LIMIT, yes, when).await.unwrap()
        };
        let code = scene.agrees().await;
        let token = scene.buys(code).await;
        sweep_all(&store, 29).await;
        assert!(is_alive(&store, &token).await);
        assert_eq!(replay(code, 29).await, Redemption::Spent);
        assert!(!is_alive(&store, &token).await);

        let code = scene.agrees().await;
        let token = scene.buys(code).await;
        sweep_all(&store, 31).await;
        assert_eq!(replay(code, 31).await, Redemption::NotFound);
        assert!(is_alive(&store, &token).await);
        assert_eq!(store.tokens_of(scene.app, None, 9).await.unwrap().len(), 2);
        assert!(store.earlier_consent(scene.user, scene.app).await.unwrap().is_some());
    })
    .await;
}

/// As many of each kind as it was told, and no kind twice.
#[tokio::test]
async fn each_kind_is_swept_once() {
    on_each_engine(async |store| {
        for n in 0..9 {
            let (name, format, body, counts) = (format!("{n}.csv"), "csv".to_owned(), String::new(), Counts::default());
            let new = NewImport { name, format, body, total: 0, refused: String::new(), n_refused: 0, counts };
            store.by(someone(NOW)).keep_import(new).await.unwrap();
        }
        let swept = store.sweep(4, NOW.plus(99 * DAY)).await.unwrap();
        assert_eq!((swept.rows, swept.more), (4, true));
    })
    .await;
}
