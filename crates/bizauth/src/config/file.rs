//! The settings file: found, read and taken apart into texts with their lines. Judging the values is the table's
//! business; here only what cannot be a setting at all is refused.

use std::{fs::File, io::Read, os::unix::fs::MetadataExt, path::Path};

use toml::de::{DeTable, DeValue};

use super::table::{SETTINGS, Setting};
use super::{Chosen, Mistake, Source, read};

/// More than any real file needs: somebody has named the wrong one.
const LARGEST: u64 = 1 << 20;

/// Reads the settings that a file gives, its mistakes and its warnings.
pub(super) fn read(path: &Path, mistakes: &mut Vec<Mistake>, warnings: &mut Vec<String>) -> Vec<Chosen> {
    let name = path.display().to_string();
    let (text, mode) = match contents(path) {
        Ok(found) => found,
        Err(reason) => {
            mistakes.push(Mistake(format!("configuration file {name}: {reason}")));
            return Vec::new();
        }
    };
    let chosen = settings(&name, &text, mistakes);
    if mode & 0o004 != 0 && chosen.iter().any(|chosen| chosen.name == "database" && read::holds_password(&chosen.text))
    {
        warnings.push(format!(
            "{name} holds the password of the database and every user of this machine can read it; chmod 640 it, or give \
             the URL in BIZAUTH_DATABASE"
        ));
    }
    chosen
}

fn contents(path: &Path) -> Result<(String, u32), String> {
    let told = |error: std::io::Error| format!("cannot be read: {error}");
    // Asked before opening: opening a named pipe would wait for a writer that may never come.
    if !path.metadata().map_err(told)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let file = File::open(path).map_err(told)?;
    let mode = file.metadata().map_err(told)?.mode();
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > LARGEST {
        return Err("is larger than 1 MiB".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        format!("line {} is not UTF-8", 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count())
    })?;
    Ok((text, mode))
}

pub(super) fn settings(name: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Vec<Chosen> {
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        // The parser's own rendering quotes the line, and the line may hold a password.
        let at = error.span().map_or(1, |span| line(span.start));
        mistakes.push(Mistake(format!("{name} line {at}: {}", error.message())));
    }
    let mut chosen = Vec::new();
    for (key, value) in table.get_ref() {
        let at = line(key.span().start);
        let Some(setting) = Setting::named(key.get_ref()) else {
            mistakes.push(unknown(name, at, key.get_ref()));
            continue;
        };
        match written(value.get_ref()) {
            Some(text) => chosen.push(Chosen {
                name: setting.name,
                text,
                source: Source::File { name: name.to_owned(), line: at },
            }),
            None => mistakes.push(Mistake(format!(
                "{}: {} line {at} gives a {}; allowed is {}",
                setting.name,
                name,
                value.get_ref().type_str(),
                setting.allowed
            ))),
        }
    }
    chosen
}

/// The value as it would stand in a flag, so that one reader serves every source.
fn written(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Array(entries) => {
            let texts: Option<Vec<&str>> = entries.iter().map(|entry| entry.get_ref().as_str()).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

fn unknown(name: &str, line: usize, key: &str) -> Mistake {
    // A key may be anything between quotes; a person needs only its beginning.
    let key: String = key.chars().take(60).collect();
    let near = SETTINGS
        .iter()
        .map(|setting| (distance(&key.to_lowercase().replace('-', "_"), setting.name), setting.name))
        .min()
        .filter(|(far, known)| *far <= 1 + known.len() / 3)
        .map_or_else(
            || "`bizauth config template` lists them all".to_owned(),
            |(_, known)| format!("did you mean {known}?"),
        );
    Mistake(format!("{name} line {line}: there is no setting {key:?}; {near}"))
}

/// Levenshtein's distance between a short key and a name.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let here = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row[to.len()]
}
