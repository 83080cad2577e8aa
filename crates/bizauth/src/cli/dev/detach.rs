//! `bizauth dev --detach`: the same command once more, in the background, until it is ready.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::name::Name;
use super::running::{Found, Register};
use crate::cli::output::Output;
use crate::cli::refusal::{refuse, unreadable};

/// How long a platform may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(name: &Name, json: bool, output: &mut Output) -> anyhow::Result<()> {
    let register = Register::of_user()?;
    if let Found::Live(_) = register.find(name)? {
        return Err(register.taken(name));
    }
    let path = register.log(name);
    let log = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let log = log.map_err(|error| unreadable(&path.display().to_string(), &error))?;
    // Whatever else was asked for is asked for again, word by word.
    let again = std::env::args_os().skip(1).map(|word| if word == "--detach" { "--detached".into() } else { word });
    let mut child = Command::new(std::env::current_exe()?)
        .args(again)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let running = ready(&register, name, &mut child, &path).await?;
    match json {
        true => output.text(&format!("{}\n", running.banner))?,
        false => {
            output.text(&format!("{}\n", running.text))?;
            let flag = name.flag();
            output.note(&format!(
                "It goes on in the background (process {}, log {}).\n\
                 In a script: eval \"$(bizauth dev env{flag})\"    To end it: bizauth dev stop{flag}",
                running.pid,
                path.display()
            ));
        }
    }
    Ok(())
}

async fn ready(
    register: &Register,
    name: &Name,
    child: &mut Child,
    log: &Path,
) -> anyhow::Result<Box<super::running::Running>> {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Found::Live(running) = register.find(name)?
            && running.pid == child.id()
        {
            return Ok(running);
        }
        if child.try_wait()?.is_some() {
            return Err(refuse(
                format!("the platform ended before it was ready\n{}", end_of(log)),
                format!("the whole log is {}", log.display()),
            ));
        }
        if Instant::now() > patience {
            child.kill()?;
            return Err(refuse(
                format!("the platform was not ready within {} seconds, and was ended", PATIENCE.as_secs()),
                format!("its log is {}", log.display()),
            ));
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// The last lines of the log: why it ended.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
