//! Where a new password comes from: typed twice without echo, a file, or stdin. Never from an argument, which other users
//! of the machine can read.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use super::refusal::{refuse, unreadable};
use crate::entropy::Entropy;
use crate::password;

/// More than any password has, in bytes.
const LONGEST: u64 = 4096;

/// Where the password comes from; without any of these it is asked for on the terminal.
#[derive(clap::Args)]
pub(super) struct NewPassword {
    /// Read the password from a file; a line feed at its end is not part of it
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Read the password from stdin; a line feed at its end is not part of it
    #[arg(long)]
    password_stdin: bool,
}

impl NewPassword {
    /// The hash of the password.
    pub(super) fn hash(self, entropy: &Entropy) -> anyhow::Result<String> {
        let password = match (&self.password_file, self.password_stdin) {
            (Some(file), _) => from_file(file)?,
            (None, true) => from(io::stdin().lock(), "stdin")?,
            (None, false) => typed()?,
        };
        Ok(password::hash(&password, entropy)?)
    }
}

fn from_file(path: &Path) -> anyhow::Result<String> {
    let name = path.display().to_string();
    from(File::open(path).map_err(|error| unreadable(&name, &error))?, &name)
}

fn from(source: impl Read, name: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    source.take(LONGEST).read_to_string(&mut text).map_err(|error| unreadable(name, &error))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    match text.contains(['\n', '\r', '\0']) {
        true => Err(refuse(format!("{name} holds more than one line"), "put the password alone into it")),
        false => Ok(text),
    }
}

fn typed() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return Err(refuse(
            "there is no password, and no terminal to ask for it",
            "give it through --password-stdin or --password-file FILE",
        ));
    }
    let password = rpassword::prompt_password("Password: ")?;
    match rpassword::prompt_password("Once more: ")? == password {
        true => Ok(password),
        false => Err(refuse("the two passwords differ; nothing was changed", "run the command again")),
    }
}
