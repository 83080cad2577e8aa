//! What a command says: data to stdout, a table for people or one JSON document for programs; all else to stderr.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

/// The two streams a command writes to.
pub(crate) struct Output {
    data: Box<dyn Write>,
    notes: Box<dyn Write>,
    /// Whether data goes out as JSON.
    pub(super) json: bool,
}

impl Output {
    /// The streams of this process.
    pub(super) fn of_process() -> Self {
        Output { data: Box::new(io::stdout()), notes: Box::new(io::stderr()), json: false }
    }

    /// One document of data, in the form asked for. `json` and `table` say the same.
    pub(super) fn data(&mut self, json: Value, table: impl FnOnce() -> Rows) -> io::Result<()> {
        match self.json {
            true => writeln!(self.data, "{json}"),
            false => write!(self.data, "{}", table().render()),
        }
    }

    /// Data for people.
    pub(super) fn table(&mut self, rows: Rows) -> io::Result<()> {
        write!(self.data, "{}", rows.render())
    }

    /// Text that is data as it stands: a template, a script.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(text.as_bytes())?;
        self.data.flush()
    }

    /// A sentence beside the data. It may get lost, the data may not.
    pub(crate) fn note(&mut self, sentence: &str) {
        let _ = writeln!(self.notes, "{}", shown(sentence));
    }

    /// A question whose answer is typed on the same line.
    pub(super) fn ask(&mut self, question: &str) {
        let _ = write!(self.notes, "{} ", shown(question)).and_then(|()| self.notes.flush());
    }

    /// Everything that was said is out.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Something was done that has no data of its own: a sentence for people, a document for programs.
    pub(super) fn done(&mut self, sentence: &str, json: Value) -> io::Result<()> {
        if self.json {
            return writeln!(self.data, "{json}");
        }
        self.note(sentence);
        Ok(())
    }
}

/// Rows for people to read.
pub(super) struct Rows(Table);

impl Rows {
    /// A list under these titles.
    pub(super) fn titled<const N: usize>(titles: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let mut table = Table::new();
        table.set_header(titles);
        table.add_rows(rows.into_iter().map(|row| row.map(|cell| shown(&cell))));
        Rows(table)
    }

    /// One thing, a line for each of its properties.
    pub(super) fn card<const N: usize>(lines: [(&str, String); N]) -> Self {
        let mut table = Table::new();
        table.add_rows(lines.map(|(name, text)| [name.to_owned(), shown(&text)]));
        Rows(table)
    }

    /// Without borders and trailing space: they get in the way of copying and of `awk`.
    fn render(mut self) -> String {
        self.0.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for column in self.0.column_iter_mut() {
            column.set_padding((0, 2));
        }
        self.0.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// What others wrote is shown without the characters that steer a terminal or turn the direction of writing. Line
/// feeds are ours.
fn shown(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// `on` or `off`.
pub(super) fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

/// `yes` or `no`.
pub(super) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}
