//! `bizauth dev env`: what a client needs to know, as variables for a shell, a program or a file.

use super::name::Name;
use super::running::Register;
use super::variables::{self, Format};
use crate::cli::output::Output;

/// Of which platform, in which form.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  eval \"$(bizauth dev env)\"\n  bizauth dev env --format fish | source\n  bizauth dev env --format dotenv > .env.test"
)]
pub(super) struct Command {
    /// The name of the platform
    #[arg(long, value_name = "NAME", default_value_t)]
    name: Name,
    /// For whom
    #[arg(long, value_enum, default_value_t = Format::Sh)]
    format: Format,
    /// With the proxy and the trust that lead clients with the platform's hosts in them here; it must run with --proxy
    #[arg(long)]
    intercept: bool,
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let running = Register::of_user()?.live(&self.name)?;
        let mut variables = variables::of(&running.banner);
        if self.intercept {
            variables.extend(variables::intercepting(&running, output)?);
        }
        Ok(output.text(&self.format.render(&variables))?)
    }
}
