//! A file of assets and those who hold them, as spreadsheets and other systems write it: CSV with a header, or a JSON
//! array of objects of the same names. Every row that does not fit is named, with its place, its column and the reason.
//!
//! Pure: a text in, rows out. Whether a group or an account exists, the store says later, in the same words.

mod row;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use bizauth_core::asset::AssetKind;
use bizauth_store::{AccountName, Misfit, WantedAsset};
use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::Value;

pub use row::{BadRow, Column, Reason, short};

/// The longest file, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;
/// The most rows.
pub const MOST: usize = 200_000;

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// An array of objects.
    Json,
}

/// A row that fits.
#[derive(Clone, Debug)]
pub struct GoodRow {
    /// Its place: the line of a CSV file, the element of a JSON array, counted from 1.
    pub place: u64,
    /// What it says.
    pub wanted: WantedAsset,
}

/// What is in a file.
#[derive(Clone, Debug, Default)]
pub struct AssetFile {
    /// The rows that fit.
    pub rows: Vec<GoodRow>,
    /// Those that do not.
    pub bad: Vec<BadRow>,
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It is not UTF-8: the line.
    NotUtf8(u64),
    /// It has more rows than [`MOST`].
    TooMany,
    /// It has no row.
    NoRows,
    /// The header lacks this column.
    MissingColumn(String),
    /// The header has a column that means nothing here.
    UnknownColumn(String),
    /// What stands between the columns of its header is this, and no comma.
    OtherSeparator(String),
    /// The header has a column twice.
    ColumnTwice(String),
    /// It is not JSON: the line.
    NotJson(u64),
    /// It is JSON, but no array.
    NotAnArray,
}

impl Format {
    /// The word used in records and in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    /// Reads [`Format::word`].
    pub fn read(word: &str) -> Option<Self> {
        [Format::Csv, Format::Json].into_iter().find(|format| format.word() == word)
    }

    /// What a file of this name is likely to be; its first sign decides where the name says nothing.
    pub fn guess(name: &str, bytes: &[u8]) -> Self {
        let name = name.to_ascii_lowercase();
        let start = bytes.strip_prefix(BOM).unwrap_or(bytes).iter().find(|byte| !byte.is_ascii_whitespace());
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            _ if start == Some(&b'[') => Format::Json,
            _ => Format::Csv,
        }
    }
}

impl Unreadable {
    /// The words about it, and what they speak of.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Unreadable::TooLong => ("import-bad-file-too-long", (LONGEST / 1024 / 1024).to_string()),
            Unreadable::NotUtf8(line) => ("import-bad-file-not-utf8", line.to_string()),
            Unreadable::TooMany => ("import-bad-file-too-many", MOST.to_string()),
            Unreadable::NoRows => ("import-bad-file-no-rows", String::new()),
            Unreadable::MissingColumn(name) => ("import-bad-file-missing-column", name.clone()),
            Unreadable::UnknownColumn(name) => ("import-bad-file-unknown-column", name.clone()),
            Unreadable::OtherSeparator(sign) => ("import-bad-file-separator", sign.clone()),
            Unreadable::ColumnTwice(name) => ("import-bad-file-column-twice", name.clone()),
            Unreadable::NotJson(line) => ("import-bad-file-not-json", line.to_string()),
            Unreadable::NotAnArray => ("import-bad-file-not-an-array", String::new()),
        }
    }
}

/// What Windows programs put in front of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a file.
///
/// # Errors
/// The file as a whole is no such file.
pub fn read(format: Format, bytes: &[u8]) -> Result<AssetFile, Unreadable> {
    if bytes.len() > LONGEST {
        return Err(Unreadable::TooLong);
    }
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        Unreadable::NotUtf8(1 + before.iter().filter(|byte| **byte == b'\n').count() as u64)
    })?;
    let mut sorter = Sorter::default();
    match format {
        Format::Csv => read_csv(text, &mut sorter)?,
        Format::Json => read_json(text, &mut sorter)?,
    }
    match sorter {
        _ if sorter.n_rows > MOST => Err(Unreadable::TooMany),
        _ if sorter.n_rows == 0 => Err(Unreadable::NoRows),
        sorter => Ok(sorter.file),
    }
}

/// Sorts rows into those that fit and those that do not, and holds each against those before it.
#[derive(Default)]
struct Sorter {
    file: AssetFile,
    n_rows: usize,
    /// Of each asset: where it was named first, with its kind and name.
    assets: HashMap<(String, String), (u64, AssetKind, String)>,
    /// Of each hold: where it was named.
    holds: HashMap<(String, String, String), u64>,
}

impl Sorter {
    /// Whether there is room for a row.
    fn admits(&mut self) -> bool {
        self.n_rows += 1;
        self.n_rows <= MOST
    }

    fn take(&mut self, place: u64, row: Result<WantedAsset, (Column, Reason)>) {
        match row.and_then(|wanted| self.compare(place, wanted)) {
            Ok(row) => self.file.rows.push(row),
            Err((column, reason)) => self.file.bad.push(BadRow { place, column, reason }),
        }
    }

