//! Files of assets: CSV and JSON, and what every row must be.

use bizauth::asset_file::{AssetFile, Format, read};
use bizauth_core::user::email;
use bizauth_store::AccountName;
use serde_json::Value;

use crate::plain::has_control;
use crate::scope::resource;

const COLUMNS: [&str; 7] = ["group", "id", "kind", "name", "email", "role", "lendable"];

/// The cells of a row, in the order of [`COLUMNS`].
type Cells = [String; 7];

/// A row that fits: group, id, kind, name, and who holds it in what role and may lend it.
type Row = (String, String, &'static str, String, Option<(String, String, bool)>);

/// A column, and the word for what is wrong in it.
type Mistake = (&'static str, &'static str);

/// What is in a file: at each place a row, or the column and the word for what is wrong.
type Sorted = Vec<(u64, Result<Row, Mistake>)>;

/// The first byte says what it is, `j` for JSON; the rest is the file.
pub fn asset_file(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = if *first == b'j' { Format::Json } else { Format::Csv };
    if bytes.len() > 64 * 1024 {
        return;
    }
    let found = read(format, bytes);
    if let Ok(file) = &found {
        whole(file, bytes);
    }
    let bare = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bare) else {
        assert!(found.is_err(), "not UTF-8");
        return;
    };
    let naive = match format {
        Format::Csv => match clean_csv(text) {
            Some(records) => csv(records),
            // Quotes where RFC 4180 knows none: every reader has its own idea of those.
            None => return,
        },
        Format::Json => json(text),
    };
    assert_eq!(found.ok().map(|file| sorted(&file)), naive.filter(|rows| !rows.is_empty()), "{text:?}");
}

/// What holds of any file.
fn whole(file: &AssetFile, bytes: &[u8]) {
    let lines = 1 + bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r' | b',' | b'[')).count() as u64;
    let good: Vec<u64> = file.rows.iter().map(|row| row.place).collect();
    let bad: Vec<u64> = file.bad.iter().map(|row| row.place).collect();
    for places in [&good, &bad] {
        assert!(places.is_sorted() && places.iter().all(|place| (1..=lines).contains(place)), "{places:?}");
    }
    assert!(!good.is_empty() || !bad.is_empty(), "a file without rows is refused");
    for row in &file.bad {
        assert!(!has_control(&row.to_line().replace('\t', "")), "it is kept as one line: {row:?}");
    }
}

fn sorted(file: &AssetFile) -> Sorted {
    let good = file.rows.iter().map(|row| {
        let (asset, holder) = (&row.wanted.asset, row.wanted.holders.first());
        let holder = holder.map(|holder| {
            let AccountName::Email(email) = &holder.account else { panic!("a file names accounts by address") };
            (email.clone(), holder.role.clone(), holder.lendable)
        });
        let said = (asset.group.0.clone(), asset.id.0.clone(), asset.kind.word(), asset.name.clone(), holder);
        (row.place, Ok(said))
    });
    let bad = file.bad.iter().map(|row| (row.place, Err((row.column.word(), row.reason.word().0))));
    let mut all: Sorted = good.chain(bad).collect();
    all.sort_by_key(|(place, _)| *place);
    all
}

/// Records with the line each begins on. `None` if a quote stands where it has no meaning, or a line ends with CR alone.
fn clean_csv(text: &str) -> Option<Vec<(u64, Vec<String>)>> {
    let letters: Vec<char> = text.chars().collect();
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begins, mut at) = (1, 1, 0);
    let mut quoted = false;
    loop {
        let (here, next) = (letters.get(at).copied(), letters.get(at + 1).copied());
        at += 1;
        match here {
            Some('"') if !quoted && cell.is_empty() => {
                quoted = true;
                loop {
                    let (here, next) = (*letters.get(at)?, letters.get(at + 1).copied());
                    at += 1;
                    match (here, next) {
                        ('"', Some('"')) => {
                            cell.push('"');
                            at += 1;
                        }
                        ('"', _) => break,
                        (c, _) => {
                            line += u64::from(c == '\n');
                            cell.push(c);
                        }
                    }
                }
            }
            Some('\r') if next == Some('\n') => {}
            None | Some(',' | '\n') => {
                let ends = here != Some(',');
                // A line on which nothing stands is no record.
                if !(ends && record.is_empty() && cell.is_empty() && !quoted) {
                    record.push(std::mem::take(&mut cell));
                }
                quoted = false;
                if ends {
                    line += u64::from(here.is_some());
                    if !record.is_empty() {
                        records.push((begins, std::mem::take(&mut record)));
                    }
                    begins = line;
                }
                here?;
            }
            Some('"' | '\r') => return None,
            Some(_) if quoted => return None,
            Some(c) => cell.push(c),
        }
        if here.is_none() || at > letters.len() {
            break;
        }
    }
    Some(records)
}

