//! `bizauth restore`: what a restored database is a copy of, and which of its tokens may live.

use bizauth_core::id::KeyId;
use bizauth_core::time::Time;
use bizauth_store::Ends;
use clap::{Args, Subcommand};
use serde_json::json;

use super::desk::Desk;
use super::noun;
use super::output::{Rows, yes_no};
use super::read::{self, KeyName};
use crate::home::{self, Stranger};

/// What can be done with it.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// Say whether this database is a copy, of when, and what lives in it
    Status,
    /// Take this copy for the database from now on
    #[command(
        after_help = "Sessions, consent screens and codes of the copy end in any case. With --keep-tokens every token that was\nrevoked after the copy was made lives again, and so does what a changed secret, a deleted key, a sanction or\na blocked account had ended: do those again, before `bizauth serve`."
    )]
    Accept(Accept),
}

/// Which tokens end.
#[derive(Args)]
pub(super) struct Accept {
    #[command(flatten)]
    ends: Which,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// End every token of the copy: nothing that was revoked since can live
    #[arg(long)]
    end_tokens: bool,
    /// End the tokens of these keys only
    #[arg(long, value_name = "KEYID", value_delimiter = ',', value_parser = read::key_name)]
    end_tokens_of: Vec<KeyName>,
    /// End none: what was revoked since lives again
    #[arg(long)]
    keep_tokens: bool,
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::Status => status(desk).await,
            Verb::Accept(accept) => accept.run(desk).await,
        }
    }
}

async fn status(desk: &mut Desk<'_>) -> anyhow::Result<()> {
    let known = desk.store.home().await?;
    let copied = known.copied_at.map(Time::to_utc);
    let judged = home::judge(&desk.store, &desk.config).await;
    let copy = match &judged {
        Ok(()) => false,
        Err(Stranger::Copy(_) | Stranger::Elsewhere) => true,
        Err(_) => return Ok(judged?),
    };
    let json = json!({ "restored": copy, "copied_at": copied, "tokens": known.tokens });
    desk.output.data(json, || {
        Rows::card([
            ("restored, and not accepted", yes_no(copy)),
            ("copied at", copied.unwrap_or_else(|| "–".to_owned())),
            ("tokens not revoked in it", known.tokens.to_string()),
        ])
    })?;
    if copy {
        desk.output.note("note: of these, whichever were revoked since would live again");
    }
    Ok(())
}

impl Accept {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        let ends = match (self.ends.end_tokens, self.ends.keep_tokens) {
            (true, _) => Ends::All,
            (_, true) => Ends::None,
            _ => Ends::OfKeys(keys(desk, &self.ends.end_tokens_of).await?),
        };
        let place = home::settle(&desk.store, &desk.config, &desk.entropy).await?;
        let done = desk.by().accept_copy(ends, place).await?;
        let told = format!(
            "accepted: {} tokens ended, {} go on, {} sessions ended; what else was changed since the copy was made is as \
             it was then",
            done.ended, done.kept, done.sessions
        );
        let json = json!({ "ended": done.ended, "kept": done.kept, "sessions_ended": done.sessions });
        Ok(desk.output.done(&told, json)?)
    }
}

async fn keys(desk: &Desk<'_>, names: &[KeyName]) -> anyhow::Result<Vec<KeyId>> {
    let mut keys = Vec::new();
    for name in names {
        keys.push(desk.key(name).await?.key.id);
    }
    Ok(keys)
}
