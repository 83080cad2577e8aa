//! `GET /ip-list/history`: every version that was published, newest first; and one of them as the text that its content
//! hash is of.

use bizauth_store::Turn;
use serde_json::json;

use super::told::{Reader, version};
use super::{Answer, Asked, bad};

/// Versions on a page.
const MOST: i64 = 50;

/// The versions, from `before` on.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&["before"])?;
    let turn = match asked.form.get("before") {
        None => Turn::First,
        Some(text) => Turn::After(text.parse().map_err(|_| bad("before must be a serial"))?),
    };
    let newest = asked.newest().await?;
    let leaf = asked.it.store.ip_versions(&turn, MOST).await?;
    let next = leaf.rows.last().filter(|_| leaf.after).map(|it| it.serial);
    let versions: Vec<_> = leaf.rows.iter().map(|it| version(it, Reader::Public)).collect();
    let text = json!({ "versions": versions, "next": next }).to_string();
    Ok(asked.answer("application/json;charset=UTF-8", text, Some(newest.version.published_at)))
}

/// One version, whole.
pub async fn one(asked: Asked) -> Answer {
    asked.only(&[])?;
    let serial = asked.path.iter().find(|(name, _)| name == "serial").map_or("", |(_, value)| value.as_str());
    let published = asked.version(serial).await?;
    let changed = published.version.published_at;
    Ok(asked.answer("text/plain;charset=UTF-8", published.list.text(), Some(changed)))
}
