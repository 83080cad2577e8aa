//! `bizauth dev replay`: runs a file of `GET /_dev/run` again, and says whether the same came of it.

use std::path::PathBuf;

use crate::cli::output::Output;
use crate::cli::refusal::{refuse, unreadable};
use crate::config::Config;
use crate::dev::replay::Run;
use crate::dev::{self};

/// Which run.
#[derive(clap::Args)]
pub(super) struct Replay {
    /// The file, as GET /_dev/run gives it; - is stdin
    file: PathBuf,
}

impl Replay {
    pub(super) async fn run(self, output: &mut Output) -> anyhow::Result<()> {
        let name = self.file.display().to_string();
        let text = match self.file.as_os_str() == "-" {
            true => std::io::read_to_string(std::io::stdin()),
            false => std::fs::read_to_string(&self.file),
        };
        let text = text.map_err(|error| unreadable(&name, &error))?;
        let run: Run = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("{name} is no run: {error}"), "take one with GET /_dev/run"))?;
        // Nothing listens: the calls go to the platform's router directly.
        let ground = dev::ground("http://127.0.0.1:1".to_owned(), Config::default()).await?;
        let (same, difference) = run.again(ground).await?;
        let Some(difference) = difference else {
            let calls = if same == 1 { "call" } else { "calls" };
            return Ok(output.text(&format!("{same} {calls}, the same answers\n"))?);
        };
        output.text(&format!("{}\n", serde_json::to_string_pretty(&difference)?))?;
        let what = format!(
            "request {} ({}) was answered otherwise; {same} before it were the same",
            difference.n, difference.call
        );
        Err(refuse(what, "the answers of then and now are above; a run is exact where its clock stands"))
    }
}