fn csv(records: Vec<(u64, Vec<String>)>) -> Option<Sorted> {
    let mut records = records.into_iter();
    let header: Vec<String> = records.next()?.1.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let at = |name: &str| header.iter().position(|known| known == name);
    let once = COLUMNS.iter().all(|name| header.iter().filter(|known| known == name).count() <= 1);
    if !once
        || header.iter().any(|name| !COLUMNS.contains(&name.as_str()))
        || COLUMNS[..4].iter().any(|it| at(it).is_none())
    {
        return None;
    }
    let rows = records.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())).map(|(place, cells)| {
        let fits = cells.len() == header.len();
        let cell = |name: &str| at(name).and_then(|at| cells.get(at).cloned()).unwrap_or_default();
        (place, fits.then(|| COLUMNS.map(cell)).ok_or(("row", "fields")))
    });
    Some(compare(rows.collect()))
}

fn json(text: &str) -> Option<Sorted> {
    let Ok(Value::Array(elements)) = serde_json::from_str(text) else { return None };
    let rows = (1..).zip(&elements).map(|(place, element)| (place, cells(element)));
    Some(compare(rows.collect()))
}

fn cells(element: &Value) -> Result<Cells, Mistake> {
    let members = element.as_object().ok_or(("row", "not-an-object"))?;
    let mut cells = Cells::default();
    for (name, value) in members {
        let at = COLUMNS.iter().position(|known| known == name).ok_or(("row", "unknown-member"))?;
        cells[at] = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err((COLUMNS[at], "wrong-type")),
        };
    }
    Ok(cells)
}

/// Each row by itself, and against those before it that were good.
fn compare(rows: Vec<(u64, Result<Cells, Mistake>)>) -> Sorted {
    let mut sorted: Sorted = Vec::new();
    for (place, cells) in rows {
        let verdict = cells.and_then(|cells| judge(&cells)).and_then(|row| {
            let before = || sorted.iter().filter_map(|(_, it)| it.as_ref().ok());
            let same: Vec<&Row> = before().filter(|other| (&other.0, &other.1) == (&row.0, &row.1)).collect();
            let holder = |row: &Row| row.4.as_ref().map(|(email, ..)| email.clone());
            match same.first() {
                Some(other) if other.3 != row.3 => Err(("name", "contradicts")),
                Some(other) if other.2 != row.2 => Err(("kind", "contradicts")),
                Some(_) if row.4.is_none() => Err(("row", "twice")),
                _ if row.4.is_some() && same.iter().any(|other| holder(other) == holder(&row)) => {
                    Err(("email", "twice"))
                }
                _ => Ok(row),
            }
        });
        sorted.push((place, verdict));
    }
    sorted
}

fn judge(cells: &Cells) -> Result<Row, Mistake> {
    let [group, id, kind, name, holder, role, lendable] = cells.each_ref().map(|cell| cell.trim());
    // Before anything else, and also where nobody would read the cell.
    if let Some(at) = cells.iter().position(|cell| has_control(cell.trim())) {
        return Err((COLUMNS[at], "control"));
    }
    let long = |text: &str| text.chars().count() > 200;
    let one_line = |column: &'static str, text: &str| match text {
        "" => Err((column, "empty")),
        text if long(text) => Err((column, "too-long")),
        text => Ok(text.to_owned()),
    };
    if group.is_empty() {
        return Err(("group", "empty"));
    }
    let (group, _) = resource(&format!("{group}:x")).ok_or(("group", "group"))?;
    if id.is_empty() {
        return Err(("id", "empty"));
    }
    let (_, id) = resource(&format!("x:{id}")).filter(|(_, id)| id != "*").ok_or(("id", "id"))?;
    let kind = match kind {
        "" => return Err(("kind", "empty")),
        "ad_account" => "ad_account",
        "channel" => "channel",
        _ => return Err(("kind", "kind")),
    };
    let name = one_line("name", name)?;
    if holder.is_empty() {
        return if role.is_empty() { Ok((group, id, kind, name, None)) } else { Err(("role", "no-holder")) };
    }
    let holder = email(holder).ok_or(("email", "email"))?;
    if role.is_empty() {
        return Err(("role", "role-missing"));
    }
    let role = one_line("role", role)?;
    let lendable = match lendable.to_ascii_lowercase().as_str() {
        "" | "yes" | "true" | "1" => true,
        "no" | "false" | "0" => false,
        _ => return Err(("lendable", "lendable")),
    };
    Ok((group, id, kind, name, Some((holder, role, lendable))))
}
