//! The error look-up: every refusal of the two doors, found by its code, its words or a whole answer, with what it
//! means and what to do.
//!
//! The rows are those of the catalogue; `console_errors.ftl` and `faults.ftl` have the words.

use askama::Template;
use bizauth_core::fault::{Answer, KapiFault, KauthFault, Standing};

use crate::view::Frame;
use crate::view::kit::{Badge, Post, Titled, Tone};
use crate::view::words::FaultWords;

/// The page.
#[derive(Template)]
#[template(path = "console/errors.html")]
pub struct ErrorsPage {
    /// The frame around the page.
    pub frame: Frame,
    /// Where the form goes.
    pub post: Post,
    /// What was typed.
    pub typed: String,
    /// What was found; everything, if nothing was typed.
    pub doors: Vec<DoorRows>,
}

/// The rows of one door.
pub struct DoorRows {
    /// `kauth` or `kapi`.
    pub door: &'static str,
    /// Its rows, in the catalogue's order.
    pub rows: Vec<FaultRow>,
}

/// A row of the catalogue, for people.
#[derive(Clone, Debug)]
pub struct FaultRow {
    /// `kauth` or `kapi`.
    pub door: &'static str,
    /// `KOE101`, `-401`; what `error` says, where the platform gives no code.
    pub code: String,
    /// The name in logs and metrics.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The `error` of RFC 6749, at the kauth door.
    pub error: Option<&'static str>,
    /// The message, `…` where it repeats what was sent; `None` if it is a sentence about the case.
    pub message: Option<String>,
    /// The same as the catalogue has it.
    template: &'static str,
    /// How it reaches the caller.
    pub answer: Answer,
    /// Who vouches for it.
    pub standing: Standing,
    /// Cause and remedy.
    pub words: FaultWords,
}

impl Titled for ErrorsPage {
    fn title(&self) -> String {
        self.frame.say("errors-title")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("errors-lead"))
    }
}

impl ErrorsPage {
    /// The page for what was typed.
    pub fn new(frame: Frame, typed: &str, post: Post) -> Self {
        let (typed, doors) = (typed.trim().to_owned(), doors(&frame, typed));
        Self { frame, post, typed, doors }
    }

    fn found(&self) -> usize {
        self.doors.iter().map(|door| door.rows.len()).sum()
    }

    fn door_name(&self, door: &&str) -> String {
        self.frame.say(if **door == *"kauth" { "errors-kauth" } else { "errors-kapi" })
    }

    fn answer(&self, row: &FaultRow) -> String {
        self.frame.say(match row.answer {
            Answer::Page => "errors-page",
            Answer::Redirect => "errors-redirect",
            Answer::Json => "errors-json",
        })
    }

    fn standing(&self, row: &FaultRow) -> Badge {
        let (tone, key) = match row.standing {
            Standing::Documented => (Tone::Good, "errors-documented"),
            Standing::Observed => (Tone::Plain, "errors-observed"),
            Standing::Ours => (Tone::Plain, "errors-ours"),
        };
        Badge::new(tone, self.frame.say(key))
    }
}

/// The rows that fit what was typed, door by door; all of them, if nothing was.
pub fn doors(frame: &Frame, typed: &str) -> Vec<DoorRows> {
    let rows = find(all(frame), typed.trim());
    let of =
        |door: &'static str| DoorRows { door, rows: rows.iter().filter(|row| row.door == door).cloned().collect() };
    [of("kauth"), of("kapi")].into_iter().filter(|door| !door.rows.is_empty()).collect()
}

/// The rows that what was typed names: by message, by code or by name. A word of their texts is not enough.
pub fn named_by(frame: &Frame, typed: &str) -> Vec<FaultRow> {
    match typed.trim() {
        "" => Vec::new(),
        typed => best(&all(frame), typed, &NAMING),
    }
}

/// Where the look-up answers for a code or a name.
pub fn address(code: &str) -> String {
    format!("/console/errors?code={}", crate::http::reply::escape(code))
}

/// Whether this is what the catalogue itself calls a row, and so no secret: its code, its name, its `error`, its status.
pub fn is_named(frame: &Frame, typed: &str) -> bool {
    let question = Question { text: typed.to_lowercase(), ..Question::default() };
    all(frame).iter().any(|row| question.is_code_of(row) || question.is_name_of(row))
}

