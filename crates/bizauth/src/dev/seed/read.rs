//! Reading a seed: a text in, a seed or everything that is wrong with it out. Nothing is changed by reading.

use std::fmt;

use serde::Serialize;

use super::Seed;
use super::check::check;
use super::decode::decode;
use super::tree::{Form, line_and_column, parse};

/// More than any real seed needs.
const LARGEST: usize = 4 << 20;

/// So many mistakes are told; whoever has more begins with these.
const MOST: usize = 100;

/// Something wrong in a seed, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What it is about, as in `apps[0].keys[1].value`; empty where the text itself cannot be read.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What may stand there, where that is one of a few.
    pub allowed: Vec<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        if !self.allowed.is_empty() {
            write!(f, "; allowed: {}", self.allowed.join(", "))?;
        }
        Ok(())
    }
}

/// Reads a seed. TOML or JSON goes by the name of the file; of another name, or none, JSON begins with a brace.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text: first what cannot be read, and once all can be read, what
/// cannot be.
pub fn read(text: &str, file: &str) -> Result<Seed, Vec<Mistake>> {
    let mistake = |at: usize, path: String, what: String, allowed: Vec<String>| {
        let (line, column) = line_and_column(text, at);
        (at, Mistake { file: file.to_owned(), line, column, path, what, allowed })
    };
    if text.len() > LARGEST {
        return Err(told(vec![mistake(0, String::new(), "a seed has at most 4 MiB".to_owned(), Vec::new())]));
    }
    let tree = parse(text, Form::of(text, file)).map_err(|flaws| {
        told(flaws.into_iter().map(|(at, what)| mistake(at, String::new(), what, Vec::new())).collect())
    })?;
    let seed: Seed = decode(&tree).map_err(|troubles| {
        let of = |it: super::decode::Trouble| mistake(it.at.unwrap_or(0), String::new(), it.what, it.allowed);
        told(troubles.into_iter().map(of).collect())
    })?;
    let wrong = check(&seed);
    if wrong.is_empty() {
        return Ok(seed);
    }
    Err(told(wrong.into_iter().map(|it| mistake(tree.place(&it.path), it.path, it.what, it.allowed)).collect()))
}

/// In the order of the text, and not more than a person reads.
fn told(mut mistakes: Vec<(usize, Mistake)>) -> Vec<Mistake> {
    mistakes.sort_by_key(|(at, _)| *at);
    mistakes.into_iter().map(|(_, mistake)| mistake).take(MOST).collect()
}
