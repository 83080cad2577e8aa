//! `GET /ip-list/list.json.minisig` and `/ip-list/minisign.pub`: the detached signature of the list as the documented
//! endpoint answers it now, both lists, and the key to check it with.

use bizauth_core::fault::KapiFault;

use super::{Answer, Asked};
use crate::http::kapi::ips::to_json;
use crate::http::reply::KapiError;
use crate::ip_list::signing::SigningKey;
use crate::ip_list::{edition_serial, in_force_since};

/// The signature. What it is of is in its comment too: the serial, the version and the day.
pub async fn get(asked: Asked) -> Answer {
    asked.only(&[])?;
    let key = key_of(&asked).await?;
    let (published, today) = (asked.newest().await?, asked.today());
    let edition = published.list.on(today);
    let changed = in_force_since(&published, &edition, &asked.it.config);
    let (serial, version) = (edition_serial(&published, today), published.serial);
    let comment = format!("serial:{serial} version:{version} updated:{} file:list.json hashed", edition.updated);
    let text = key.sign(to_json(&edition).as_bytes(), &comment);
    Ok(asked.answer("text/plain;charset=UTF-8", text, Some(changed)))
}

/// The public key.
pub async fn key(asked: Asked) -> Answer {
    asked.only(&[])?;
    let text = key_of(&asked).await?.public();
    Ok(asked.answer("text/plain;charset=UTF-8", text, None))
}

/// The key of the settings. Without one there is no such path; one that cannot be used is told in the log.
async fn key_of(asked: &Asked) -> Result<SigningKey, KapiError> {
    let Some(path) = asked.it.config.ip_signing_key.clone() else { return Err(KapiFault::UnknownPath.into()) };
    let loaded = tokio::task::spawn_blocking(move || SigningKey::load(&path)).await;
    match loaded {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(error)) => {
            tracing::error!(%error, "the list cannot be signed");
            Err(KapiFault::StoreDown.into())
        }
        Err(_) => Err(KapiFault::Broken.into()),
    }
}
