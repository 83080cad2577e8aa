//! Assets: who holds them, how they are found, and when they leave what a token speaks for.

use bizauth_core::asset::{AssetId, AssetKind};
use bizauth_core::scope::{Group, GroupId};
use bizauth_core::token::LentAsset;
use bizauth_store::{AssetRecord, Turn};

use crate::engines::on_each_engine;
use crate::scene::{NOW, Scene, a_user, all, an_asset, give, held, hold, someone, these};

#[tokio::test]
async fn a_lost_asset_leaves_at_once_and_does_not_come_back() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "one"), ("2", "two"), ("3", "three")]).await;
        let holdings = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let token = scene.buys(scene.lends(vec![these("moment", &holdings), all("keyword")]).await).await;
        let whole = ["moment:1", "moment:2", "keyword:*"];
        assert_eq!(scene.lent(&token).await, whole, "only what was lent, in its order");

        let group = GroupId::from("moment");
        let one = AssetId("1".to_owned());
        assert!(store.by(someone(NOW)).lose_asset(scene.user, group.clone(), one.clone()).await.unwrap());
        assert!(!store.by(someone(NOW)).lose_asset(scene.user, group.clone(), one).await.unwrap());
        assert_eq!(scene.lent(&token).await, ["moment:2", "keyword:*"]);
        assert!(store.by(someone(NOW)).hold_asset(scene.user, hold("moment", "1")).await.unwrap());
        assert_eq!(scene.lent(&token).await, ["moment:2", "keyword:*"], "regained, it is another holding");

        assert!(store.by(someone(NOW)).remove_asset(group, AssetId("2".to_owned())).await.unwrap());
        give(&store, scene.user, "moment", &[("2", "two")]).await;
        assert_eq!(scene.lent(&token).await, ["keyword:*"], "what stands for all stays");
        let again = held(&store, scene.user, &[("moment", "1"), ("moment", "2")]).await;
        let token = scene.buys(scene.lends(vec![these("moment", &again)]).await).await;
        assert_eq!(scene.lent(&token).await, ["moment:1", "moment:2"]);
    })
    .await;
}

#[tokio::test]
async fn an_asset_that_may_not_be_lent_is_not_spoken_for_until_it_may() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        give(&store, scene.user, "moment", &[("1", "one")]).await;
        let holdings = held(&store, scene.user, &[("moment", "1")]).await;
        let token = scene.buys(scene.lends(vec![these("moment", &holdings)]).await).await;
        for (lendable, spoken_for) in [(false, 0), (true, 1)] {
            let mut change = hold("moment", "1");
            change.lendable = lendable;
            assert!(store.by(someone(NOW)).hold_asset(scene.user, change).await.unwrap());
            assert_eq!(scene.lent(&token).await.len(), spoken_for);
        }
        assert_eq!(held(&store, scene.user, &[("moment", "1")]).await[0].id, holdings[0].id, "it was never lost");
    })
    .await;
}

/// A holding's number names one account's hold: it must say nothing in another's consent.
#[tokio::test]
async fn nobody_lends_what_another_holds() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let other = a_user(&store, "lee").await;
        give(&store, other, "moment", &[("1", "one")]).await;
        let foreign = held(&store, other, &[("moment", "1")]).await;
        assert_eq!(held(&store, scene.user, &[("moment", "1")]).await, []);
        let token = scene.buys(scene.lends(vec![these("moment", &foreign)]).await).await;
        assert_eq!(scene.lent(&token).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_lent_asset_is_of_its_kind() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let channel = AssetRecord {
            group: "moment".into(),
            id: AssetId("_ZeUTxl".to_owned()),
            kind: AssetKind::Channel,
            name: "a channel".to_owned(),
        };
        assert!(store.by(someone(NOW)).keep_asset(channel).await.unwrap());
        assert!(store.by(someone(NOW)).hold_asset(scene.user, hold("moment", "_ZeUTxl")).await.unwrap());
        let holdings = held(&store, scene.user, &[("moment", "_ZeUTxl")]).await;
        assert_eq!((holdings[0].kind, holdings[0].name.as_str()), (AssetKind::Channel, "a channel"));
        let token = scene.buys(scene.lends(vec![these("moment", &holdings)]).await).await;
        let lent = store.lent(token.0).await.unwrap();
        assert_eq!(lent[0].what, LentAsset::One(AssetKind::Channel, AssetId("_ZeUTxl".to_owned())));
    })
    .await;
}

