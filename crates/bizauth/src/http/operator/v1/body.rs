//! JSON bodies, read strictly: every mistake is told at once, with the place where it stands, and what means nothing
//! here is refused rather than passed over.

use std::sync::{Arc, Mutex, PoisonError};

use bizauth_core::asset::{AssetId, Resource};
use bizauth_core::scope::{GroupId, Wording};
use bizauth_core::user;
use serde_json::{Map, Value};

use super::problem::{Mistake, Problem};

/// The longest text for people, in characters.
const LONGEST: usize = 200;
/// The longest reason.
const LONGEST_REASON: usize = 1000;

/// A JSON object whose members are taken one by one.
#[derive(Debug)]
pub struct Object {
    pointer: String,
    members: Map<String, Value>,
    mistakes: Arc<Mutex<Vec<Mistake>>>,
}

impl Object {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Object { pointer: String::new(), members, mistakes: Arc::default() }),
            Ok(_) => Err(Problem::malformed("the body must be a JSON object")),
            Err(error) => Err(Problem::malformed(format!("the body is not JSON: {error}"))),
        }
    }

    /// Where a member stands.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// Notes a mistake.
    pub fn refuse(&self, pointer: String, detail: impl Into<String>) {
        self.mistakes.lock().unwrap_or_else(PoisonError::into_inner).push(Mistake::at(pointer, detail));
    }

    /// A member that may be missing.
    pub fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.members.remove(name)?;
        match read(&value) {
            Ok(found) => Some(found),
            Err(detail) => {
                self.refuse(self.at(name), detail);
                None
            }
        }
    }

    /// A member that may be missing, or null to take something away.
    pub fn take_or_null<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<Option<T>> {
        if self.members.get(name) == Some(&Value::Null) {
            self.members.remove(name);
            return Some(None);
        }
        self.take(name, read).map(Some)
    }

    /// A member that must be there.
    pub fn need<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        if !self.members.contains_key(name) {
            self.refuse(self.at(name), "is missing");
            return None;
        }
        self.take(name, read)
    }

    /// The elements of a member that is an array of objects; none if it is missing.
    pub fn objects(&mut self, name: &str, most: usize) -> Vec<Object> {
        let pointer = self.at(name);
        let elements = match self.members.remove(name) {
            None => return Vec::new(),
            Some(Value::Array(elements)) if elements.len() <= most => elements,
            Some(Value::Array(_)) => {
                self.refuse(pointer, format!("has more than {most} elements"));
                return Vec::new();
            }
            Some(_) => {
                self.refuse(pointer, "must be an array");
                return Vec::new();
            }
        };
        let inner = |(at, element)| self.inner(format!("{pointer}/{at}"), element);
        elements.into_iter().enumerate().map(inner).collect()
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str) -> Option<Object> {
        let value = self.members.remove(name)?;
        Some(self.inner(self.at(name), value))
    }

    fn inner(&self, pointer: String, value: Value) -> Object {
        let members = match value {
            Value::Object(members) => members,
            _ => {
                self.refuse(pointer.clone(), "must be an object");
                Map::new()
            }
        };
        Object { pointer, members, mistakes: self.mistakes.clone() }
    }

    /// Whether nothing is left to be taken.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Refuses what was not taken.
    pub fn close(self) {
        for name in self.members.keys() {
            self.refuse(self.at(name), "is not known here");
        }
    }

    /// Ends the reading of the whole body.
    ///
    /// # Errors
    /// Every mistake that was made.
    pub fn finish(self) -> Result<(), Problem> {
        let mistakes = self.mistakes.clone();
        self.close();
        let mistakes = std::mem::take(&mut *mistakes.lock().unwrap_or_else(PoisonError::into_inner));
        if mistakes.is_empty() { Ok(()) } else { Err(Problem::invalid(mistakes)) }
    }
}

/// A text on one line, as it is.
pub fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a text")?;
    match text.chars().any(char::is_control) {
        true => Err("must not hold control characters".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// A text for people, not empty.
pub fn words(value: &Value) -> Result<String, String> {
    let words = text(value)?.trim().to_owned();
    match words.chars().count() {
        0 => Err("must not be empty".to_owned()),
        n if n > LONGEST => Err(format!("has {n} characters, at most {LONGEST} fit")),
        _ => Ok(words),
    }
}

/// Several lines for people; they may be empty.
pub fn lines(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be a text")?.trim();
    match text.chars().count() {
        n if n > 2000 => Err(format!("has {n} characters, at most 2000 fit")),
        _ if text.chars().any(|c| c.is_control() && c != '\n') => Err("must not hold control characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Why something is done, for the audit log: several lines, and not too many.
fn why(value: &Value) -> Result<String, String> {
    let text = lines(value)?;
    match text.chars().count() {
        0 => Err("must not be empty".to_owned()),
        n if n > LONGEST_REASON => Err(format!("has {n} characters, at most {LONGEST_REASON} fit")),
        _ => Ok(text),
    }
}

/// The member `reason`, which some changes cannot do without: the same as on the operator's pages.
pub fn reason(body: &mut Object, needed: bool) -> Option<String> {
    if needed { body.need("reason", why) } else { body.take("reason", why) }
}

/// True or false.
pub fn truth(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// A whole number that is not negative.
pub fn number(value: &Value) -> Result<i64, String> {
    value.as_i64().filter(|n| *n >= 0).ok_or_else(|| "must be a whole number, 0 or more".to_owned())
}

/// An id: a text of digits.
pub fn id<T: std::str::FromStr>(value: &Value) -> Result<T, String> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| "must be an id, as a text".to_owned())
}

/// One of some words.
pub fn one_of<T>(read: impl Fn(&str) -> Option<T>, words: &str) -> impl FnOnce(&Value) -> Result<T, String> {
    move |value| value.as_str().and_then(read).ok_or_else(|| format!("must be one of {words}"))
}

/// An e-mail address.
pub fn email(value: &Value) -> Result<String, String> {
    value.as_str().and_then(user::email).ok_or_else(|| "must be an e-mail address".to_owned())
}

/// What something is called elsewhere.
pub fn external_id(value: &Value) -> Result<String, String> {
    let text = text(value)?;
    if (1..=LONGEST).contains(&text.chars().count()) { Ok(text) } else { Err(format!("has 1 to {LONGEST} characters")) }
}

/// The id of a group.
pub fn group_id(value: &Value) -> Result<GroupId, String> {
    value.as_str().and_then(group_named).ok_or_else(|| "must be 1 to 64 letters, digits, _ or -".to_owned())
}

/// The id of an asset.
pub fn asset_id(value: &Value) -> Result<AssetId, String> {
    value.as_str().and_then(asset_named).ok_or_else(|| "must be 1 to 64 letters, digits, _ or -".to_owned())
}

/// Reads the id of a group.
pub fn group_named(text: &str) -> Option<GroupId> {
    match Resource::read(&format!("{text}:*")) {
        Some(Resource::All(group)) => Some(group),
        _ => None,
    }
}

/// Reads the id of an asset.
pub fn asset_named(text: &str) -> Option<AssetId> {
    match Resource::read(&format!("group:{text}")) {
        Some(Resource::One(_, asset)) => Some(asset),
        _ => None,
    }
}

/// A text in both languages: `{"ko": …, "en": …}`.
pub fn wording(mut object: Object) -> Wording {
    let mut one = |name| object.take(name, lines).unwrap_or_default();
    let wording = Wording { ko: one("ko"), en: one("en") };
    object.close();
    wording
}
