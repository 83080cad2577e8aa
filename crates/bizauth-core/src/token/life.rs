//! Whether a token lives: the one rule, over no more than it asks.

use std::time::Duration;

use super::{Ending, Standing, lies_unused};
use crate::app::AppKind;
use crate::fault::KapiFault;
use crate::time::Time;
use crate::user::UserState;

/// All that decides whether a token is alive, but for time.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Ended for good: revoked, consent withdrawn, key or app deleted.
    pub ended: Option<Ending>,
    /// Its app is under sanction.
    pub sanctioned: bool,
    /// The kind of its app.
    pub kind: AppKind,
    /// Whether the account is a member of the app.
    pub is_member: bool,
    /// How its account stands.
    pub account: UserState,
    /// The eras of app and account in which it was issued.
    pub eras: (i64, i64),
    /// The eras of app and account now.
    pub eras_now: (i64, i64),
    /// When it was last used.
    pub used_at: Time,
}

impl Life {
    /// Whether the token is alive at `now`, and may be asked by its app.
    ///
    /// # Errors
    /// Why not. A token that ended is unknown, whatever else is true of it.
    pub fn admit(&self, idle_lifetime: Duration, now: Time) -> Result<(), KapiFault> {
        self.standing(idle_lifetime, now).fault().map_or(Ok(()), Err)
    }

    /// How the token stands at `now`: the same rule, for those who may know the reason.
    pub fn standing(&self, idle_lifetime: Duration, now: Time) -> Standing {
        if let Some(ending) = self.ended {
            return Standing::Ended(ending);
        }
        if self.sanctioned {
            return Standing::AppSanctioned;
        }
        if self.eras.0 != self.eras_now.0 {
            return Standing::AppEnded;
        }
        if self.eras.1 != self.eras_now.1 || self.account.ends_tokens() {
            return Standing::AccountEnded;
        }
        if lies_unused(self.used_at, idle_lifetime, now) {
            return Standing::Unused;
        }
        if self.kind == AppKind::Test && !self.is_member {
            return Standing::NotMember;
        }
        Standing::Active
    }
}
