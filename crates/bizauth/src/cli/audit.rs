//! `bizauth audit`: who changed what, and the proof that the log is whole.

use bizauth_core::time::Time;
use bizauth_store::{AuditFilter, AuditHead, AuditRecord, AuditVerdict};
use clap::Subcommand;
use serde_json::{Value, json};

use super::desk::{Desk, cut};
use super::noun;
use super::output::Rows;
use super::read::{self, Noted};
use super::refusal::{misused, refuse};
use crate::audit_entry::document;

/// How many entries one cut takes: a few milliseconds of the writer's time.
const CUT: i64 = 500;

/// What can be done with the audit log.
#[derive(Subcommand)]
pub(super) enum Verb {
    /// List entries, newest first
    #[command(
        after_help = "Examples:\n  bizauth audit list --act app.delete\n  bizauth audit list --on app:512345678901234"
    )]
    List {
        /// Only what this actor did: an e-mail address, or the name of an operator key
        #[arg(long, value_name = "NAME")]
        actor: Option<String>,
        /// Only this act, such as app.delete
        #[arg(long, value_name = "NOUN.VERB")]
        act: Option<String>,
        /// Only what was done to this thing, such as app:ID or account:ID
        #[arg(long, value_name = "KIND:ID", value_parser = read::thing)]
        on: Option<(String, String)>,
        /// Not before this time
        #[arg(long, value_name = "TIME", value_parser = read::instant)]
        since: Option<Time>,
        /// Before this time; a day is included
        #[arg(long, value_name = "TIME", value_parser = read::until)]
        until: Option<Time>,
        /// Only entries before this one
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
        limit: i64,
    },
    /// Write the whole log as JSON lines, oldest first
    Export {
        /// Only entries after this one
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: i64,
    },
    /// Walk the chain: a missing or altered entry shows
    #[command(
        after_help = "Note the head elsewhere, and hand it in next time: whoever can rewrite the whole database\n\
                            could also rewrite the whole chain, but not what you noted.\n\n\
                            Example:\n  bizauth audit verify --head 1042:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    Verify {
        /// A head that was noted earlier and must still be part of the chain
        #[arg(long, value_name = "SEQ:DIGEST", value_parser = read::noted_head)]
        head: Option<Noted>,
    },
    /// Remove the oldest entries; the chain goes on behind them, and the removal is noted
    Trim {
        /// Entries before this time
        #[arg(long, value_name = "TIME", value_parser = read::instant)]
        before: Time,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl noun::Verb for Verb {
    async fn run(self, desk: &mut Desk<'_>) -> anyhow::Result<()> {
        match self {
            Verb::List { actor, act, on, since, until, before, limit } => {
                list(desk, AuditFilter { actor, act, on, since, until }, before, limit).await
            }
            Verb::Export { after } => export(desk, after).await,
            Verb::Verify { head } => verify(desk, head).await,
            Verb::Trim { before, yes } => trim(desk, before, yes).await,
        }
    }
}

async fn list(desk: &mut Desk<'_>, filter: AuditFilter, before: Option<i64>, limit: i64) -> anyhow::Result<()> {
    let mut entries = desk.store.audit_page(&filter, before, limit + 1).await?;
    let more = cut(&mut entries, limit);
    let rows: Vec<Value> = entries.iter().map(document).collect();
    desk.output.data(json!({ "entries": rows, "more": more }), || {
        let row = |record: &AuditRecord| {
            let it = &record.entry;
            let on = format!("{}:{}", it.on_kind, it.on_id);
            let what = [("", &it.about), ("was ", &it.before), ("is ", &it.after)];
            let what: Vec<_> = what
                .into_iter()
                .filter(|(_, facts)| *facts != "{}")
                .map(|(word, facts)| format!("{word}{facts}"))
                .collect();
            [it.seq.to_string(), it.at.to_utc(), it.actor.clone(), it.act.clone(), on, what.join(" ")]
        };
        Rows::titled(["SEQ", "TIME", "ACTOR", "ACT", "ON", "WHAT"], entries.iter().map(row))
    })?;
    if let Some(last) = entries.last().filter(|_| more) {
        desk.output.note(&format!("there are more: --before {}", last.entry.seq));
    }
    Ok(())
}

async fn export(desk: &mut Desk<'_>, mut after: i64) -> anyhow::Result<()> {
    loop {
        let page = desk.store.audit_after(after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.entry.seq;
        for record in &page {
            desk.output.text(&format!("{}\n", document(record)))?;
        }
    }
}

async fn verify(desk: &mut Desk<'_>, noted: Option<Noted>) -> anyhow::Result<()> {
    const HINT: &str = "somebody changed the database behind the server's back; compare with a backup or an export";
    let head = match desk.store.verify_audit().await? {
        AuditVerdict::Whole(head) => head,
        AuditVerdict::Altered(seq) => {
            return Err(refuse(format!("the audit log was altered: entry {seq} does not fit its digest"), HINT));
        }
        AuditVerdict::Missing(seq) => {
            return Err(refuse(format!("the audit log has a gap: entry {seq} is missing"), HINT));
        }
        AuditVerdict::BeyondHead(seq) => {
            return Err(refuse(format!("the audit log's head was put back: entry {seq} stands behind it"), HINT));
        }
    };
    if let Some(noted) = noted {
        hold_against(desk, head, &noted, HINT).await?;
    }
    let digest = head.digest.map(|digest| digest.hex()).unwrap_or_default();
    let document = json!({
        "whole": true,
        "entries": head.seq - head.trimmed,
        "trimmed": head.trimmed,
        "head": format!("{}:{digest}", head.seq),
    });
    let entries = head.seq - head.trimmed;
    let said = match head.seq {
        0 => "the audit log is empty".to_owned(),
        seq => format!("the audit log is whole: {entries} entries; its head is {seq}:{digest}"),
    };
    Ok(desk.output.done(&said, document)?)
}

/// A head that was noted earlier is still in the chain, unless retention has taken it since.
async fn hold_against(desk: &Desk<'_>, head: AuditHead, noted: &Noted, hint: &str) -> anyhow::Result<()> {
    let Noted { seq, digest } = noted;
    if *seq <= head.trimmed {
        let hint = format!("note a newer head; the oldest entry that is left is {}", head.trimmed + 1);
        return Err(misused(format!("entry {seq} was removed by retention, so it proves nothing"), hint));
    }
    match desk.store.audit_digest(*seq).await? {
        Some(found) if found == *digest => Ok(()),
        Some(_) => Err(refuse(format!("the audit log was rewritten: entry {seq} is not the one you noted"), hint)),
        None => Err(refuse(format!("the audit log was cut: entry {seq}, which you noted, is missing"), hint)),
    }
}

async fn trim(desk: &mut Desk<'_>, before: Time, yes: bool) -> anyhow::Result<()> {
    if before > desk.now {
        return Err(misused("that time is still to come", "give a time in the past, such as 2025-01-01"));
    }
    if !yes {
        let what = format!("this removes every entry before {} for good", before.to_utc());
        return Err(misused(what, "export them first (`bizauth audit export`), then say it again with --yes"));
    }
    let mut removed = 0;
    loop {
        let cut = desk.by().trim_audit(before, CUT).await?;
        removed += cut;
        if cut < CUT {
            break;
        }
    }
    let said = format!("{removed} entries before {} removed", before.to_utc());
    Ok(desk.output.done(&said, json!({ "removed": removed }))?)
}
