//! An app changed in several ways at once, in one sentence: all of it stands, or nothing.

use bizauth_core::app::AppKind;
use bizauth_core::id::AppId;

use crate::apps::{put_app_sanction, put_kind, put_quota};
use crate::audit::By;
use crate::db::{Result, Tx, commit, roll_back};

/// What is to be different about an app. What is not named stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppChange {
    /// Its kind.
    pub kind: Option<AppKind>,
    /// Whether it is under sanction.
    pub sanctioned: Option<bool>,
    /// How many calls it has a day, or that it has as many as it likes.
    pub daily_quota: Option<Option<i64>>,
}

/// What became of a change to an app. Where it is not done, nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppChanged {
    /// It is as wanted.
    Done,
    /// There is no such app.
    NotFound,
    /// A test app stays one.
    TestApp,
}

impl By {
    /// Changes an app in all these ways, each with its entry in the log, or in none.
    pub async fn change_app(&self, id: AppId, wanted: AppChange) -> Result<AppChanged> {
        const KNOWN: &str = "SELECT id FROM apps WHERE id = $1 AND deleted_at IS NULL";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                if tx.row(KNOWN, &[id.into()]).await?.is_none() {
                    return roll_back(AppChanged::NotFound);
                }
                if let Some(kind) = wanted.kind
                    && !put_kind(tx, &actor, id, kind).await?
                {
                    return roll_back(AppChanged::TestApp);
                }
                if let Some(on) = wanted.sanctioned
                    && !put_app_sanction(tx, &actor, id, on).await?
                {
                    return roll_back(AppChanged::NotFound);
                }
                if let Some(most) = wanted.daily_quota
                    && !put_quota(tx, &actor, id, most).await?
                {
                    return roll_back(AppChanged::NotFound);
                }
                commit(AppChanged::Done)
            })
            .await
    }
}
