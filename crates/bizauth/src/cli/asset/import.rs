//! `bizauth asset import`: assets and holders from a CSV or JSON file, looked at first and then applied.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bizauth_store::ImportRecord;
use serde_json::{Value, json};

use super::super::desk::Desk;
use super::super::output::Rows;
use super::super::refusal::{refuse, unreadable};
use crate::asset_file::{Format, LONGEST};
use crate::clock::Clock;
use crate::import::{Importer, Refused, refused};
use crate::view::{Language, Words};

/// How many refused rows are told to a person; `--json` has all.
const TOLD: usize = 20;

/// Which file, and how.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  bizauth asset import assets.csv --dry-run\n  bizauth asset import assets.json\n\n\
                  A CSV file begins with the names of its columns, in any order:\n  \
                  group,id,kind,name,email,role,lendable\n\
                  A JSON file is an array of objects with the same names. A row is an asset with one holder, or\n\
                  with none. Nothing is ever removed."
)]
pub(in crate::cli) struct Import {
    /// The file, or - for stdin
    file: PathBuf,
    /// Only look at it
    #[arg(long)]
    dry_run: bool,
    /// Apply the rows that fit although others do not
    #[arg(long)]
    good_rows_only: bool,
}

impl Import {
    /// Looks at the file, tells what it found, and applies it.
    pub(super) async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let bytes = read(&self.file)?;
        let name = self.file.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
        let format = Format::guess(&name, &bytes);
        let actor = desk.by().actor().clone();
        let importer = Importer { store: desk.store.clone(), clock: Clock::System, actor };
        let words = Words::new();
        let id = match importer.check(&name, format, bytes).await? {
            Ok(id) => id,
            Err(why) => {
                let (key, about) = why.words();
                let sentence = words.say_with(Language::En, key, &[("value", about.into())]);
                let hint = "`bizauth asset import --help` shows what a file looks like";
                return Err(refuse(sentence.trim_end_matches('.').to_owned(), hint));
            }
        };
        let kept = desk.store.import_refusals(id).await?;
        let bad: Vec<Refused> = refused(&kept).collect();
        tell(desk, &words, &bad);
        if !bad.is_empty() && !self.good_rows_only && !self.dry_run {
            let what = format!("{} rows of {name} do not fit, so nothing was applied", bad.len());
            return Err(refuse(what, "correct the file, or apply the other rows with --good-rows-only"));
        }
        if !self.dry_run {
            importer.start(id).await?;
            let output = &mut *desk.output;
            importer.apply(id, |done, total| output.note(&format!("{done} of {total} rows applied"))).await?;
        }
        let import = desk.store.import(id, Clock::System.now()).await?;
        let import = import.ok_or_else(|| refuse(format!("the import {id} is gone"), "try once more"))?;
        say(desk, &words, &import, &bad)
    }
}

fn sentence(words: &Words, row: &Refused) -> String {
    words.say_with(Language::En, &format!("import-bad-{}", row.word), &[("value", row.about.as_str().into())])
}

fn tell(desk: &mut Desk<'_>, words: &Words, bad: &[Refused]) {
    for row in bad.iter().take(TOLD) {
        desk.output.note(&format!("row {}, {}: {}", row.place, row.column, sentence(words, row)));
    }
    if bad.len() > TOLD {
        desk.output.note(&format!("… and {} more; --dry-run --json tells all", bad.len() - TOLD));
    }
}

fn say(desk: &mut Desk<'_>, words: &Words, import: &ImportRecord, bad: &[Refused]) -> anyhow::Result<()> {
    let refusal = |row: &Refused| json!({ "row": row.place, "column": row.column, "reason": row.word, "detail": sentence(words, row) });
    let counts = import.counts;
    let json = json!({
        "id": import.id.to_string(),
        "state": import.state.word(),
        "rows": import.total,
        "applied": import.done,
        "assets_added": counts.added,
        "assets_changed": counts.changed,
        "holders_added": counts.gained,
        "holders_changed": counts.altered,
        "same": counts.same,
        "skipped": counts.skipped,
        "refused": bad.iter().map(refusal).collect::<Vec<Value>>(),
    });
    Ok(desk.output.data(json, || {
        Rows::card([
            ("state", import.state.word().to_owned()),
            ("rows that fit", import.total.to_string()),
            ("rows that do not", bad.len().to_string()),
            ("applied", import.done.to_string()),
            ("new assets", counts.added.to_string()),
            ("changed assets", counts.changed.to_string()),
            ("new holders", counts.gained.to_string()),
            ("changed holders", counts.altered.to_string()),
            ("as before", counts.same.to_string()),
            ("skipped", counts.skipped.to_string()),
        ])
    })?)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let source: io::Result<Box<dyn Read>> = match path == Path::new("-") {
        true => Ok(Box::new(io::stdin())),
        false => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    let (mut bytes, most) = (Vec::new(), LONGEST as u64 + 1);
    let read = source.and_then(|source| source.take(most).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(&path.display().to_string(), &error))?;
    Ok(bytes)
}