/// The names go into one parameter and are met by LIKE, for which `_` and `%` are signs and SQLite's capitals equal.
#[tokio::test]
async fn holdings_are_found_by_their_very_names() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let kept = [("_ab", ""), ("xab", ""), ("XAB", ""), ("%", ""), ("a%b", ""), ("1", ""), ("11", ""), ("a\\b", "")];
        give(&store, user, "moment", &kept).await;
        give(&store, user, "keyword", &[("1", "")]).await;
        let found = async |named: &[(&str, &str)]| {
            let mut found: Vec<String> =
                held(&store, user, named).await.iter().map(|it| format!("{}:{}", it.group, it.asset)).collect();
            found.sort();
            found.join(" ")
        };
        for (named, expected) in [
            (&[("moment", "_ab")][..], "moment:_ab"),
            (&[("moment", "xab")], "moment:xab"),
            (&[("moment", "%")], "moment:%"),
            (&[("moment", "axb")], ""),
            (&[("moment", "a\\b")], "moment:a\\b"),
            (&[("moment", "1")], "moment:1"),
            (&[("keyword", "1"), ("moment", "11"), ("moment", "11"), ("moment", "404")], "keyword:1 moment:11"),
            (&[("keyword", "11")], ""),
            (&[], ""),
        ] {
            assert_eq!(found(named).await, expected, "{named:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn search_takes_every_sign_for_itself() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let names = [
            ("10", "100 % Wool"),
            ("20", "Snow_Boots!"),
            ("30", "카카오 모먼트 광고"),
            ("40", "back\\slash"),
            ("50", "ÄRZTE"),
            ("60", "it's \"quoted\""),
        ];
        give(&store, user, "moment", &names).await;
        give(&store, a_user(&store, "lee").await, "moment", &[("70", "another's")]).await;
        give(&store, user, "keyword", &[("80", "keyword")]).await;
        let group = GroupId::from("moment");
        for (search, expected) in [
            ("%", "10"),
            ("_", "20"),
            ("!", "20"),
            ("!!", ""),
            ("wool", "10"),
            ("SNOW_b", "20"),
            ("0 %", "10"),
            ("모먼트", "30"),
            ("카카오 모", "30"),
            ("\\", "40"),
            ("ärzte", "50"),
            ("'", "60"),
            ("\"", "60"),
            ("' OR 1=1 --", ""),
            ("40", "40"),
            ("\0", ""),
            ("another", ""),
            (&"_".repeat(60_000), ""),
        ] {
            let mine = (user, &group);
            let page = store.holdings_page(mine, search, &Turn::First, 10).await.unwrap();
            let (matching, _) = store.count_holdings(mine, search, None).await.unwrap();
            let found: Vec<&str> = page.rows.iter().map(|it| it.asset.0.as_str()).collect();
            let shown: String = search.chars().take(40).collect();
            assert_eq!(found.join(" "), expected, "{shown:?}");
            assert_eq!(matching, found.len() as i64, "{shown:?}");
            let choice = store.choice(mine, search, &Turn::First, 10).await.unwrap();
            assert_eq!((choice.listed, choice.matching, choice.earlier, choice.total), (page, matching, 0, 6));
        }
        assert_eq!(store.count_holdings((user, &group), "", None).await.unwrap(), (6, 0));
    })
    .await;
}

#[tokio::test]
async fn pages_cover_all_and_overlap_nowhere() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        let ids: Vec<String> = (0..25).map(|n| n.to_string()).collect();
        for id in &ids {
            // One name for all: only the id makes the order certain.
            give(&store, user, "moment", &[(id, "계정")]).await;
        }
        let group = GroupId::from("moment");
        let (mut seen, mut turn) = (Vec::new(), Turn::First);
        for page in 0..3 {
            let found = store.holdings_page((user, &group), "계정", &turn, 10).await.unwrap();
            assert_eq!((found.rows.len(), found.before, found.after), ([10, 10, 5][page], page > 0, page < 2));
            let first = found.rows.first().map(|it| it.asset.clone());
            let counted = store.count_holdings((user, &group), "계정", first.as_ref()).await.unwrap();
            assert_eq!(counted, (25, 10 * page as i64));
            let all = store.count_holdings((user, &group), "", first.as_ref()).await.unwrap();
            assert_eq!(all, counted, "whether sought or not");
            for search in ["", "계정"] {
                let choice = store.choice((user, &group), search, &turn, 10).await.unwrap();
                assert_eq!((choice.matching, choice.earlier, choice.total), (25, counted.1, 25), "{search:?}");
                assert_eq!(choice.listed, found, "{search:?}");
            }
            turn = Turn::After(found.rows.last().unwrap().asset.clone());
            seen.extend(found.rows.into_iter().map(|it| it.asset.0));
        }
        let back =
            store.holdings_page((user, &group), "계정", &Turn::Before(AssetId(seen[20].clone())), 10).await.unwrap();
        assert_eq!(back.rows.iter().map(|it| &it.asset.0).collect::<Vec<_>>(), seen[10..20].iter().collect::<Vec<_>>());
        assert!(back.before && back.after);
        let gone = Turn::After(AssetId("gone".to_owned()));
        let anew = store.holdings_page((user, &group), "", &gone, 10).await.unwrap();
        assert_eq!((anew.rows[0].asset.0.as_str(), anew.before), (seen[0].as_str(), false), "the list begins anew");
        seen.sort_by_key(|id| id.parse::<i64>().unwrap());
        assert_eq!(seen, ids);
    })
    .await;
}

