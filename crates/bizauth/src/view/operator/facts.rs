//! The facts of the audit log in words: names of columns and machine's words are the export's.

use bizauth_core::time::Time;
use serde_json::Value;

use crate::view::Frame;
use crate::view::kit::When;

/// What stands where there is nothing.
const NOTHING: &str = "–";

/// Facts that the log keeps as 0 or 1.
const YES_OR_NO: [&str; 19] = [
    "developer_sanctioned",
    "email_verified",
    "has_ad_accounts",
    "has_assets",
    "has_icon",
    "in_business_centre",
    "is_operator",
    "lendable",
    "maintenance",
    "may_read_ips",
    "needs_all",
    "needs_permission",
    "never_alone",
    "pkce_required",
    "risky",
    "sanctioned",
    "secret_on",
    "shares_email",
    "yields_channels",
];

/// What an import counts, in the order in which the log has the numbers.
const COUNTED: [&str; 6] = ["added", "changed", "gained", "altered", "same", "skipped"];

/// Facts of an entry by their names: a flat JSON object, its values read.
pub struct Facts(Vec<(String, Value)>);

impl Facts {
    /// Reads them. What is no object has none.
    pub fn read(json: &str) -> Self {
        match serde_json::from_str(json) {
            Ok(Value::Object(members)) => Facts(members.into_iter().collect()),
            _ => Facts(Vec::new()),
        }
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of one, in words; nothing as a dash.
    pub fn told(&self, frame: &Frame, act: &str, name: &str) -> String {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        value.map_or_else(|| NOTHING.to_owned(), |value| told(frame, act, name, value))
    }
}

/// What a fact is called; one without words by its own name.
pub fn called(frame: &Frame, name: &str) -> String {
    let key = key(name);
    if frame.words.has(&key) { frame.say(&key) } else { name.replace('_', " ") }
}

fn key(name: &str) -> String {
    format!("op-fact-{}", name.replace('_', "-"))
}

fn told(frame: &Frame, act: &str, name: &str, value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::Number(number) => match number.as_i64() {
            Some(on @ (0 | 1)) if YES_OR_NO.contains(&name) => frame.say(if on == 1 { "op-yes" } else { "op-no" }),
            Some(at) if is_instant(name) => When::from(Time::from_millis(at)).exact(frame),
            _ => number.to_string(),
        },
        Value::String(text) if text.is_empty() => NOTHING.to_owned(),
        Value::String(text) if name == "role" => frame.words.role(text, frame.language),
        Value::String(text) if name == "counts" => counted(frame, text).unwrap_or_else(|| text.clone()),
        Value::String(text) => worded(frame, act, name, text).unwrap_or_else(|| text.clone()),
        other => other.to_string(),
    }
}

fn is_instant(name: &str) -> bool {
    name.ends_with("_at") || matches!(name, "before" | "old_secret_until")
}

/// One of a few words that the log uses; of two that are alike the one of this act's kind.
fn worded(frame: &Frame, act: &str, name: &str, text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b"_- ".contains(&b));
    let (noun, word) = (act.split('.').next().unwrap_or_default(), text.replace(['_', ' '], "-"));
    let keys = [format!("{}.{noun}-{word}", key(name)), format!("{}.{word}", key(name))];
    keys.iter().filter(|_| plain).find(|key| frame.words.has(key)).map(|key| frame.say(key))
}

/// What an import did, if these are its six numbers.
fn counted(frame: &Frame, text: &str) -> Option<String> {
    let numbers: Vec<usize> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let numbers: [usize; 6] = numbers.try_into().ok()?;
    let args: Vec<_> = COUNTED.into_iter().zip(numbers.map(Into::into)).collect();
    Some(frame.words.say_with(frame.language, &format!("{}.each", key("counts")), &args))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::view::{Language, Words};

    #[test]
    fn values_are_told_in_words_and_what_is_unknown_as_it_is() {
        let frame = Frame::new(Arc::new(Words::new()), Language::En, "/");
        let told = |act: &str, json: &str| {
            let facts = Facts::read(json);
            facts.names().map(|name| format!("{}={}", called(&frame, name), facts.told(&frame, act, name))).collect()
        };
        let table: [(&str, &str, &[&str]); 10] = [
            ("session.begin", r#"{"proof":"one-time password"}"#, &["Proved with=Password and one-time code"]),
            ("account.state", r#"{"state":"withdrawn"}"#, &["State=Withdrawn"]),
            ("request.withdraw", r#"{"state":"withdrawn"}"#, &["State=Taken back"]),
            ("key.pkce", r#"{"pkce_required":1}"#, &["PKCE required=Yes"]),
            ("key.create", r#"{"kind":"rest_api","name":""}"#, &["Kind=REST API key", "Name=–"]),
            ("app.delete", r#"{"deleted_at":1790000000000}"#, &["Deleted=21 September 2026, 23:13:20 KST"]),
            (
                "import.finish",
                r#"{"counts":"1 0 2 0 3 0"}"#,
                &["Result=assets 1 new, 0 changed; holders 2 new, 0 changed; rows 3 unchanged, 0 skipped"],
            ),
            ("app.quota", r#"{"daily_quota":null}"#, &["Calls a day=–"]),
            ("x.y", r#"{"not_known":"rest_api","kind":"<b>"}"#, &["Kind=<b>", "not known=rest_api"]),
            ("x.y", "no object", &[]),
        ];
        for (act, json, wanted) in table {
            let found: Vec<String> = told(act, json);
            assert_eq!(found, wanted, "{json}");
        }
    }
}
