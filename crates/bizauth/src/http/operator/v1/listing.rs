//! Long lists, page by page: `?limit=&after=` in, `{"items": […], "next": "…"}` out, the same everywhere.

use std::str::FromStr;

use bizauth_store::{Leaf, Turn};
use serde_json::{Value, json};

use super::gate::Call;
use super::problem::{Mistake, Problem};

/// How many stand on a page if nothing is said, and how many at most.
const USUAL: i64 = 50;
const MOST: i64 = 500;

/// The parameters of every list.
pub const PARAMETERS: [&str; 2] = ["limit", "after"];

/// How many are wanted.
///
/// # Errors
/// No number from 1 to 500.
pub fn limit(call: &Call) -> Result<i64, Problem> {
    let Some(text) = call.query().get("limit") else { return Ok(USUAL) };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Problem::invalid(vec![Mistake::of("limit", format!("must be a number from 1 to {MOST}"))]))
}

/// Whether only those are wanted of which this is so.
///
/// # Errors
/// Anything but `true`: what is not so has no list of its own.
pub fn flag(call: &Call, name: &'static str) -> Result<bool, Problem> {
    match call.query().get(name) {
        None => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::invalid(vec![Mistake::of(name, "must be true, or left out".to_owned())])),
    }
}

/// From where on, for lists that are ordered by something with an id.
///
/// # Errors
/// No value of `next`.
pub fn turn<K: FromStr>(call: &Call) -> Result<Turn<K>, Problem> {
    match call.query().get("after") {
        None => Ok(Turn::First),
        Some(text) => text.parse().map(Turn::After).map_err(|_| stale()),
    }
}

/// `after` is none of ours.
pub fn stale() -> Problem {
    Problem::invalid(vec![Mistake::of("after", "must be the value of next on the page before")])
}

/// A page of a list. `key` is what the page after it begins behind.
pub fn page<T>(leaf: &Leaf<T>, item: impl Fn(&T) -> Value, key: impl Fn(&T) -> String) -> Value {
    let next = leaf.rows.last().filter(|_| leaf.after).map(key);
    json!({ "items": leaf.rows.iter().map(item).collect::<Vec<_>>(), "next": next })
}

/// A page of a list that was asked for with one row more than `limit`.
pub fn cut<T>(mut rows: Vec<T>, limit: i64) -> Leaf<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let after = rows.len() > limit;
    rows.truncate(limit);
    Leaf { rows, before: false, after }
}
