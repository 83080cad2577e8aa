//! `bizauth operator`: accounts that operate the platform. The first one is made here, never with a default password.

mod key;

use bizauth_store::NewUser;
use clap::Subcommand;

use super::desk::Desk;
use super::noun;
use super::open::Absent;
use super::password::NewPassword;
use super::read;
use super::user::{make, unless_taken};

/// What can be done with operators.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make an operator's account
    #[command(after_help = "Example:\n  bizauth operator create you@example.com")]
    Create {
        /// Its e-mail address
        #[arg(value_parser = read::email)]
        email: String,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Keys to the operator API
    #[command(subcommand)]
    Key(key::Verb),
}

impl noun::Verb for Verb {
    fn if_absent(&self) -> Absent {
        match self {
            Verb::Create { .. } => Absent::Make,
            Verb::Key(_) => Absent::Refuse,
        }
    }

    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let (email, password) = match self {
            Verb::Create { email, password } => (email, password),
            Verb::Key(verb) => return verb.run(desk).await,
        };
        let password = unless_taken(desk, &email, password).await?;
        let new = NewUser { email, email_verified: true, password, in_business_centre: false, is_operator: true };
        make(desk, new).await
    }
}
