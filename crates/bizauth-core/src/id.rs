//! Ids: time-ordered 63-bit integers, a type for each kind of thing.
//!
//! 41 bits of milliseconds since our own epoch, 12 bits that count within one, 10 bits that differ from node to node.
//! Rows append in order and are found by integer key. Uniqueness across nodes is the primary key's business: the
//! store draws again on a collision.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::Time;

/// 2026-01-01T00:00:00Z in milliseconds. 41 bits from here last until 2095.
const EPOCH: i64 = 1_767_225_600_000;
const NODE_BITS: u32 = 10;
const COUNT_BITS: u32 = 12;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// When it was drawn, by the clock of the node that drew it.
            pub fn drawn_at(self) -> Time {
                Time::from_millis((self.0 >> (COUNT_BITS + NODE_BITS)) + EPOCH)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }
    )*};
}

ids! {
    /// An app.
    AppId;
    /// An app key of any of the four kinds.
    KeyId;
    /// A person's account.
    UserId;
    /// One person as one app knows them: the `token_user_id` of the wire, different from app to app.
    AppUserId;
    /// That one account holds one asset. Lost and regained, it is another holding.
    HoldingId;
    /// A consent screen that was shown and waits for its answer.
    PendingId;
    /// What a person agreed to.
    ConsentId;
    /// An authorization code.
    CodeId;
    /// A business token: the `id` of tokeninfo.
    TokenId;
    /// A signed-in browser.
    SessionId;
    /// An operator's key to the operator API.
    OperatorKeyId;
    /// An invitation to become a member of an app.
    InvitationId;
    /// An app's wish for a feature permission, or to become a Biz app.
    RequestId;
    /// A file of assets that was handed in.
    ImportId;
    /// Somebody who is told of the IP list.
    WebhookId;
    /// One thing that one webhook is told.
    DeliveryId;
    /// A sign-in between its password and its one-time password.
    LoginStepId;
    /// A browser that has signed in to an account before.
    DeviceId;
}

/// Draws ids, one source for each process.
#[derive(Debug)]
pub struct IdSource {
    /// Milliseconds since [`EPOCH`] and count of the id drawn last, without its node bits.
    last: AtomicI64,
    node: i64,
}

impl IdSource {
    /// A source whose ids carry the low ten bits of `node`.
    pub fn new(node: u16) -> Self {
        IdSource { last: AtomicI64::new(0), node: i64::from(node) & ((1 << NODE_BITS) - 1) }
    }

    /// A source that goes on behind [`IdSource::place`] of another one.
    pub fn resumed(node: u16, place: i64) -> Self {
        IdSource { last: AtomicI64::new(place), ..IdSource::new(node) }
    }

    /// Where the source is.
    pub fn place(&self) -> i64 {
        self.last.load(Ordering::Relaxed)
    }

    /// An id greater than every one drawn before, also when the clock stands still or goes back.
    pub fn next(&self, now: Time) -> i64 {
        let earliest = (now.millis() - EPOCH).max(0) << COUNT_BITS;
        let step = |last: i64| Some(earliest.max(last + 1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or_else(|last| last);
        (earliest.max(last + 1) << NODE_BITS) | self.node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_whatever_the_clock_does() {
        let ids = IdSource::new(0xffff);
        let times = [EPOCH + 5, EPOCH + 5, EPOCH + 4, 0, -7, EPOCH + 6];
        let drawn: Vec<i64> = times.iter().map(|t| ids.next(Time::from_millis(*t))).collect();
        assert!(drawn.is_sorted_by(|a, b| a < b), "{drawn:?}");
        assert!(drawn.iter().all(|id| *id > 0 && id & 0x3ff == 0x3ff));
        assert_eq!(TokenId(drawn[5]).drawn_at(), Time::from_millis(EPOCH + 6));
    }
}
