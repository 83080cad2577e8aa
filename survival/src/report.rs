//! What a program did and what it lost: a few plain lines, figures for programs, and the promises that broke.

use std::fmt;
use std::io::Write;

use serde_json::{Map, Value, json};

/// The account that a program gives of itself.
#[derive(Debug)]
pub struct Report {
    program: String,
    lines: Vec<String>,
    figures: Map<String, Value>,
    broken: Vec<String>,
}

impl Report {
    /// Of a program that is about to begin.
    pub fn of(program: impl Into<String>) -> Report {
        Report { program: program.into(), lines: Vec::new(), figures: Map::new(), broken: Vec::new() }
    }

    /// Says what was done.
    pub fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Keeps a figure for `--json`.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    /// A promise, and whether it was kept. `promise` says what was seen where it was not.
    pub fn promise(&mut self, kept: bool, promise: impl FnOnce() -> String) {
        if !kept {
            self.broken.push(promise());
        }
    }

    /// Takes over what another account says.
    pub fn take(&mut self, other: Report) {
        self.lines.extend(other.lines);
        self.figures.extend(other.figures);
        self.broken.extend(other.broken);
    }

    /// The promises that broke.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The account that another process gave, as [`Report::to_json`] has it; `None` if it is none.
    pub fn from_json(said: &Value) -> Option<Report> {
        let lines = |name: &str| -> Option<Vec<String>> {
            said[name].as_array()?.iter().map(|line| line.as_str().map(str::to_owned)).collect()
        };
        Some(Report {
            program: said["program"].as_str()?.to_owned(),
            lines: lines("did")?,
            figures: said["figures"].as_object()?.clone(),
            broken: lines("broken")?,
        })
    }

    /// As one document.
    pub fn to_json(&self) -> Value {
        json!({
            "program": self.program,
            "did": self.lines,
            "figures": self.figures,
            "broken": self.broken,
        })
    }

    /// Says it among the lines of the tests, and fails if a promise broke.
    ///
    /// # Panics
    /// A promise broke.
    pub fn assert_kept(&self) {
        // Past the test runner, which shows what a test prints only if it fails; at once, so that no line of the runner's
        // comes in between.
        let _ = std::io::stderr().write_all(format!("{self}\n").as_bytes());
        assert!(self.broken.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "== {}", self.program)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        match self.broken.as_slice() {
            [] => write!(f, "lost: nothing"),
            broken => {
                writeln!(f, "BROKEN: {} promises", broken.len())?;
                let most = broken.iter().take(20);
                write!(f, "{}", most.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
