//! The IP list: which addresses the platform calls from and answers on, and how that changes from day to day.
//!
//! Values in, decision out: addresses as typed, a list with its schedule, the edition in force on a date. What the
//! list looks like on the wire, where it is kept and what day it is today are decided by the floors above. Judging
//! whether a list is *wise* (private ranges, `/0`, short notice) is not done here either.

mod cidr;
mod cover;
mod list;
mod schedule;

pub use cidr::{Cidr, ParseCidrError};
pub use cover::{Cover, Rest};
pub use list::{Change, Flaw, IpList, RuleType, Service, Step, Wrong};
pub use schedule::{Edition, date_at, seoul};

#[cfg(test)]
mod tests;
