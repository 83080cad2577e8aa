//! `GET /ip-list?at=&serial=&rule_type=`: the list in force on a day, with a reason for each entry.

use super::told::{Reader, view};
use super::{Answer, Asked};
use crate::ip_list::midnight;

/// Today's, unless another day or another version is asked for.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&["at", "serial", "rule_type"])?;
    let (day, rule) = (asked.day()?, asked.rule()?);
    let published = asked.asked_for(day).await?;
    // Without `at` it says which day it is, and is another at every midnight.
    let since = published.version.published_at;
    let changed = if asked.form.get("at").is_some() { since } else { since.max(midnight(&asked.it.config, day)) };
    let text = view(&published, day, rule, Reader::Public).to_string();
    Ok(asked.answer("application/json;charset=UTF-8", text, Some(changed)))
}
