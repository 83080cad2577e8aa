//! The business token: when it is alive, and what it may say.

mod life;

use std::time::Duration;

use crate::app::App;
use crate::asset::{AssetId, AssetKind};
use crate::fault::KapiFault;
use crate::id::{AppUserId, TokenId};
use crate::scope::{Catalogue, ItemId};
use crate::time::Time;
use crate::user::User;

pub use life::Life;

/// How long a token may lie unused before it dies, unless configured otherwise (the platform's period is unpublished).
pub const IDLE_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A token's use is written down no more often than this: precise enough for a life of a year, and no write per call.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(60 * 60);

/// Everything the records know of one token and of those it depends on, read at one instant.
#[derive(Clone, Debug)]
pub struct Token {
    /// The business token ID.
    pub id: TokenId,
    /// The person, as the app knows them.
    pub app_user: AppUserId,
    /// The account behind it.
    pub user: User,
    /// The app it was issued to.
    pub app: App,
    /// Whether the account is a member of the app.
    pub is_member: bool,
    /// What was agreed to, in the order asked.
    pub items: Vec<ItemId>,
    /// When it was last used, to within [`USE_NOTED_EVERY`].
    pub used_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Ended for good: revoked, consent withdrawn, key or app deleted.
    pub ended: Option<Ending>,
    /// The eras of app and account in which it was issued.
    pub eras: (i64, i64),
}

/// What a record says a token ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was revoked, by its app or for it.
    Revoked(Time),
    /// The person took the consent back.
    Withdrawn(Time),
    /// The key it was given to was deleted.
    KeyDeleted,
    /// Its app was deleted.
    AppDeleted(Time),
}

/// How a token stands. All but the first are reasons to refuse it; the first that is true counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Alive.
    Active,
    /// Ended for good.
    Ended(Ending),
    /// Its app is under sanction, which has ended it for good.
    AppSanctioned,
    /// Its app was under sanction since it was issued.
    AppEnded,
    /// The account was blocked or closed since it was issued.
    AccountEnded,
    /// It lay unused for too long.
    Unused,
    /// It is of a test app, and the account is no member of it.
    NotMember,
}

impl Standing {
    /// What a caller hears; `None` while the token is alive.
    pub const fn fault(self) -> Option<KapiFault> {
        match self {
            Standing::Active => None,
            Standing::AppSanctioned => Some(KapiFault::AppSanctioned),
            Standing::Ended(_) | Standing::AppEnded | Standing::AccountEnded => Some(KapiFault::NoSuchToken),
            Standing::Unused => Some(KapiFault::TokenExpired),
            Standing::NotMember => Some(KapiFault::PermissionDenied),
        }
    }
}

/// An asset that a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// Its group.
    pub group: crate::scope::GroupId,
    /// Which, or all of the group.
    pub what: LentAsset,
}

/// One lent asset, or all of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LentAsset {
    /// All of the group, present and future.
    All,
    /// This one.
    One(AssetKind, AssetId),
}

/// An entry of `biz_agreements`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// `personal`, `moment`, `keyword`, …
    pub group: String,
    /// The items agreed to, in the order asked.
    pub scope: Vec<String>,
    /// In groups that have ad accounts: their ids, or `["*"]`.
    pub ad_account_ids: Option<Vec<String>>,
    /// Where an agreed item yields them: channel ids, or `["*"]`.
    pub channel_public_ids: Option<Vec<String>>,
}

impl Token {
    /// Whether the token is alive at `now`, and may be asked by its app.
    ///
    /// # Errors
    /// Why not. A token that ended is unknown, whatever else is true of it.
    pub fn admit(&self, idle_lifetime: Duration, now: Time) -> Result<(), KapiFault> {
        self.life().admit(idle_lifetime, now)
    }

    /// How the token stands at `now`: the same rule, for those who may know the reason.
    pub fn standing(&self, idle_lifetime: Duration, now: Time) -> Standing {
        self.life().standing(idle_lifetime, now)
    }

    /// What decides whether it is alive.
    fn life(&self) -> Life {
        Life {
            ended: self.ended,
            sanctioned: self.app.sanctioned,
            kind: self.app.kind,
            is_member: self.is_member,
            account: self.user.state,
            eras: self.eras,
            eras_now: (self.app.era, self.user.era),
            used_at: self.used_at,
        }
    }

    /// Whether this use is worth writing down: often enough that constant use keeps a token of any life alive.
    pub fn use_is_news(&self, idle_lifetime: Duration, now: Time) -> bool {
        use_is_news(self.used_at, idle_lifetime, now)
    }

    /// `biz_agreements`: one entry per group, in the order personal, moment, keyword, then others. `lent` are the assets
    /// that were lent and that the account may still lend.
    pub fn agreements(&self, lent: &[Lent], catalogue: &Catalogue) -> Vec<Agreement> {
        let entry = |(group, items): (&crate::scope::Group, Vec<&crate::scope::Item>)| Agreement {
            group: group.id.0.clone(),
            scope: items.iter().map(|item| item.id.0.clone()).collect(),
            ad_account_ids: group.has_ad_accounts.then(|| lent_ids(lent, &group.id.0, AssetKind::AdAccount)),
            channel_public_ids: (group.has_assets && items.iter().any(|item| item.yields_channels))
                .then(|| lent_ids(lent, &group.id.0, AssetKind::Channel)),
        };
        catalogue.grouped(&self.items).into_iter().map(entry).collect()
    }

    /// Whether userinfo may show the e-mail address.
    pub fn may_see_email(&self, catalogue: &Catalogue) -> bool {
        self.items.iter().filter_map(|id| catalogue.item(&id.0)).any(|item| item.shares_email)
    }
}

/// Whether a token that was last used at `used_at` lay unused for too long.
fn lies_unused(used_at: Time, idle_lifetime: Duration, now: Time) -> bool {
    now.since(used_at) >= idle_lifetime
}

/// [`Token::admit`] for a token of which all else is known to be well: what is left is time.
///
/// # Errors
/// It lay unused for too long.
pub fn admit_in_time(used_at: Time, idle_lifetime: Duration, now: Time) -> Result<(), KapiFault> {
    let standing = if lies_unused(used_at, idle_lifetime, now) { Standing::Unused } else { Standing::Active };
    standing.fault().map_or(Ok(()), Err)
}

/// [`Token::use_is_news`] for one of which no more is known.
pub fn use_is_news(used_at: Time, idle_lifetime: Duration, now: Time) -> bool {
    now.since(used_at) >= USE_NOTED_EVERY.min(idle_lifetime / 10)
}

fn lent_ids(lent: &[Lent], group: &str, kind: AssetKind) -> Vec<String> {
    let of_group = || lent.iter().filter(|lent| lent.group.0 == group);
    if of_group().any(|lent| lent.what == LentAsset::All) {
        return vec!["*".to_owned()];
    }
    let id = |lent: &Lent| match &lent.what {
        LentAsset::One(of, id) if *of == kind => Some(id.0.clone()),
        _ => None,
    };
    of_group().filter_map(id).collect()
}

#[cfg(test)]
mod tests;
