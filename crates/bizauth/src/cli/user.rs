//! `bizauth user`: the accounts of people.

use bizauth_core::id::UserId;
use bizauth_core::user::UserState;
use bizauth_store::{NewUser, UserRecord};
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{Desk, cut};
use super::noun;
use super::open::Absent;
use super::output::{Rows, yes_no};
use super::password::NewPassword;
use super::read::{self, Switch};
use super::refusal::refuse;

/// What can be done with accounts.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make an account
    #[command(after_help = "Examples:\n  bizauth user create kim@example.com --business-centre\n  \
                            bizauth user create kim@example.com --password-stdin < password.txt")]
    Create(Create),
    /// List the accounts, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        limit: i64,
    },
    /// Put an account into a state; blocked and withdrawn end its tokens for good
    State {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// The state
        #[arg(value_parser = read::user_state())]
        state: UserState,
    },
    /// Let an account join or leave the business centre
    BusinessCentre {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// On or off
        state: Switch,
    },
    /// Give an account another password, and sign it out everywhere
    Password {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Put a developer under sanction, which ends the tokens of all apps they own, or lift it
    Sanction {
        /// The account
        #[arg(value_parser = read::email)]
        email: String,
        /// On or off
        state: Switch,
    },
}

/// The account to be made.
#[derive(clap::Args)]
pub(super) struct Create {
    /// Its e-mail address
    #[arg(value_parser = read::email)]
    email: String,
    #[command(flatten)]
    password: NewPassword,
    /// The address is not verified
    #[arg(long)]
    unverified: bool,
    /// It has joined the business centre, without which it cannot lend anything
    #[arg(long)]
    business_centre: bool,
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Create(_) => Absent::Make,
            _ => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Create(new) => {
                let Create { email, password, unverified, business_centre } = new;
                let hash = unless_taken(desk, &email, password).await?;
                let new = NewUser {
                    email,
                    email_verified: !unverified,
                    password: hash,
                    in_business_centre: business_centre,
                    is_operator: false,
                };
                make(desk, new).await
            }
            Verb::List { limit } => list(desk, limit).await,
            Verb::State { email, state } => {
                let id = desk.user(&email).await?.user.id;
                if !desk.by().set_user_state(id, state).await? {
                    let hint = "make another operator first: `bizauth operator create EMAIL`";
                    return Err(refuse(format!("{email} is the last operator"), hint));
                }
                let ended = if state.ends_tokens() { "; its tokens have ended" } else { "" };
                let json = json!({ "email": email, "state": state.word() });
                Ok(desk.output.done(&format!("{email} is {}{ended}", state.word()), json)?)
            }
            Verb::BusinessCentre { email, state } => {
                let id = desk.user(&email).await?.user.id;
                desk.by().set_business_centre(id, state.is_on()).await?;
                let said = if state.is_on() { "has joined" } else { "has left" };
                let json = json!({ "email": email, "in_business_centre": state.is_on() });
                Ok(desk.output.done(&format!("{email} {said} the business centre"), json)?)
            }
            Verb::Password { email, password } => {
                let id = desk.user(&email).await?.user.id;
                desk.by().set_password(id, password.hash(&desk.entropy)?).await?;
                let json = json!({ "email": email, "password_changed": true });
                Ok(desk.output.done(&format!("{email} has another password and is signed out everywhere"), json)?)
            }
            Verb::Sanction { email, state } => sanction(desk, email, state).await,
        }
    }
}

/// The hash of the password for a new account. It is not asked for in vain.
pub(super) async fn unless_taken(desk: &Desk<'_>, email: &str, password: NewPassword) -> anyhow::Result<String> {
    match desk.store.user_by_email(email).await? {
        Some(_) => Err(taken(email)),
        None => password.hash(&desk.entropy),
    }
}

/// Makes an account, of whichever kind, and shows it.
pub(super) async fn make(desk: &mut Desk<'_>, new: NewUser) -> anyhow::Result<()> {
    let email = new.email.clone();
    let (verified, joined, operator) = (new.email_verified, new.in_business_centre, new.is_operator);
    let made = desk.by().create_user(new).await?;
    let UserId(id) = made.ok_or_else(|| taken(&email))?;
    let json = json!({
        "id": id.to_string(),
        "email": email,
        "email_verified": verified,
        "in_business_centre": joined,
        "operator": operator,
    });
    desk.output.data(json, || {
        Rows::card([
            ("id", id.to_string()),
            ("email", email),
            ("verified", yes_no(verified)),
            ("business centre", yes_no(joined)),
            ("operator", yes_no(operator)),
        ])
    })?;
    Ok(())
}

fn taken(email: &str) -> anyhow::Error {
    let hint = format!("take another address, or change its password with `bizauth user password {email}`");
    refuse(format!("there is an account {email} already"), hint)
}

async fn sanction(desk: &mut Desk<'_>, email: String, state: Switch) -> anyhow::Result<()> {
    let id = desk.user(&email).await?.user.id;
    desk.by().set_developer_sanction(id, state.is_on()).await?;
    let said = match state {
        Switch::On => "is under sanction as a developer; the tokens of the apps they own have ended",
        Switch::Off => "is free of the sanction as a developer",
    };
    let json = json!({ "email": email, "developer_sanctioned": state.is_on() });
    Ok(desk.output.done(&format!("{email} {said}"), json)?)
}

async fn list(desk: &mut Desk<'_>, limit: i64) -> anyhow::Result<()> {
    let mut users = desk.store.users(limit + 1).await?;
    let more = cut(&mut users, limit);
    let json = |record: &UserRecord| {
        json!({
            "id": record.user.id.to_string(),
            "email": record.user.email,
            "email_verified": record.user.email_verified,
            "state": record.user.state.word(),
            "in_business_centre": record.user.in_business_centre,
            "developer_sanctioned": record.developer_sanctioned,
            "operator": record.is_operator,
            "created_at": record.created_at.to_utc(),
        })
    };
    let rows: Vec<Value> = users.iter().map(json).collect();
    desk.output.data(json!({ "users": rows, "more": more }), || {
        let row = |record: &UserRecord| {
            let user = &record.user;
            [
                user.email.clone(),
                user.state.word().to_owned(),
                yes_no(user.email_verified),
                yes_no(user.in_business_centre),
                yes_no(record.developer_sanctioned),
                yes_no(record.is_operator),
                record.created_at.to_utc(),
            ]
        };
        let titles = ["EMAIL", "STATE", "VERIFIED", "BUSINESS CENTRE", "SANCTIONED", "OPERATOR", "CREATED"];
        Rows::titled(titles, users.iter().map(row))
    })?;
    if more {
        desk.output.note("there are more; --limit shows them");
    }
    Ok(())
}
