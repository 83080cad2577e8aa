//! From where on a list is read, as the query of its page says: `after` or `before` a row that is named.

use std::str::FromStr;

use bizauth_store::Turn;

use super::form::Form;

/// For a list whose rows are named by what `read` reads.
pub fn turn_by<K>(form: &Form, read: impl Fn(&str) -> Option<K>) -> Turn<K> {
    named_by(form, ("after", "before"), read)
}

/// The same for rows that are named by an id.
pub fn turn<K: FromStr>(form: &Form) -> Turn<K> {
    turn_by(form, |text| text.parse().ok())
}

/// For a list beside others on its page, with these parameters.
pub(super) fn named_by<K>(form: &Form, (after, before): (&str, &str), read: impl Fn(&str) -> Option<K>) -> Turn<K> {
    let named = |name| form.get(name).and_then(&read);
    match (named(after), named(before)) {
        (Some(key), _) => Turn::After(key),
        (None, Some(key)) => Turn::Before(key),
        (None, None) => Turn::First,
    }
}
