//! How a command ends when it did not do what it was asked: `error: …`, what to do about it, and the exit status.

use std::io;
use std::process::ExitCode;

use super::output::Output;
use crate::config::Mistakes;
use crate::home::Stranger;
use crate::password::Unfit;
use crate::seal::SealError;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// What was refused, and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Refusal {
    what: String,
    hint: String,
    status: u8,
}

/// A refusal: what is in the way, and what to do next.
pub(super) fn refuse(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Refusal { what: what.into(), hint: hint.into(), status: FAILED }.into()
}

/// A refusal with an exit status of its own.
pub(super) fn refuse_with(status: u8, what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Refusal { what: what.into(), hint: hint.into(), status }.into()
}

/// An end that is no failure, and says by its status what was found.
#[derive(Debug, thiserror::Error)]
#[error("exit status {0}")]
pub(super) struct Found(pub(super) u8);

/// A refusal of a file that cannot be read.
pub(super) fn unreadable(name: &str, error: &io::Error) -> anyhow::Error {
    refuse(format!("{name} cannot be read: {error}"), "see that it is there and that you may read it")
}

/// A refusal of arguments that do not fit together.
pub(super) fn misused(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Refusal { what: what.into(), hint: hint.into(), status: USAGE }.into()
}

/// Tells what went wrong, and gives the status to exit with.
pub(super) fn tell(error: &anyhow::Error, output: &mut Output) -> ExitCode {
    // Only an error of our own output is bare; a connection that broke stands in the chain of a store's error.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    if let Some(Found(status)) = error.downcast_ref() {
        return ExitCode::from(*status);
    }
    let (what, hint, status) = explain(error);
    output.note(&format!("error: {what}"));
    if let Some(hint) = hint {
        output.note(&format!("\nhint: {hint}"));
    }
    ExitCode::from(status)
}

fn explain(error: &anyhow::Error) -> (String, Option<String>, u8) {
    let told = format!("{error:#}");
    let hinted = |hint: &str| Some(hint.to_owned());
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return (told, Some(refusal.hint.clone()), refusal.status);
    }
    if error.is::<Mistakes>() {
        return (told, hinted("`bizauth config template` documents every setting"), USAGE);
    }
    if error.is::<Unfit>() {
        return (told, hinted("a few words in a row make a good password"), FAILED);
    }
    if let Some(error) = error.downcast_ref::<bizauth_store::Error>() {
        let (what, hint) = explain_store(error);
        return (what.unwrap_or(told), hinted(hint), FAILED);
    }
    if let Some(error) = error.downcast_ref::<SealError>() {
        return (told, explain_seal(error).and_then(hinted), FAILED);
    }
    let demo = error.downcast_ref::<crate::dev::Error>().and_then(|error| match error {
        crate::dev::Error::Serve(error) => Some(error),
        _ => None,
    });
    if let Some(error) = demo.or_else(|| error.downcast_ref::<crate::serve::Error>()) {
        let (what, hint) = explain_serve(error);
        return (what.unwrap_or(told), hinted(hint), FAILED);
    }
    if let Some(error) = error.downcast_ref::<bizauth_client::Error>() {
        return (told, hinted(explain_client(error)), FAILED);
    }
    (told, None, FAILED)
}

fn explain_seal(error: &SealError) -> Option<&'static str> {
    Some(match error {
        SealError::NotSet => "name the file with `master_key` in the settings or BIZAUTH_MASTER_KEY",
        SealError::Missing(_) => {
            "copy it from another node; if there is none yet, `bizauth master-key create` makes it, once for all nodes"
        }
        SealError::Exists(_) => "`bizauth master-key rotate` puts a new key before those in it",
        SealError::Unreadable(..) => "see that the file and its folder are there and that you may use them",
        SealError::Malformed(..) | SealError::Empty(_) => "put the lines back that it had, from its backup",
        SealError::DoesNotOpen => return None,
    })
}

fn explain_serve(error: &crate::serve::Error) -> (Option<String>, &'static str) {
    use crate::serve::Error::{Bind, Folder, Home, Signal, Signing, Store, Threads, Tls};
    match error {
        Store(error) => explain_store(error),
        Home(Stranger::Store(error)) => explain_store(error),
        Home(Stranger::File(..)) => (None, "see that the data folder and the file `home` in it are yours to write"),
        Home(Stranger::Dev) => {
            (None, "serve another database: name its folder with --data, or PostgreSQL with --database")
        }
        Home(Stranger::Copy(_) | Stranger::Elsewhere) => (
            None,
            "`bizauth restore status` says what is in it; `bizauth restore accept --end-tokens` ends every token of the copy, \
             which is safe, `--keep-tokens` lets live again what was revoked since; if the database was only moved, nothing \
             was revoked since",
        ),
        Folder { .. } => (None, "give a folder that is yours to write, with --data"),
        Bind { .. } => (None, "see that no other program listens there, or take another address with --listen"),
        Tls(_) => (None, "see that tls_certificate and tls_key name the two PEM files of one certificate"),
        Signing(_) => (None, "see that ip_signing_key names a secret key of minisign without a password"),
        Threads(_) | Signal(_) => (None, "try once more; if it stays, it is a bug worth reporting"),
    }
}

fn explain_store(error: &bizauth_store::Error) -> (Option<String>, &'static str) {
    use bizauth_store::Error::{
        ChangedMigration, Locks, NewerSchema, OlderSchema, Pool, Postgres, Setting, Silent, Sqlite,
    };
    match error {
        OlderSchema { found: 0, .. } => (
            Some("the database is empty: it has no schema yet".to_owned()),
            "run `bizauth migrate` with the same settings, or start the server once",
        ),
        OlderSchema { found, known } => (
            Some(format!("the database has schema version {found}, this program needs {known}")),
            "run `bizauth migrate` with the same settings, or restart the server with this program",
        ),
        NewerSchema { found, known } => (
            Some(format!("the database has schema version {found}, this program knows {known}")),
            "use the program that made it, or a newer one",
        ),
        ChangedMigration { .. } => (None, "restore the database from a backup, or use the program that made it"),
        Locks(_) => (None, "give a folder that is yours to write, on a disk of this machine, with --data"),
        Pool(_) | Postgres { .. } | Setting(_) | Silent => {
            (None, "see that PostgreSQL is up and that --database or BIZAUTH_DATABASE names it; nothing was changed")
        }
        locked if locked.is_locked() => (
            Some("another program is writing to bizauth.db in the data folder and does not let go".to_owned()),
            "wait until it is done, which may be another bizauth that migrates, or end it; then try again",
        ),
        Sqlite { .. } => (
            None,
            "see that bizauth.db in the data folder is a database and yours to write, and that the disk is not full",
        ),
        _ => (None, "try once more; if it stays, it is a bug worth reporting"),
    }
}

fn explain_client(error: &bizauth_client::Error) -> &'static str {
    use bizauth_client::Error::{Address, Kapi, TooLong, Transport};
    match error {
        Address(_) => "give the address of the platform, such as https://kapi.kakao.com",
        Kapi { .. } => "see that the key file holds one of the app's keys and that this machine may use it",
        Transport(_) => "see that this machine can reach the platform, and try again",
        TooLong { .. } => "see that the address is that of the platform",
        _ => "see that the address is that of the platform; the list in force was not touched",
    }
}
