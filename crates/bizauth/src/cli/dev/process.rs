//! Processes of others: whether one still runs, and is the one that was meant.

use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// What tells a process from another one that got its number later: when it started, as the system writes it.
/// Nothing for one that has ended, though nobody may have asked yet how.
pub(super) fn mark(pid: u32) -> Option<String> {
    if !Path::new("/proc/self/stat").exists() {
        return mark_by_ps(pid);
    }
    mark_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// proc_pid_stat(5): the name, which may hold anything, stands in parentheses; state and start are fields 3 and 22.
fn mark_in(stat: &str) -> Option<String> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    match fields.first()? {
        &"Z" | &"X" => None,
        _ => fields.get(19).map(|start| (*start).to_owned()),
    }
}

fn mark_by_ps(pid: u32) -> Option<String> {
    let mut ps = Command::new("ps");
    ps.args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).env("LC_ALL", "C").stderr(Stdio::null());
    let said = String::from_utf8(ps.output().ok()?.stdout).ok()?;
    let (state, start) = said.trim().split_once(' ')?;
    (!state.starts_with('Z')).then(|| start.trim().to_owned())
}

/// Sends a signal. Whether it arrived shows in what the process does.
pub(super) fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_until_it_ends() {
        let line = "42 (a) b) (c) S 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 1";
        assert_eq!(mark_in(line).as_deref(), Some("987654"));
        assert_eq!(mark_in(&line.replace(" S ", " Z ")), None);
        assert_eq!(mark_in("garbage"), None);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let known = mark(child.id()).unwrap();
        assert_eq!(mark(child.id()), Some(known));
        assert!(signal(child.id(), Signal::KILL));
        child.wait().unwrap();
        assert_eq!(mark(child.id()), None);
    }
}
