//! An account made, or changed in several ways at once, in one sentence: all of it stands, or nothing.

use bizauth_core::id::UserId;
use bizauth_core::user::UserState;

use crate::accounts::{put_operator, put_verified};
use crate::audit::By;
use crate::db::{Result, Tx, commit, roll_back};
use crate::external_ids::{Named, put_external_id};
use crate::users::{NewUser, insert_user, put_centre, put_sanction, put_state};

/// What became of an account to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeAccount {
    /// It is there.
    Done(UserId),
    /// Another account has the address.
    EmailTaken,
    /// Another account is called so elsewhere.
    ExternalIdTaken,
}

/// What is to be different about an account. What is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Its state.
    pub state: Option<UserState>,
    /// Whether it operates this platform.
    pub operator: Option<bool>,
    /// What it is called elsewhere, or that it is called nothing.
    pub external_id: Option<Option<String>>,
    /// Whether its address is verified.
    pub email_verified: Option<bool>,
    /// Whether it is in the business centre.
    pub business_centre: Option<bool>,
    /// Whether it is under sanction as a developer.
    pub developer_sanctioned: Option<bool>,
}

/// What became of a change to an account. Where it is not done, nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChanged {
    /// It is as wanted.
    Done,
    /// There is no such account.
    NotFound,
    /// It is the last operator in good standing.
    LastOperator,
    /// Only an account in good standing becomes an operator.
    NotActive,
    /// Another account is called so elsewhere.
    ExternalIdTaken,
}

impl By {
    /// Makes an account together with what it is called elsewhere.
    pub async fn make_account(&self, new: NewUser, external_id: Option<String>) -> Result<MadeAccount> {
        let (ids, actor) = (self.store.ids.clone(), self.actor.clone());
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                match insert_user(tx, &ids, &actor, &new, external_id.as_deref()).await? {
                    MadeAccount::Done(id) => commit(MadeAccount::Done(id)),
                    taken => roll_back(taken),
                }
            })
            .await
    }

    /// Changes an account in all these ways, each with its entry in the log, or in none.
    pub async fn change_account(&self, id: UserId, wanted: AccountChange) -> Result<AccountChanged> {
        const KNOWN: &str = "SELECT id FROM users WHERE id = $1";
        let actor = self.actor.clone();
        self.store
            .db
            .write(async move |tx: &mut Tx<'_>| {
                if tx.row(KNOWN, &[id.into()]).await?.is_none() {
                    return roll_back(AccountChanged::NotFound);
                }
                if let Some(state) = wanted.state
                    && !put_state(tx, &actor, id, state).await?
                {
                    return roll_back(AccountChanged::LastOperator);
                }
                if let Some(on) = wanted.operator
                    && !put_operator(tx, &actor, id, on).await?
                {
                    return roll_back(if on { AccountChanged::NotActive } else { AccountChanged::LastOperator });
                }
                if let Some(external_id) = wanted.external_id.clone()
                    && put_external_id(tx, &actor, id, external_id).await? != Named::Done
                {
                    return roll_back(AccountChanged::ExternalIdTaken);
                }
                if let Some(verified) = wanted.email_verified {
                    put_verified(tx, &actor, id, verified).await?;
                }
                if let Some(joined) = wanted.business_centre {
                    put_centre(tx, &actor, id, joined).await?;
                }
                if let Some(on) = wanted.developer_sanctioned {
                    put_sanction(tx, &actor, id, on).await?;
                }
                commit(AccountChanged::Done)
            })
            .await
    }
}
