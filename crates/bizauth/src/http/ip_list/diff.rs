//! `GET /ip-list/diff?from=&to=`: what differs between two days, two versions, or a version on a day (`12@2026-12-01`).

use bizauth_core::ips::{compare, date_at, revise};
use bizauth_store::Published;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::told::{Reader, moved, revised};
use super::{Answer, Asked, bad};
use crate::http::reply::KapiError;
use crate::ip_document::strict_date;

/// One end of a difference: a version, a day, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End<'t> {
    serial: Option<&'t str>,
    day: Option<Date>,
}

impl<'t> End<'t> {
    /// Reads `SERIAL`, `DATE` or `SERIAL@DATE`.
    pub fn read(text: &'t str) -> Option<End<'t>> {
        let is_serial = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.split_once('@') {
            Some((serial, day)) => {
                Some(End { serial: Some(Some(serial).filter(is_serial)?), day: Some(strict_date(day)?) })
            }
            None if is_serial(&text) => Some(End { serial: Some(text), day: None }),
            None => Some(End { serial: None, day: Some(strict_date(text)?) }),
        }
    }
}

/// What differs. `to` is today unless it is sent.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&["from", "to"])?;
    let wanted = "must be a date, a serial, or SERIAL@DATE";
    let (from, to) = (asked.form.get("from"), asked.form.get("to"));
    let from = from.and_then(End::read).ok_or_else(|| bad(format!("from {wanted}")))?;
    let to = match to {
        Some(text) => End::read(text).ok_or_else(|| bad(format!("to {wanted}")))?,
        None => End { serial: None, day: Some(asked.today()) },
    };
    let value = difference(&asked, &from, &to).await?;
    Ok(asked.answer("application/json;charset=UTF-8", value.to_string(), None))
}

async fn difference(asked: &Asked, from: &End<'_>, to: &End<'_>) -> Result<Value, KapiError> {
    let (old, new) = (version(asked, from).await?, version(asked, to).await?);
    // Versions without a day are compared on the day of the later publication: what is told is what was published then.
    let later = old.version.published_at.max(new.version.published_at);
    let usual = to.day.or(from.day).unwrap_or_else(|| date_at(later.millis(), &asked.it.config.ip_zone));
    let (old_day, new_day) = (from.day.unwrap_or(usual), to.day.unwrap_or(usual));
    Ok(between((&old, old_day), (&new, new_day), Reader::Public))
}

/// The difference between two versions, each on a day.
pub fn between(old: (&Published, Date), new: (&Published, Date), reader: Reader) -> Value {
    let changes = revise(Some(&old.0.list.on(old.1)), &new.0.list.on(new.1));
    let moves = compare(&old.0.list, old.1, &new.0.list, new.1);
    let end = |it: (&Published, Date)| json!({ "serial": it.0.serial, "at": it.1.to_string() });
    json!({
        "from": end(old),
        "to": end(new),
        "changes": changes.iter().map(|it| revised(it, reader)).collect::<Vec<_>>(),
        "networks": moves.iter().map(moved).collect::<Vec<_>>(),
    })
}

async fn version(asked: &Asked, end: &End<'_>) -> Result<Published, KapiError> {
    match (end.serial, end.day) {
        (Some(serial), _) => asked.version(serial).await,
        (None, day) => asked.on(day.unwrap_or_else(|| asked.today())).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_serial_a_day_or_both() {
        let day = Some("2026-12-01".parse().unwrap());
        for (text, wanted) in [
            ("12", Some((Some("12"), None))),
            ("2026-12-01", Some((None, day))),
            ("12@2026-12-01", Some((Some("12"), day))),
            ("", None),
            ("@2026-12-01", None),
            ("12@", None),
            ("-1", None),
            ("2026-12-1", None),
            ("12@13", None),
        ] {
            assert_eq!(End::read(text).map(|end| (end.serial, end.day)), wanted, "{text}");
        }
    }
}
