//! `bizauth completions`: a script that lets a shell complete the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::output::Output;

/// For which shell.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  bizauth completions bash > ~/.local/share/bash-completion/completions/bizauth")]
pub(super) struct Command {
    /// The shell
    shell: Shell,
}

impl Command {
    /// Prints the script.
    pub(super) fn run(self, output: &mut Output) -> anyhow::Result<()> {
        // Into memory first: the generator panics on a broken pipe.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "bizauth", &mut script);
        Ok(output.text(&String::from_utf8(script)?)?)
    }
}