#[tokio::test]
async fn an_asset_belongs_to_a_group_that_has_assets() {
    on_each_engine(async |store| {
        let user = a_user(&store, "kim").await;
        for group in ["personal", "nowhere"] {
            let asset = AssetRecord {
                group: group.into(),
                id: AssetId("1".to_owned()),
                kind: AssetKind::AdAccount,
                name: String::new(),
            };
            assert!(!store.by(someone(NOW)).keep_asset(asset).await.unwrap(), "{group}");
        }
        let known = store.catalogue().await.unwrap().group("moment").unwrap().clone();
        let group = Group { id: "shop".into(), has_ad_accounts: false, ..known };
        store.by(someone(NOW)).add_group(group, Vec::new()).await.unwrap();
        for (kind, fits) in [(AssetKind::AdAccount, false), (AssetKind::Channel, true), (AssetKind::AdAccount, false)] {
            let (group, id) = ("shop".into(), AssetId("1".to_owned()));
            let asset = AssetRecord { group, id, kind, name: "shop".to_owned() };
            assert_eq!(store.by(someone(NOW)).keep_asset(asset).await.unwrap(), fits, "{kind:?}");
        }
        assert!(!store.by(someone(NOW)).hold_asset(user, hold("moment", "1")).await.unwrap(), "no such asset");
        an_asset(&store, "moment", "1", "old name").await;
        assert!(!store.by(someone(NOW)).hold_asset(bizauth_core::id::UserId(1), hold("moment", "1")).await.unwrap());
        assert!(store.by(someone(NOW)).hold_asset(user, hold("moment", "1")).await.unwrap());
        an_asset(&store, "moment", "1", "New Name").await;
        let listed = store.holdings(10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].holding.name, "New Name");
        let group = GroupId::from("moment");
        assert_eq!(store.count_holdings((user, &group), "new", None).await.unwrap(), (1, 0));
        assert_eq!(store.count_holdings((user, &group), "old", None).await.unwrap(), (0, 0));
        assert!(
            store
                .by(someone(NOW))
                .rename_asset(group.clone(), AssetId("1".to_owned()), "Ärger".to_owned())
                .await
                .unwrap()
        );
        assert_eq!(store.count_holdings((user, &group), "ärg", None).await.unwrap(), (1, 0));
        assert!(store.by(someone(NOW)).remove_asset(group.clone(), AssetId("1".to_owned())).await.unwrap());
        assert!(!store.by(someone(NOW)).remove_asset(group, AssetId("1".to_owned())).await.unwrap());
        assert!(store.holdings(10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_person_is_judged_by_what_they_may_lend() {
    on_each_engine(async |store| {
        let scene = Scene::set(&store).await;
        let user = store.users(10).await.unwrap().into_iter().find(|it| it.user.id == scene.user).unwrap().user;
        let named = [("moment".into(), AssetId("1".to_owned())), ("moment".into(), AssetId("2".to_owned()))];
        let person = async || store.person(user.clone(), scene.app, &named, 3).await.unwrap();
        let nobody = person().await;
        assert_eq!((nobody.is_member, nobody.holds_any, nobody.issued_today), (false, false, 3));
        give(&store, scene.user, "moment", &[("1", ""), ("2", "")]).await;
        give(&store, scene.user, "keyword", &[("1", "")]).await;
        for (group, id) in [("moment", "2"), ("keyword", "1")] {
            let mut kept = hold(group, id);
            kept.lendable = false;
            store.by(someone(NOW)).hold_asset(scene.user, kept).await.unwrap();
        }
        assert!(store.by(someone(NOW)).add_member(scene.app, scene.user, "editor").await.unwrap());
        let somebody = person().await;
        assert!(somebody.is_member && somebody.holds_any);
        assert_eq!(somebody.lendable_groups, ["moment".into()]);
        assert_eq!(somebody.lendable_named, [named[0].clone()]);
    })
    .await;
}