/// Every row, in the words of the page.
pub fn all(frame: &Frame) -> Vec<FaultRow> {
    let kauth = KauthFault::ALL.iter().map(|fault| kauth_row(frame, *fault));
    kauth.chain(KapiFault::ALL.iter().map(|fault| kapi_row(frame, *fault))).collect()
}

fn kauth_row(frame: &Frame, fault: KauthFault) -> FaultRow {
    let row = fault.row();
    // Rows that share a code share its words, unless they have their own.
    let own = frame.words.explained(&format!("kauth-{}", kebab(row.name)), frame.language);
    let words = own.or_else(|| frame.words.fault(row.code, frame.language));
    FaultRow {
        door: "kauth",
        code: if row.code.is_empty() { row.error } else { row.code }.to_owned(),
        name: row.name,
        status: if row.answer == Answer::Redirect { 302 } else { row.status },
        error: Some(row.error),
        message: told(row.description),
        template: row.description,
        answer: row.answer,
        standing: row.standing,
        words: words.unwrap_or_default(),
    }
}

fn kapi_row(frame: &Frame, fault: KapiFault) -> FaultRow {
    let row = fault.row();
    FaultRow {
        door: "kapi",
        code: row.code.to_string(),
        name: row.name,
        status: row.status,
        error: None,
        message: told(row.msg),
        template: row.msg,
        answer: Answer::Json,
        standing: row.standing,
        words: frame.words.explained(&format!("kapi-{}", kebab(row.name)), frame.language).unwrap_or_default(),
    }
}

/// The row of this door and name, such as usage counts by.
pub fn named(frame: &Frame, door: &str, name: &str) -> Option<FaultRow> {
    all(frame).into_iter().find(|row| row.door == door && row.name == name)
}

/// A message for a reader; `{}` alone means that it is a sentence about the case.
fn told(template: &str) -> Option<String> {
    (template != "{}").then(|| template.replacen("{}", "…", 1))
}

/// `NoSuchToken` as `no-such-token`.
pub(in crate::view) fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// What somebody looks for.
#[derive(Debug, Default)]
struct Question {
    /// All of it, in small letters.
    text: String,
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

impl Question {
    /// Reads a code or a word, the body of an answer, or an address with `error=…` in it.
    fn read(typed: &str) -> Self {
        let text = typed.to_lowercase();
        if let Ok(serde_json::Value::Object(body)) = serde_json::from_str(typed) {
            let field = |name: &str| match body.get(name) {
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(serde_json::Value::Number(number)) => Some(number.to_string()),
                _ => None,
            };
            let message = field("error_description").or_else(|| field("msg"));
            return Self { text, code: field("error_code").or_else(|| field("code")), error: field("error"), message };
        }
        if typed.contains("error=") {
            let query = typed.split_once('?').map_or(typed, |(_, query)| query);
            let field = |wanted: &str| {
                let mut pairs = url::form_urlencoded::parse(query.as_bytes());
                pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
            };
            return Self { text, code: None, error: field("error"), message: field("error_description") };
        }
        Self { text, message: Some(typed.to_owned()), ..Self::default() }
    }

    fn is_message_of(&self, row: &FaultRow) -> bool {
        let same_code = self.code.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(&row.code));
        let same_error = self.error.as_ref().is_none_or(|error| row.error == Some(error.as_str()));
        let (before, after) = row.template.split_once("{}").unwrap_or((row.template, ""));
        let long_enough = before.len() + after.len() >= 8;
        let fits = |message: &String| match row.template.contains("{}") {
            true => {
                message.starts_with(before) && message.ends_with(after) && message.len() >= before.len() + after.len()
            }
            false => message == before,
        };
        same_code && same_error && long_enough && self.message.as_ref().is_some_and(fits)
    }

    fn is_code_of(&self, row: &FaultRow) -> bool {
        let code = self.code.as_ref().map_or(self.text.clone(), |code| code.to_lowercase());
        let bare = |code: &str| code.trim_start_matches("koe").trim_start_matches('-').to_owned();
        let row_code = row.code.to_lowercase();
        let digits = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
        // Where the platform gives no code, the row shows its error in its place.
        let has_code = row.error != Some(row.code.as_str());
        has_code && code == row_code || (digits && bare(&row_code) == code)
    }

    fn is_name_of(&self, row: &FaultRow) -> bool {
        let error = self.error.as_deref().unwrap_or(&self.text);
        row.error.is_some_and(|known| known == error)
            || row.name.eq_ignore_ascii_case(&self.text)
            || row.status.to_string() == self.text
    }

