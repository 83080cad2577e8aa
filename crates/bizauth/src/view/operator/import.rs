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
    /// The ways on among them.
    pub pager: Pager,
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

#[cfg(test)]
impl ImportPage {
    /// Before any file, and with one that cannot be read.
    pub fn samples(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Self)> {
        let framed = || {
            let frame = frame("/operator/assets/import");
            let above = crate::view::kit::Crumb::new(frame.say("nav-assets"), "/operator/assets");
            frame.below([above])
        };
        let first = |fields, recent| Self {
            frame: framed(),
            fields,
            check: Post::new("/operator/assets/import", "token"),
            pager: Pager { newer: None, older: Some("/operator/assets/import?after=7#recent".to_owned()) },
            recent,
        };
        let mut refused = Fields::new();
        refused.refuse("file", framed().fill("import-bad-file-unknown-column", "value", "이메일"));
        let row = |name: &str, standing| ImportRow {
            href: "/operator/assets/imports/7".to_owned(),
            name: name.to_owned(),
            by: "kim.jiwoo@dalbit.example".to_owned(),
            at: bizauth_core::time::Time::from_millis(1_773_446_730_000).into(),
            standing,
        };
        let recent = vec![
            row("2026년 상반기 광고계정과 채널 (수정본 최종).csv", Standing::Runs),
            row("assets.json", Standing::Stuck),
            row("assets.csv", Standing::Done),
            row("new.csv", Standing::Waits),
        ];
        vec![("operator-import", first(Fields::new(), Vec::new())), ("operator-import-refused", first(refused, recent))]
    }
}

#[cfg(test)]
impl ImportedPage {
    /// Waiting with rows that do not fit, running, left alone, and done.
    pub fn samples(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Self)> {
        let page = |standing, n_refused: i64| {
            let frame = frame("/operator/assets/imports/7");
            let above = [
                crate::view::kit::Crumb::new(frame.say("nav-assets"), "/operator/assets"),
                crate::view::kit::Crumb::new(frame.say("import-title"), "/operator/assets/import"),
            ];
            let refusal = |place: u64, column: Option<&str>, key: &str, about: &str| RefusedRow {
                place,
                column: column.map(str::to_owned),
                reason: frame.fill(key, "value", about),
            };
            let refused = vec![
                refusal(3, Some("kind"), "import-bad-kind", "house"),
                refusal(17, Some("email"), "import-bad-no-such-account", ""),
                refusal(1204, None, "import-bad-twice", "17"),
            ];
            Self {
                name: "2026년 상반기 광고계정과 채널 (수정본 최종).csv".to_owned(),
                standing,
                by: "kim.jiwoo@dalbit.example".to_owned(),
                at: bizauth_core::time::Time::from_millis(1_773_446_730_000).into(),
                total: 12_480,
                done: 4_500,
                n_refused,
                counts: [812, 14, 12_050, 3, 391, 0],
                lines: true,
                refused: if n_refused > 0 { refused } else { Vec::new() },
                pager: Pager::default(),
                apply: Post::new("/operator/assets/imports/7/apply", "token"),
                frame: frame.below(above),
            }
        };
        vec![
            ("operator-imported-refused", page(Standing::Waits, 3)),
            ("operator-imported-waits", page(Standing::Waits, 0)),
            ("operator-imported-runs", page(Standing::Runs, 0)),
            ("operator-imported-stuck", page(Standing::Stuck, 0)),
            ("operator-imported-done", page(Standing::Done, 3)),
        ]
    }
}
