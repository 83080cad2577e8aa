//! `GET /ip-list/calendar.ics`: every announced change as an event. Its UID is always the same, and the one that the
//! follower gives it: whoever subscribes here and imports there has it once.

use bizauth_ips::{Timestamp, calendar};

use super::{Answer, Asked};

/// The announced changes of the newest version, those that have come among them.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&[])?;
    let published = asked.newest().await?;
    let changed = published.version.published_at;
    let stamp = Timestamp::from_millisecond(changed.millis()).unwrap_or_default();
    let text = calendar::render(&published.list, &asked.it.config.ip_zone, stamp);
    Ok(asked.answer("text/calendar;charset=UTF-8", text, Some(changed)))
}
