//! An app's tokens as its members see them: found by id, listed by person, with what was lent.

use bizauth_core::id::{AppUserId, TokenId};
use bizauth_core::time::{DAY, Time};
use bizauth_core::token::{Ending, IDLE_LIFETIME, Standing};
use bizauth_store::{Actor, EndedBy, LentOne, TokenRecord, Turn, Who};

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, a_user, all, give, held, hold, someone, these};

#[tokio::test]
async fn the_tokens_of_one_person_are_theirs_alone() {
    on_each_engine(async |store| {
        let mut scene = Scene::set(&store).await;
        let mut mine = Vec::new();
        for _ in 0..3 {
            mine.push(scene.buys(scene.agrees().await).await.0);
        }
        let person = store.token_of(scene.app, mine[0]).await.unwrap().unwrap().token.app_user;
        scene.user = a_user(&store, "lee").await;
        let theirs = scene.buys(scene.agrees().await).await.0;
        mine.reverse();
        let ids = |page: Vec<TokenRecord>| page.into_iter().map(|it| it.token.id).collect::<Vec<_>>();
        let of_person =
            async |before, most| ids(store.tokens_of_person((scene.app, person), before, most).await.unwrap());
        assert_eq!(of_person(None, 10).await, mine);
        assert_eq!(of_person(Some(mine[0]), 1).await, [mine[1]]);
        let newer = store.tokens_of_person_after((scene.app, person), mine[2], 1).await.unwrap();
        assert_eq!(ids(newer), [mine[1]], "theirs is not among them");
        let other = Scene::set(&store).await;
        for (app, person) in [(other.app, person), (scene.app, AppUserId(1))] {
            assert!(store.tokens_of_person((app, person), None, 10).await.unwrap().is_empty());
        }
        assert_eq!(ids(store.tokens_after(scene.app, mine[1], 10).await.unwrap()), [theirs, mine[0]]);
        assert_eq!(ids(store.tokens_after(scene.app, mine[2], 2).await.unwrap()), [mine[0], mine[1]]);
        assert!(store.tokens_after(other.app, mine[2], 2).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_token_is_found_in_its_own_app_alive_or_not() {
    on_each_engine(async |store| {
        let (scene, other) = (Scene::set(&store).await, Scene::set(&store).await);
        let token = scene.buys(scene.agrees().await).await.0;
        let found = async || store.token_of(scene.app, token).await.unwrap().unwrap();
        let first = found().await;
        assert_eq!(first.token.standing(IDLE_LIFETIME, NOW), Standing::Active);
        assert_eq!((first.agreed_at, first.key), (NOW, (scene.key, "a key".to_owned())));
        assert!(store.token_of(other.app, token).await.unwrap().is_none());
        assert!(store.token_of(scene.app, TokenId(1)).await.unwrap().is_none());
        assert!(store.by(someone(NOW)).revoke_token_of(scene.app, token).await.unwrap());
        assert_eq!(found().await.token.ended, Some(Ending::Revoked(NOW)));
        let token = scene.buys(scene.agrees().await).await.0;
        assert!(store.by(someone(NOW)).withdraw_consents(scene.user, scene.app).await.unwrap() > 0);
        let found = store.token_of(scene.app, token).await.unwrap().unwrap();
        assert_eq!(found.token.ended, Some(Ending::Withdrawn(NOW)));
    })
    .await;
}

#[tokio::test]
async fn what_was_lent_is_told_with_what_became_of_it() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "One"), ("2", "Two")]).await;
        let holdings = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let token = scene.buys(scene.lends(vec![these("moment", &holdings), all("keyword")]).await).await.0;
        let told = async || {
            let lent = store.lent_with(token, &Turn::First, 10).await.unwrap().rows;
            lent.into_iter()
                .map(|it| {
                    let name = match it.asset {
                        None => "*".to_owned(),
                        Some(LentOne { id, named: Some((_, name)) }) => format!("{id} {name}"),
                        Some(LentOne { id, named: None }) => format!("{id} ?"),
                    };
                    format!("{}: {name}{}", it.group, if it.still { "" } else { " (gone)" })
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(told().await, ["moment: 1 One", "moment: 2 Two", "keyword: *"]);
        let page = store.lent_with(token, &Turn::First, 2).await.unwrap();
        let rest = store.lent_with(token, &Turn::After(page.rows[1].position), 2).await.unwrap();
        assert_eq!((page.rows.len(), page.after, rest.rows.len(), rest.after), (2, true, 1, false));
        let back = store.lent_with(token, &Turn::Before(rest.rows[0].position), 2).await.unwrap();
        assert_eq!((back.rows, back.before, back.after), (page.rows, false, true));
        let by = store.by(someone(NOW));
        let mut kept = hold("moment", "1");
        kept.lendable = false;
        assert!(by.hold_asset(scene.user, kept).await.unwrap());
        assert!(
            by.lose_asset(scene.user, "moment".into(), bizauth_core::asset::AssetId("2".to_owned())).await.unwrap()
        );
        assert_eq!(told().await, ["moment: 1 One (gone)", "moment: 2 ? (gone)", "keyword: *"]);
    })
    .await;
}

#[tokio::test]
async fn who_ended_a_token_is_told_as_long_as_the_log_knows() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let by = |who, at: Time| store.by(Actor { who, name: "kim".to_owned(), from: None, at });
        let ended_by = async |token| {
            let found = store.token_of(scene.app, token).await.unwrap().unwrap();
            store.ended_by(&found.token).await.unwrap()
        };
        let buy = async || scene.buys(scene.agrees().await).await;
        let (member, owner, shell, itself, alive) =
            (buy().await.0, buy().await.0, buy().await.0, buy().await, buy().await.0);
        let (kim, lee) = (Who::Account(scene.developer), Who::Account(scene.user));
        // All at once: each is told from the others by its id.
        assert!(by(kim, NOW).revoke_token_of(scene.app, member).await.unwrap());
        assert!(by(lee, NOW).withdraw_token(scene.user, scene.app, owner).await.unwrap());
        assert!(by(Who::CommandLine, NOW).revoke_token_of(scene.app, shell).await.unwrap());
        store.revoke_token((itself.0, itself.1.digest()), NOW).await.unwrap();
        let told = [member, owner, shell, itself.0, alive];
        let said = [
            Some(EndedBy::Member("kim".to_owned())),
            Some(EndedBy::Owner),
            Some(EndedBy::Operator),
            Some(EndedBy::App),
            None,
        ];
        for (token, said) in told.into_iter().zip(&said) {
            assert_eq!(ended_by(token).await, *said);
        }
        let later = NOW.plus(DAY);
        assert!(by(lee, later).withdraw_consents(scene.user, scene.app).await.unwrap() > 0);
        assert_eq!(ended_by(alive).await, Some(EndedBy::Owner));
        assert_eq!(ended_by(member).await, said[0], "what was revoked before");
        assert!(by(Who::Server, later).trim_audit(later, 1000).await.unwrap() > 0);
        assert_eq!(ended_by(itself.0).await, Some(EndedBy::Unknown));
        assert_eq!(ended_by(alive).await, Some(EndedBy::Owner));
    })
    .await;
}
