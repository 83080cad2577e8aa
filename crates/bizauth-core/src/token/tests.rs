//! When a token is alive, in the order of the checks, and what it may say.

use super::*;
use crate::app::AppKind;
use crate::id::{AppId, UserId};
use crate::scope::{self, GroupId};
use crate::user::UserState;

fn token(items: &str) -> Token {
    Token {
        id: TokenId(1),
        app_user: AppUserId(2),
        user: User {
            id: UserId(3),
            email: "kim@example.com".to_owned(),
            email_verified: true,
            state: UserState::Active,
            in_business_centre: true,
            era: 5,
        },
        app: App {
            id: AppId(4),
            name: String::new(),
            company: String::new(),
            kind: AppKind::Biz,
            parent_is_biz: false,
            sanctioned: false,
            era: 6,
            daily_quota: None,
            icon: None,
        },
        is_member: false,
        items: scope::ids(items),
        used_at: Time::from_millis(1000),
        updated_at: Time::from_millis(1000),
        ended: None,
        eras: (6, 5),
    }
}

#[test]
fn a_token_dies_of_many_things() {
    let idle = Duration::from_secs(10);
    let admit = |change: &dyn Fn(&mut Token), now| {
        let mut token = token("moment_management");
        change(&mut token);
        token.admit(idle, Time::from_millis(now))
    };
    assert_eq!(admit(&|_| {}, 10_999), Ok(()));
    assert_eq!(admit(&|_| {}, 11_000), Err(KapiFault::TokenExpired));
    assert_eq!(admit(&|t| t.ended = Some(Ending::KeyDeleted), 1000), Err(KapiFault::NoSuchToken));
    assert_eq!(admit(&|t| t.eras.0 = 5, 1000), Err(KapiFault::NoSuchToken), "an era of the app has passed");
    assert_eq!(admit(&|t| t.user.era = 6, 1000), Err(KapiFault::NoSuchToken), "an era of the account has passed");
    for (state, verdict) in [
        (UserState::Dormant, Ok(())),
        (UserState::Blocked, Err(KapiFault::NoSuchToken)),
        (UserState::Withdrawn, Err(KapiFault::NoSuchToken)),
    ] {
        assert_eq!(admit(&|t| t.user.state = state, 1000), verdict, "{state:?}");
    }
    let sanctioned = |t: &mut Token| {
        t.app.sanctioned = true;
        t.app.era += 1;
    };
    assert_eq!(admit(&sanctioned, 99_999), Err(KapiFault::AppSanctioned));
    assert_eq!(admit(&|t| t.app.kind = AppKind::Test, 1000), Err(KapiFault::PermissionDenied));
    let member = |t: &mut Token| {
        t.app.kind = AppKind::Test;
        t.is_member = true;
    };
    assert_eq!(admit(&member, 1000), Ok(()));
}

#[test]
fn constant_use_keeps_a_token_of_any_life_alive() {
    let token = token("moment_management");
    for (idle, after, news) in [(3600 * 24, 3599, false), (3600 * 24, 3600, true), (60, 5, false), (60, 6, true)] {
        let now = Time::from_millis(1000 + after * 1000);
        assert_eq!(token.use_is_news(Duration::from_secs(idle), now), news, "{idle} {after}");
    }
}

#[test]
fn agreements_list_one_entry_per_group() {
    let token = token("keyword_delete,biz_account_email,moment_management,keyword_management");
    let one = |group: &str, kind, id: &str| Lent {
        group: GroupId::from(group),
        what: LentAsset::One(kind, AssetId(id.to_owned())),
    };
    let lent = [
        Lent { group: "keyword".into(), what: LentAsset::All },
        one("moment", AssetKind::AdAccount, "7"),
        one("moment", AssetKind::Channel, "_c"),
    ];
    let mut catalogue = Catalogue::platform();
    let said = |catalogue: &Catalogue| {
        let ids = |ids: &Option<Vec<String>>| ids.as_ref().map_or("-".to_owned(), |ids| ids.join("+"));
        let entry = |a: &Agreement| {
            format!("{}={} {} {}", a.group, a.scope.join("+"), ids(&a.ad_account_ids), ids(&a.channel_public_ids))
        };
        token.agreements(&lent, catalogue).iter().map(entry).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&catalogue),
        [
            "personal=biz_account_email - -",
            "moment=moment_management 7 -",
            "keyword=keyword_delete+keyword_management * -",
        ]
    );
    catalogue.items.iter_mut().for_each(|item| item.yields_channels = item.id.0 == "moment_management");
    assert_eq!(said(&catalogue)[1], "moment=moment_management 7 _c");
    assert!(token.may_see_email(&catalogue));
}

#[test]
fn a_standing_says_why() {
    let standing = |change: &dyn Fn(&mut Token), now| {
        let mut token = token("moment_management");
        change(&mut token);
        let standing = token.standing(Duration::from_secs(10), Time::from_millis(now));
        assert_eq!(standing.fault().is_some(), standing != Standing::Active);
        assert_eq!(token.admit(Duration::from_secs(10), Time::from_millis(now)).err(), standing.fault());
        standing
    };
    let revoked = Ending::Revoked(Time::from_millis(7));
    for (change, now, wanted) in [
        (&(|_: &mut Token| {}) as &dyn Fn(&mut Token), 1000, Standing::Active),
        (&|t| (t.ended, t.eras.0) = (Some(revoked), 1), 1000, Standing::Ended(revoked)),
        (&|t| (t.app.sanctioned, t.eras.0) = (true, 1), 1000, Standing::AppSanctioned),
        (&|t| (t.eras.0, t.eras.1) = (1, 1), 1000, Standing::AppEnded),
        (&|t| t.eras.1 = 1, 99_000, Standing::AccountEnded),
        (&|t| t.user.state = UserState::Withdrawn, 1000, Standing::AccountEnded),
        (&|t| t.app.kind = AppKind::Test, 99_000, Standing::Unused),
        (&|t| t.app.kind = AppKind::Test, 1000, Standing::NotMember),
        (&|t| (t.app.kind, t.is_member) = (AppKind::Test, true), 1000, Standing::Active),
    ] {
        assert_eq!(standing(change, now), wanted);
    }
}