    fn compare(&mut self, place: u64, wanted: WantedAsset) -> Result<GoodRow, (Column, Reason)> {
        let asset = &wanted.asset;
        let key = (asset.group.0.clone(), asset.id.0.clone());
        let known = self.assets.get(&key);
        if let Some((line, kind, name)) = known {
            if *name != asset.name {
                return Err((Column::Name, Reason::Contradicts(*line)));
            }
            if *kind != asset.kind {
                return Err((Column::Kind, Reason::Contradicts(*line)));
            }
        }
        if let Some(AccountName::Email(email)) = wanted.holders.first().map(|holder| &holder.account) {
            let hold = (key.0.clone(), key.1.clone(), email.clone());
            if let Some(line) = self.holds.get(&hold) {
                return Err((Column::Email, Reason::Twice(*line)));
            }
            self.holds.insert(hold, place);
        } else if let Some((line, ..)) = known {
            // A second row without a holder says nothing new.
            return Err((Column::Row, Reason::Twice(*line)));
        }
        self.assets.entry(key).or_insert_with(|| (place, asset.kind, asset.name.clone()));
        Ok(GoodRow { place, wanted })
    }
}

fn read_csv(text: &str, sorter: &mut Sorter) -> Result<(), Unreadable> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    // The text is UTF-8 and in memory, and rows may be of any length: nothing is left that could fail.
    let mut next = |record: &mut csv::StringRecord| reader.read_record(record).unwrap_or(false);
    if !next(&mut record) {
        return Err(Unreadable::NoRows);
    }
    let columns = header(&record)?;
    let (mut place, mut counted) = (1, 0);
    while next(&mut record) {
        // The reader's own count of lines is one short where lines end with CRLF.
        let begins = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let rest = text.as_bytes().get(begins..).unwrap_or_default();
        let begins = begins + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = text.as_bytes().get(counted..begins).unwrap_or_default();
        place += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = begins;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !sorter.admits() {
            return Ok(());
        }
        if record.len() != columns.len() {
            sorter.take(place, Err((Column::Row, Reason::Fields(record.len()))));
            continue;
        }
        let cell = |column| columns.iter().position(|it| *it == column).and_then(|at| record.get(at));
        sorter.take(place, row::judge(|column| cell(column).unwrap_or_default()));
    }
    Ok(())
}

fn header(record: &csv::StringRecord) -> Result<Vec<Column>, Unreadable> {
    // Spreadsheets of some countries write these and call it CSV.
    if let (1, Some(line)) = (record.len(), record.get(0))
        && let Some(sign) = [";", "\t", "|"].into_iter().find(|sign| line.contains(sign))
    {
        return Err(Unreadable::OtherSeparator(if sign == "\t" { "Tab" } else { sign }.to_owned()));
    }
    let mut columns = Vec::with_capacity(record.len());
    for name in record {
        let name = name.trim();
        let column = Column::read(&name.to_ascii_lowercase());
        let column = column.ok_or_else(|| Unreadable::UnknownColumn(row::short(name)))?;
        if columns.contains(&column) {
            return Err(Unreadable::ColumnTwice(column.word().to_owned()));
        }
        columns.push(column);
    }
    match Column::REQUIRED.into_iter().find(|column| !columns.contains(column)) {
        Some(missing) => Err(Unreadable::MissingColumn(missing.word().to_owned())),
        None => Ok(columns),
    }
}

fn read_json(text: &str, sorter: &mut Sorter) -> Result<(), Unreadable> {
    if text.trim_start().starts_with(|c| c != '[') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Unreadable::NotAnArray,
            Err(error) => Unreadable::NotJson(error.line() as u64),
        });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_seq(Elements(sorter)).and_then(|()| reader.end());
    match read {
        // Whoever has too many rows is told that, whatever comes behind them.
        Err(_) if sorter.n_rows > MOST => Ok(()),
        Err(error) => Err(Unreadable::NotJson(error.line() as u64)),
        Ok(()) => Ok(()),
    }
}

/// Takes the elements one after the other: the whole would be ten times the file.
struct Elements<'s>(&'s mut Sorter);

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(element) = elements.next_element::<Value>()? {
            place += 1;
            if self.0.admits() {
                self.0.take(place, row::judge_json(&element));
            }
        }
        Ok(())
    }
}

impl From<Misfit> for BadRow {
    /// What the store says of a row, to be given its place.
    fn from(misfit: Misfit) -> Self {
        let (column, reason) = match misfit {
            Misfit::NoSuchGroup => (Column::Group, Reason::NoSuchGroup),
            Misfit::NotOfThisKind => (Column::Kind, Reason::NotOfThisKind),
            Misfit::NoSuchAccount(_) => (Column::Email, Reason::NoSuchAccount),
            Misfit::HolderTwice(_) => (Column::Email, Reason::Twice(0)),
            Misfit::NamesAnother(_) | Misfit::KeptBy(..) => (Column::Id, Reason::Contradicts(0)),
        };
        BadRow { place: 0, column, reason }
    }
}