    fn is_about(&self, row: &FaultRow) -> bool {
        let (words, message) = (&row.words, row.message.as_deref().unwrap_or_default());
        let about =
            [&row.code, row.name, row.error.unwrap_or_default(), message, &words.title, &words.cause, &words.remedy];
        let about = about.join("\n").to_lowercase();
        self.text.split_whitespace().all(|word| about.contains(word))
    }
}

/// A way in which a row fits what somebody looks for.
type Way = fn(&Question, &FaultRow) -> bool;
/// The ways in which a row can be named.
const NAMING: [Way; 3] = [Question::is_message_of, Question::is_code_of, Question::is_name_of];

/// The rows that fit best: by message, by code, by name, by words, whichever finds any.
fn find(rows: Vec<FaultRow>, typed: &str) -> Vec<FaultRow> {
    if typed.is_empty() {
        return rows;
    }
    let [message, code, name] = NAMING;
    best(&rows, typed, &[message, code, name, Question::is_about])
}

fn best(rows: &[FaultRow], typed: &str, ways: &[Way]) -> Vec<FaultRow> {
    let question = Question::read(typed);
    let found = ways.iter().map(|fits| rows.iter().filter(|row| fits(&question, row)).cloned().collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::view::{Language, Words};

    fn frame(language: Language) -> Frame {
        Frame::new(Arc::new(Words::new()), language, "/console/errors")
    }

    fn names(typed: &str) -> Vec<&'static str> {
        find(all(&frame(Language::En)), typed).into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn every_row_has_words_in_both_languages() {
        for language in Language::ALL {
            for row in all(&frame(language)) {
                let words = &row.words;
                assert!(
                    !words.title.is_empty() && !words.cause.is_empty() && !words.remedy.is_empty(),
                    "{} {} in {language:?}",
                    row.door,
                    row.name
                );
            }
        }
    }

    #[test]
    fn a_row_is_found_by_what_one_has_at_hand() {
        for (typed, found) in [
            ("KOE320", &["CodeNotFound", "BadVerifier"][..]),
            ("koe010", &["BadClientSecret"]),
            ("010", &["BadClientSecret"]),
            ("-9798", &["Maintenance"]),
            ("9798", &["Maintenance"]),
            ("429", &["TokenRateLimit"]),
            ("quotaexceeded", &["QuotaExceeded"]),
            (
                "access_denied",
                &[
                    "NotMember",
                    "NotBusinessUser",
                    "AccountNotActive",
                    "NoBusinessAsset",
                    "IssuanceLimit",
                    "AccessDenied",
                ],
            ),
            ("appKey(0123) does not exist", &["UnknownKey"]),
            ("Application ID mismatch", &["WrongApp"]),
            (r#"{"msg":"this access token does not exist","code":-401}"#, &["NoSuchToken"]),
            (
                r#"{"error":"invalid_grant","error_description":"authorization code not found for code=x","error_code":"KOE320"}"#,
                &["CodeNotFound"],
            ),
            (
                "https://app.example.com/cb?error=access_denied&error_description=User%20denied%20access&state=1",
                &["AccessDenied"],
            ),
            ("maintenance mode", &["Maintenance"]),
            ("KOE999", &[]),
            ("-1000", &[]),
            ("{}", &[]),
        ] {
            assert_eq!(names(typed), found, "{typed}");
        }
        assert_eq!(names("-401").len(), 7, "all that say -401");
        assert_eq!(names("").len(), KauthFault::ALL.len() + KapiFault::ALL.len());
    }

    #[test]
    fn only_what_the_catalogue_says_is_fit_for_an_address() {
        let frame = frame(Language::En);
        for named in ["KOE320", "koe010", "010", "-401", "401", "invalid_grant", "CodeNotFound"] {
            assert!(is_named(&frame, named), "{named}");
        }
        for other in
            ["", "KOE999", "0123456789abcdef0123456789abcdef", "secret", "{\"code\":-401}", "User denied access"]
        {
            assert!(!is_named(&frame, other), "{other}");
        }
    }

    #[test]
    fn looking_never_panics_on_odd_letters() {
        for typed in ["ß", "%", "\"", "[1]", "error=%ff", "한글 오류", "\u{202e}", &"x".repeat(5000)] {
            let _ = names(typed);
        }
    }
}
