//! Pages of long lists: each begins behind or before a row that is named, so that the tenth costs what the first does.
//!
//! Where a list is a part of a table, what tells the part is compared together with the row's place:
//! `(user_id, id) < ($1, $2) AND (user_id, id) > ($1, 0) ORDER BY user_id DESC, id DESC`. With `user_id = $1` alone
//! PostgreSQL may walk the whole table by its primary key, hoping that the person's rows come soon; ordered by both, only
//! the index over both gives the order.
//!
//! SQLite seeks by such a pair, too, but not where the place is the row's own number (`INTEGER PRIMARY KEY`): there it would
//! begin at the part's first row and read all up to the named one. It is told once more, in words that are an equality to
//! SQLite and a mere filter to PostgreSQL: `AND user_id IS NOT DISTINCT FROM $1 AND id < $2`.

/// From where on a list is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn<K> {
    /// From its beginning.
    #[default]
    First,
    /// What follows this row.
    After(K),
    /// What comes before this row.
    Before(K),
}

/// A page of a list, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<T> {
    /// What stands on it.
    pub rows: Vec<T>,
    /// Whether the list has rows before these.
    pub before: bool,
    /// Whether the list has rows after these.
    pub after: bool,
}

impl<K> Turn<K> {
    /// Whether the list is read backwards.
    pub(crate) fn is_back(&self) -> bool {
        matches!(self, Turn::Before(_))
    }

    /// The row that is named.
    pub(crate) fn key(&self) -> Option<&K> {
        match self {
            Turn::First => None,
            Turn::After(key) | Turn::Before(key) => Some(key),
        }
    }
}

impl<T> Leaf<T> {
    /// The page of at most `most` rows, out of up to one more, in the order in which they were read.
    pub(crate) fn of<K>(turn: &Turn<K>, mut rows: Vec<T>, most: i64) -> Self {
        let most = usize::try_from(most).unwrap_or(0);
        let more = rows.len() > most;
        rows.truncate(most);
        if turn.is_back() {
            rows.reverse();
            return Leaf { rows, before: more, after: true };
        }
        Leaf { rows, before: turn.key().is_some(), after: more }
    }
}

/// What sorts behind everything that begins with `prefix`.
pub(crate) fn behind(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// In bytes. Escaping and small letters make of it no more than SQLite takes.
const LONGEST_SEARCH: usize = 10_000;

/// What contains `search`, for LIKE with `!` as its escape. `None` if no name can: SQLite's LIKE ends at a NUL and refuses
/// 50,000 bytes, PostgreSQL refuses the NUL.
pub(crate) fn like(search: &str) -> Option<String> {
    if search.len() > LONGEST_SEARCH || search.contains('\0') {
        return None;
    }
    let literal = search.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Some(format!("%{literal}%"))
}
