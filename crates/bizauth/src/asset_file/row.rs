//! One row: what its cells must be, and how a row that does not fit is written down and read again.

use bizauth_core::asset::{AssetId, AssetKind, Resource};
use bizauth_core::scope::GroupId;
use bizauth_core::user;
use bizauth_store::{AccountName, AssetRecord, WantedAsset, WantedHolder};
use serde_json::Value;

/// The longest name and role, in characters.
const LONGEST: usize = 200;
/// How much of a cell is repeated to whoever wrote it.
const REPEATED: usize = 60;

/// A column, or the row as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The row as a whole.
    Row,
    /// The asset group.
    Group,
    /// The platform's id.
    Id,
    /// `ad_account` or `channel`.
    Kind,
    /// The asset's name.
    Name,
    /// The holder's address; empty for an asset without one.
    Email,
    /// The holder's role.
    Role,
    /// Whether the holder may lend it.
    Lendable,
}

/// Why a row does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing stands there.
    Empty,
    /// More characters than fit.
    TooLong,
    /// Control characters.
    Control,
    /// No id of a group.
    BadGroup,
    /// No id of an asset.
    BadId,
    /// Neither kind.
    BadKind(String),
    /// No e-mail address.
    BadEmail(String),
    /// Neither yes nor no.
    BadLendable(String),
    /// No role that is known.
    BadRole(String),
    /// A holder without a role.
    RoleMissing,
    /// A role without a holder.
    NoHolder,
    /// Another number of cells than the header has.
    Fields(usize),
    /// An element that is no object.
    NotAnObject,
    /// A member that means nothing here.
    UnknownMember(String),
    /// A value of another type.
    WrongType,
    /// Another kind or name than an earlier row gave the asset.
    Contradicts(u64),
    /// An earlier row says the same.
    Twice(u64),
    /// There is no such group, or nothing in it can be lent.
    NoSuchGroup,
    /// The group has no ad accounts.
    NotOfThisKind,
    /// There is no such account.
    NoSuchAccount,
}

/// A row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place.
    pub place: u64,
    /// Its column.
    pub column: Column,
    /// Why.
    pub reason: Reason,
}

impl Column {
    /// Those that stand in a header.
    pub const ALL: [Column; 7] =
        [Column::Group, Column::Id, Column::Kind, Column::Name, Column::Email, Column::Role, Column::Lendable];
    /// Those that must.
    pub const REQUIRED: [Column; 4] = [Column::Group, Column::Id, Column::Kind, Column::Name];

    /// The name in a header.
    pub const fn word(self) -> &'static str {
        match self {
            Column::Row => "row",
            Column::Group => "group",
            Column::Id => "id",
            Column::Kind => "kind",
            Column::Name => "name",
            Column::Email => "email",
            Column::Role => "role",
            Column::Lendable => "lendable",
        }
    }

    /// Reads [`Column::word`] of a header.
    pub fn read(word: &str) -> Option<Self> {
        Column::ALL.into_iter().find(|column| column.word() == word)
    }
}

impl Reason {
    /// A word for programs, and what it speaks of. `import-bad-<word>` are the words for people.
    pub fn word(&self) -> (&'static str, String) {
        let plain = |word| (word, String::new());
        match self {
            Reason::Empty => plain("empty"),
            Reason::TooLong => ("too-long", LONGEST.to_string()),
            Reason::Control => plain("control"),
            Reason::BadGroup => plain("group"),
            Reason::BadId => plain("id"),
            Reason::BadKind(found) => ("kind", found.clone()),
            Reason::BadEmail(found) => ("email", found.clone()),
            Reason::BadLendable(found) => ("lendable", found.clone()),
            Reason::BadRole(found) => ("role", found.clone()),
            Reason::RoleMissing => plain("role-missing"),
            Reason::NoHolder => plain("no-holder"),
            Reason::Fields(found) => ("fields", found.to_string()),
            Reason::NotAnObject => plain("not-an-object"),
            Reason::UnknownMember(name) => ("unknown-member", name.clone()),
            Reason::WrongType => plain("wrong-type"),
            Reason::Contradicts(line) => ("contradicts", line.to_string()),
            Reason::Twice(line) => ("twice", line.to_string()),
            Reason::NoSuchGroup => plain("no-such-group"),
            Reason::NotOfThisKind => plain("not-of-this-kind"),
            Reason::NoSuchAccount => plain("no-such-account"),
        }
    }

