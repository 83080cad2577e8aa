//! The IP list: which addresses the platform calls from and answers on, and how that changes from day to day.
//!
//! Values in, decision out: addresses as typed, a list with its schedule, the edition in force on a date, and what a
//! follower of the list has in force. What the list looks like on the wire, where it is kept and what day it is today
//! are decided by the floors above.

mod cidr;
mod compare;
mod cover;
mod follow;
mod lint;
mod list;
mod publish;
mod reasons;
mod reserved;
mod revision;
mod schedule;
mod text;
mod timeline;

pub use cidr::{Cidr, ParseCidrError};
pub use compare::{Difference, Movement, compare};
pub use cover::{Cover, Rest};
pub use follow::{Allowed, Chronicle, Held, Standing, Window};
pub use lint::{About, Remark, Weight};
pub use list::{Change, Flaw, IpList, RuleType, Service, Step, Wrong};
pub use publish::{Terms, Verdict};
pub use reasons::{Reasoned, Why};
pub use reserved::reserved_for;
pub use revision::{Revised, Revision, revise};
pub use schedule::{Edition, date_at, seoul};
pub use timeline::{Stretch, Timeline};

#[cfg(test)]
mod tests;
