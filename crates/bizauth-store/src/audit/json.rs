//! Facts as a flat JSON object, and the difference of two looks at a row.

use crate::db::{Row, Value};

/// Names with values, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts(Vec<(String, Value)>);

impl Facts {
    pub(super) fn add(&mut self, name: &str, value: Value) {
        self.0.push((name.to_owned(), value));
    }

    /// A JSON object (RFC 8259). Ids are 63 bits wide, so integers that JavaScript would round go out as strings.
    pub(super) fn to_json(&self) -> String {
        let member = |(name, value): &(String, Value)| {
            let value = match value {
                Value::Null => "null".to_owned(),
                Value::Int(number) if number.unsigned_abs() < 1 << 53 => number.to_string(),
                Value::Int(number) => format!("\"{number}\""),
                Value::Text(text) => quoted(text),
                // Bytes are digests; a look at a row names none.
                Value::Bytes(_) => "\"…\"".to_owned(),
            };
            format!("{}:{value}", quoted(name))
        };
        format!("{{{}}}", self.0.iter().map(member).collect::<Vec<_>>().join(","))
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What is different: the columns that changed, as they were and as they are. A row that is not there has none; of
/// several rows the count is told, for nobody reads a thousand.
pub(super) fn difference(before: &[Row], after: &[Row]) -> (Facts, Facts) {
    if before.len() > 1 || after.len() > 1 {
        let count = |rows: &[Row]| Facts(vec![("rows".to_owned(), Value::Int(rows.len() as i64))]);
        return (count(before), count(after));
    }
    let facts = |mine: Option<&Row>, other: Option<&Row>| {
        let mut facts = Facts::default();
        for (at, (name, value)) in mine.into_iter().flat_map(Row::columns).enumerate() {
            let same = other.and_then(|row| row.columns().nth(at)).is_some_and(|(_, theirs)| theirs == value);
            if !same {
                facts.add(name, value.clone());
            }
        }
        facts
    };
    (facts(before.first(), after.first()), facts(after.first(), before.first()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn row(name: &str, quota: Value) -> Row {
        let names: Arc<[Box<str>]> = ["name".into(), "quota".into()].into();
        Row::new("SELECT name, quota FROM apps", names, vec![name.into(), quota])
    }

    #[test]
    fn only_what_changed_is_told_and_a_new_row_whole() {
        let (before, after) = difference(&[row("A", Value::Null)], &[row("A", Value::Int(5))]);
        assert_eq!((before.to_json().as_str(), after.to_json().as_str()), (r#"{"quota":null}"#, r#"{"quota":5}"#));
        let (before, after) = difference(&[], &[row("A\"\n\u{1}한", Value::Int(i64::MAX))]);
        assert_eq!(before.to_json(), "{}");
        assert_eq!(after.to_json(), r#"{"name":"A\"\n\u0001한","quota":"9223372036854775807"}"#);
        let (before, after) = difference(&[row("A", Value::Null)], &[]);
        assert_eq!((before.to_json().as_str(), after.to_json().as_str()), (r#"{"name":"A","quota":null}"#, "{}"));
        let two = [row("A", Value::Null), row("B", Value::Null)];
        let (before, after) = difference(&two, &[]);
        assert_eq!((before.to_json().as_str(), after.to_json().as_str()), (r#"{"rows":2}"#, r#"{"rows":0}"#));
    }
}