    /// All words of [`Reason::word`].
    pub const WORDS: [&'static str; 20] = [
        "empty",
        "too-long",
        "control",
        "group",
        "id",
        "kind",
        "email",
        "lendable",
        "role",
        "role-missing",
        "no-holder",
        "fields",
        "not-an-object",
        "unknown-member",
        "wrong-type",
        "contradicts",
        "twice",
        "no-such-group",
        "not-of-this-kind",
        "no-such-account",
    ];
}

impl BadRow {
    /// As it is kept: a line, its pieces between tabs.
    pub fn to_line(&self) -> String {
        let (word, about) = self.reason.word();
        format!("{}\t{}\t{word}\t{about}", self.place, self.column.word())
    }
}

/// The beginning of a text, fit to be repeated.
pub fn short(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.take(REPEATED).collect();
    if text.chars().nth(REPEATED).is_some() {
        short.push('…');
    }
    short
}

fn words(column: Column, text: &str) -> Result<String, (Column, Reason)> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err((column, Reason::Empty)),
        n if n > LONGEST => Err((column, Reason::TooLong)),
        _ if text.contains(char::is_control) => Err((column, Reason::Control)),
        _ => Ok(text.to_owned()),
    }
}

/// What a row says, or the first thing that is wrong with it.
pub(super) fn judge<'c>(cell: impl Fn(Column) -> &'c str) -> Result<WantedAsset, (Column, Reason)> {
    // Also where nobody would read the cell: not every store can keep such a file.
    if let Some(column) = Column::ALL.into_iter().find(|column| cell(*column).trim().contains(char::is_control)) {
        return Err((column, Reason::Control));
    }
    let filled = |column| match cell(column).trim() {
        "" => Err((column, Reason::Empty)),
        text => Ok(text),
    };
    let Some(Resource::All(group)) = Resource::read(&format!("{}:*", filled(Column::Group)?)) else {
        return Err((Column::Group, Reason::BadGroup));
    };
    let Some(Resource::One(_, id)) = Resource::read(&format!("group:{}", filled(Column::Id)?)) else {
        return Err((Column::Id, Reason::BadId));
    };
    let kind = filled(Column::Kind)?;
    let kind = AssetKind::read(kind).ok_or_else(|| (Column::Kind, Reason::BadKind(short(kind))))?;
    let name = words(Column::Name, cell(Column::Name))?;
    let holders = holder(&cell)?.into_iter().collect();
    Ok(asset(group, id, kind, name, holders))
}

fn asset(group: GroupId, id: AssetId, kind: AssetKind, name: String, holders: Vec<WantedHolder>) -> WantedAsset {
    WantedAsset { asset: AssetRecord { group, id, kind, name }, holders }
}

fn holder<'c>(cell: &impl Fn(Column) -> &'c str) -> Result<Option<WantedHolder>, (Column, Reason)> {
    let (email, role, lendable) =
        (cell(Column::Email).trim(), cell(Column::Role).trim(), cell(Column::Lendable).trim());
    if email.is_empty() {
        return match role.is_empty() {
            true => Ok(None),
            false => Err((Column::Role, Reason::NoHolder)),
        };
    }
    let email = user::email(email).ok_or_else(|| (Column::Email, Reason::BadEmail(short(email))))?;
    if role.is_empty() {
        return Err((Column::Role, Reason::RoleMissing));
    }
    let role = words(Column::Role, role)?;
    let lendable = match lendable.to_ascii_lowercase().as_str() {
        "" | "yes" | "true" | "1" => true,
        "no" | "false" | "0" => false,
        _ => return Err((Column::Lendable, Reason::BadLendable(short(lendable)))),
    };
    Ok(Some(WantedHolder { account: AccountName::Email(email), role, lendable }))
}

/// The same of an element of a JSON array. Numbers and truth values count as they are written; null is nothing.
pub(super) fn judge_json(element: &Value) -> Result<WantedAsset, (Column, Reason)> {
    let Value::Object(members) = element else { return Err((Column::Row, Reason::NotAnObject)) };
    let mut cells: [String; 7] = Default::default();
    for (name, value) in members {
        let known = Column::ALL.iter().position(|column| column.word() == name);
        let at = known.ok_or_else(|| (Column::Row, Reason::UnknownMember(short(name))))?;
        cells[at] = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Array(_) | Value::Object(_) => return Err((Column::ALL[at], Reason::WrongType)),
        };
    }
    let cell = |column| Column::ALL.iter().position(|it| *it == column).map_or("", |at| cells[at].as_str());
    judge(cell)
}
