//! Importing assets: the form with what the file looks like, and one file with what it does.

use askama::Template;

use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pager, Post, Titled, Tone, When};

/// What an import does or did, in the order of the counts.
pub const COUNTS: [&str; 6] =
    ["import-added", "import-changed", "import-gained", "import-altered", "import-same", "import-skipped"];
/// What is said where no file was chosen.
pub const FILE_MISSING: &str = "import-file-missing";

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits to be applied.
    Waits,
    /// It is being applied.
    Runs,
    /// It was being applied, and nobody is at work on it.
    Stuck,
    /// It was applied.
    Done,
}

impl Standing {
    /// As people see it.
    pub fn badge(self, frame: &Frame) -> Badge {
        match self {
            Standing::Waits => Badge::new(Tone::Plain, frame.say("import-state-checked")),
            Standing::Runs => Badge::new(Tone::Warn, frame.say("import-state-running")),
            Standing::Stuck => Badge::new(Tone::Bad, frame.say("import-state-stuck")),
            Standing::Done => Badge::new(Tone::Good, frame.say("import-state-done")),
        }
    }
}

/// A file that was handed in, for the list.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// Its page.
    pub href: String,
    /// What it was called.
    pub name: String,
    /// Who handed it in.
    pub by: String,
    /// When.
    pub at: When,
    /// Where it stands.
    pub standing: Standing,
}

/// `GET /operator/assets/import`.
#[derive(Template)]
#[template(path = "operator/import.html")]
pub struct ImportPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The form.
    pub fields: Fields,
    /// Where the file goes.
    pub check: Post,
    /// The files handed in lately.
    pub recent: Vec<ImportRow>,
}

/// A row that does not fit.
#[derive(Clone, Debug)]
pub struct RefusedRow {
    /// Its place in the file.
    pub place: u64,
    /// Its column; nothing if it is the row as a whole.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
}

/// `GET /operator/assets/imports/{import}`.
#[derive(Template)]
#[template(path = "operator/imported.html")]
pub struct ImportedPage {
    /// The frame around the page.
    pub frame: Frame,
    /// What the file was called.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// Who handed it in.
    pub by: String,
    /// When.
    pub at: When,
    /// How many rows fit.
    pub total: i64,
    /// How many of them are applied.
    pub done: i64,
    /// How many do not fit.
    pub n_refused: i64,
    /// What it does or did, in the order of [`COUNTS`].
    pub counts: [i64; 6],
    /// Whether the file is CSV, so that places are lines.
    pub lines: bool,
    /// A page of the rows that do not fit.
    pub refused: Vec<RefusedRow>,
    /// The ways on from it.
    pub pager: Pager,
    /// Where it is applied.
    pub apply: Post,
}

impl Titled for ImportPage {
    fn title(&self) -> String {
        self.frame.say("import-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("import-lead"))
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields]
    }
}

impl Titled for ImportedPage {
    fn title(&self) -> String {
        self.name.clone()
    }
}

impl ImportedPage {
    fn waits(&self) -> bool {
        self.standing == Standing::Waits
    }

    fn stuck(&self) -> bool {
        self.standing == Standing::Stuck
    }

    fn running(&self) -> bool {
        self.standing == Standing::Runs || self.stuck()
    }

    fn numbers(&self) -> impl Iterator<Item = (&'static str, i64)> {
        COUNTS.into_iter().zip(self.counts)
    }
}
