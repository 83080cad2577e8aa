//! A seed's text taken apart, each part with its place: TOML and JSON alike, so that everything behind this file can say
//! where something stands.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// No seed nests deeper; what does is refused before it can exhaust the stack.
const DEEPEST: usize = 32;

/// A value and where it stands, in bytes.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Switch(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(Name, Node)>),
}

/// The name of a field and where it stands.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) at: usize,
    pub(super) text: String,
}

/// Something wrong with the text itself, and where.
pub(super) type Flaw = (usize, String);

/// The two forms of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Toml,
    Json,
}

impl Form {
    /// By the name of the file; of another name or none JSON begins with a brace.
    pub(super) fn of(text: &str, file: &str) -> Self {
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        match ending.as_str() {
            "json" => Form::Json,
            "toml" => Form::Toml,
            _ if text.trim_start().starts_with('{') => Form::Json,
            _ => Form::Toml,
        }
    }
}

/// Takes a text apart.
pub(super) fn parse(text: &str, form: Form) -> Result<Node, Vec<Flaw>> {
    match form {
        Form::Toml => toml(text),
        Form::Json => json(text),
    }
}

fn toml(text: &str) -> Result<Node, Vec<Flaw>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut flaws: Vec<Flaw> =
        errors.iter().map(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned())).collect();
    if !flaws.is_empty() {
        return Err(flaws);
    }
    let at = table.span();
    let node = Node { at, value: of_table(table.get_ref(), 0, &mut flaws) };
    if flaws.is_empty() { Ok(node) } else { Err(flaws) }
}

fn of_table(table: &DeTable<'_>, depth: usize, flaws: &mut Vec<Flaw>) -> Value {
    let mut fields = Vec::new();
    for (name, value) in table {
        let name = Name { at: name.span().start, text: name.get_ref().to_string() };
        fields.push((name, of_value(value.span(), value.get_ref(), depth, flaws)));
    }
    Value::Table(fields)
}

fn of_value(at: Range<usize>, value: &DeValue<'_>, depth: usize, flaws: &mut Vec<Flaw>) -> Node {
    if depth > DEEPEST {
        flaws.push((at.start, TOO_DEEP.to_owned()));
        return Node { at, value: Value::Null };
    }
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Whole(number),
            Err(_) => Value::Fraction(f64::INFINITY),
        },
        DeValue::Float(number) => Value::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => Value::Switch(*on),
        // A date may stand with or without quotes.
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(entries) => {
            Value::List(entries.iter().map(|it| of_value(it.span(), it.get_ref(), depth + 1, flaws)).collect())
        }
        DeValue::Table(table) => of_table(table, depth + 1, flaws),
    };
    Node { at, value }
}

const TOO_DEEP: &str = "nothing in a seed is nested so deeply";

fn json(text: &str) -> Result<Node, Vec<Flaw>> {
    // The library judges the text, nesting included; what is left to do here is to walk through what is well-formed.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        return Err(vec![(line + error.column().saturating_sub(1), message.to_owned())]);
    }
    let mut walk = Walk { text, at: 0, flaws: Vec::new() };
    let node = walk.value(0);
    if walk.flaws.is_empty() { Ok(node) } else { Err(walk.flaws) }
}

/// A walk through well-formed JSON.
struct Walk<'t> {
    text: &'t str,
    at: usize,
    flaws: Vec<Flaw>,
}

impl Walk<'_> {
    fn peek(&mut self) -> u8 {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// Whether the next character is this one, which is then behind us.
    fn passes(&mut self, wanted: u8) -> bool {
        let there = self.peek() == wanted;
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Node {
        let first = self.peek();
        let start = self.at;
        if depth > DEEPEST {
            self.flaws.push((start, TOO_DEEP.to_owned()));
            self.at = self.text.len();
            return Node { at: start..start, value: Value::Null };
        }
        let value = match first {
            b'{' => self.table(depth),
            b'[' => self.list(depth),
            b'"' => Value::Text(self.string()),
            _ => self.word(),
        };
        Node { at: start..self.at, value }
    }

    fn table(&mut self, depth: usize) -> Value {
        let mut fields: Vec<(Name, Node)> = Vec::new();
        self.at += 1;
        while self.peek() == b'"' {
            let at = self.at;
            let text = self.string();
            if fields.iter().any(|(name, _)| name.text == text) {
                self.flaws.push((at, format!("the field {text:?} is given twice")));
            }
            self.passes(b':');
            let value = self.value(depth + 1);
            fields.push((Name { at, text }, value));
            self.passes(b',');
        }
        self.passes(b'}');
        Value::Table(fields)
    }

    fn list(&mut self, depth: usize) -> Value {
        let mut entries = Vec::new();
        self.at += 1;
        while !matches!(self.peek(), b']' | 0) {
            entries.push(self.value(depth + 1));
            self.passes(b',');
        }
        self.passes(b']');
        Value::List(entries)
    }

    fn string(&mut self) -> String {
        let (start, mut escaped) = (self.at, false);
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let inside = rest.iter().take_while(|byte| {
            let ends = **byte == b'"' && !escaped;
            escaped = **byte == b'\\' && !escaped;
            !ends
        });
        self.at = (start + 2 + inside.count()).min(self.text.len());
        self.text.get(start..self.at).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn word(&mut self) -> Value {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end.max(1);
        match word {
            "null" => Value::Null,
            "true" | "false" => Value::Switch(word == "true"),
            word => match word.parse() {
                Ok(number) => Value::Whole(number),
                Err(_) => Value::Fraction(word.parse().unwrap_or(f64::NAN)),
            },
        }
    }
}

impl Node {
    /// Where what `path` names begins (`apps[0].keys[1].value`): the last part of it that is there.
    pub(super) fn place(&self, path: &str) -> usize {
        let mut node = self;
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let next = match (&node.value, part.strip_suffix(']')) {
                (Value::List(entries), Some(at)) => at.parse().ok().and_then(|at: usize| entries.get(at)),
                (Value::Table(fields), None) => {
                    fields.iter().find(|(name, _)| name.text == part).map(|(_, value)| value)
                }
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.at.start
    }
}

/// Line and column of a byte, counted from 1; a column is a character.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
}
