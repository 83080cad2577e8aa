//! `bizauth dev init` and `bizauth dev schema`: a seed to begin with, and what may be in one.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use crate::cli::output::Output;
use crate::cli::refusal::{refuse, unreadable};
use crate::dev::seed;

/// Where the seed goes.
#[derive(clap::Args)]
pub(super) struct Init {
    /// The file to write; - is stdout
    #[arg(default_value = "bizauth.toml", value_name = "FILE")]
    file: PathBuf,
}

impl Init {
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        if self.file.as_os_str() == "-" {
            return Ok(output.text(seed::commented())?);
        }
        let name = self.file.display().to_string();
        let made = OpenOptions::new().write(true).create_new(true).open(&self.file);
        let mut file = made.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                refuse(format!("{name} is there already, and was left alone"), "name another file, or - for stdout")
            }
            _ => unreadable(&name, &error),
        })?;
        file.write_all(seed::commented().as_bytes())?;
        output.note(&format!("wrote {name}; start with it: bizauth dev --seed {name}"));
        Ok(())
    }
}

/// Nothing to choose.
#[derive(clap::Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        Ok(output.text(&format!("{}\n", seed::schema().trim_end()))?)
    }
}
