//! What a verb works with: the records, the configuration, time, chance and its two streams; and the look-ups that
//! end in the same refusal everywhere.

use std::sync::Arc;

use bizauth_core::app::App;
use bizauth_core::id::{AppId, KeyId};
use bizauth_core::key::{Key, KeyKind};
use bizauth_core::scope::Catalogue;
use bizauth_core::time::Time;
use bizauth_store::{Actor, AppRecord, By, Leaf, Store, Turn, UserRecord, Who};

use super::output::Output;
use super::read::KeyName;
use super::refusal::refuse;
use crate::config::Config;
use crate::entropy::Entropy;

/// What a verb works with.
pub(super) struct Desk<'o> {
    pub(super) store: Store,
    pub(super) config: Config,
    pub(super) now: Time,
    pub(super) entropy: Entropy,
    pub(super) output: &'o mut Output,
}

/// A key with what surrounds it.
pub(super) struct Found {
    pub(super) app: App,
    pub(super) key: Key,
    pub(super) redirect_uris: Vec<String>,
}

impl Desk<'_> {
    /// The records in the hands of whoever runs this command, for the audit log.
    pub(super) fn by(&self) -> By {
        let name = user_name(|name| std::env::var(name).ok());
        self.store.by(Actor { who: Who::CommandLine, name, from: None, at: self.now })
    }

    /// The app, or a refusal.
    pub(super) async fn app(&self, id: AppId) -> anyhow::Result<AppRecord> {
        let app = self.store.app(id).await?;
        app.ok_or_else(|| refuse(format!("there is no app {id}"), "`bizauth app list` shows the apps"))
    }

    /// The account, or a refusal.
    pub(super) async fn user(&self, email: &str) -> anyhow::Result<UserRecord> {
        let user = self.store.user_by_email(email).await?;
        user.ok_or_else(|| {
            let hint = format!("`bizauth user list` shows the accounts, `bizauth user create {email}` makes this one");
            refuse(format!("there is no account {email}"), hint)
        })
    }

    /// The id of a key that is named by its id or its value. Whether there is a key with that id is seen later.
    pub(super) async fn key_id(&self, name: &KeyName) -> anyhow::Result<KeyId> {
        match name {
            KeyName::Id(id) => Ok(*id),
            KeyName::Value(_) => Ok(self.key(name).await?.key.id),
        }
    }

    /// The key, or a refusal.
    pub(super) async fn key(&self, name: &KeyName) -> anyhow::Result<Found> {
        let found = match name {
            KeyName::Id(id) => self.key_by_id(*id).await?,
            KeyName::Value(value) => {
                let found = self.store.key(value, self.now).await?;
                // An admin key is a secret, and other users of the machine can read the arguments of a command.
                let found = found.filter(|found| found.key.kind != KeyKind::Admin);
                found.map(Arc::unwrap_or_clone).map(|it| Found {
                    app: it.app,
                    key: it.key,
                    redirect_uris: it.redirect_uris,
                })
            }
        };
        found.ok_or_else(|| no_key("key", name))
    }

    async fn key_by_id(&self, id: KeyId) -> anyhow::Result<Option<Found>> {
        let Some(record) = self.store.key_by_id(id, self.now).await? else { return Ok(None) };
        let Some(AppRecord { app, .. }) = self.store.app(record.key.app).await? else { return Ok(None) };
        Ok(Some(Found { app, key: record.key, redirect_uris: record.redirect_uris }))
    }

    /// The catalogue of groups and items.
    pub(super) async fn catalogue(&self) -> anyhow::Result<Catalogue> {
        Ok(self.store.catalogue().await?)
    }
}

/// Who runs this command: by name as far as the environment tells, else by the number that the system knows.
fn user_name(told: impl Fn(&str) -> Option<String>) -> String {
    let named =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| told(name).filter(|name| !name.is_empty()));
    named.unwrap_or_else(|| match uid() {
        Some(uid) => format!("uid {uid}"),
        None => "unknown user".to_owned(),
    })
}

/// The number of the user that this process belongs to.
fn uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|about| about.uid())
}

/// That there is no such key of this kind.
pub(super) fn no_key(kind: &str, name: &KeyName) -> anyhow::Error {
    let what = match name {
        KeyName::Id(id) => format!("there is no {kind} {id}"),
        KeyName::Value(_) => format!("there is no {kind} of this value"),
    };
    refuse(what, "`bizauth key list APP` shows the keys of an app with their ids and kinds")
}

/// Cuts a list that was asked for with one row more than are wanted. Says whether there was that one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// Rows that are read at a time.
pub(super) const AT_A_TIME: i64 = 500;

/// All pages of a list, one after the other; `key` names a row.
pub(super) async fn every<T, K>(
    read: impl AsyncFn(Turn<K>) -> bizauth_store::Result<Leaf<T>>,
    key: impl Fn(&T) -> K,
) -> bizauth_store::Result<Vec<T>> {
    let (mut rows, mut turn) = (Vec::new(), Turn::First);
    loop {
        let leaf = read(turn).await?;
        let next = leaf.rows.last().filter(|_| leaf.after).map(&key);
        rows.extend(leaf.rows);
        match next {
            Some(next) => turn = Turn::After(next),
            None => return Ok(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_runs_a_command_has_a_name() {
        let told = |known: &[(&str, &str)]| {
            let known: Vec<(String, String)> = known.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            user_name(move |name| known.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(told(&[("USER", "root"), ("SUDO_USER", "kim")]), "kim");
        assert_eq!(told(&[("SUDO_USER", ""), ("USER", ""), ("LOGNAME", "lee")]), "lee");
        let nameless = told(&[]);
        let uid = nameless.strip_prefix("uid ").and_then(|uid| uid.parse::<u32>().ok());
        assert!(uid.is_some() || nameless == "unknown user", "{nameless}");
    }
}
