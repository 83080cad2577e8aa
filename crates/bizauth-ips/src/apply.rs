//! From what is wanted to what is there: a plan for every place, and carrying it out.
//!
//! A plan compares what would be put there with what is found there, so that nothing is done twice and what somebody
//! else did there is seen. Carrying it out checks everything first; whoever is killed in the middle leaves each place
//! old or new, and the next run finishes what is not done. Only what the follower made is ever replaced.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bizauth_core::ips::Allowed;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::picture::{Picture, Unlisted};
use crate::session::Session;
use crate::settings::{Place, Settings};
use crate::state::{Applied, Folder, StateError, digest_of, replace, time};
use crate::targets::{Excess, LookError, Trial};
use crate::tool::{self, ToolError};

/// What is to be done at one place.
#[derive(Clone, Debug)]
pub struct Planned<'a> {
    /// The place.
    pub place: &'a Place,
    /// What is to be there.
    pub picture: Picture,
    /// The same as the place's own text.
    pub text: String,
    /// How what is there differs from it.
    pub finding: Finding,
    /// What is there; of a target in the kernel in the words of its tool.
    found: Option<String>,
}

/// How what is found at a place differs from what is to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Not at all.
    Same,
    /// Nothing was put there yet.
    New,
    /// The follower put something else there; these lines would go and come.
    Changed(Vec<String>),
    /// Somebody changed what the follower put there; these lines went and came.
    Drifted(Vec<String>),
}

/// Why nothing could be planned or done at a place.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The target takes less than the list has.
    #[error("{place}: {excess}")]
    Excess {
        /// The place.
        place: String,
        /// What is too much.
        excess: Excess,
    },
    /// The place names a service that is not there.
    #[error("{place}: {unknown}")]
    Unknown {
        /// The place.
        place: String,
        /// The service.
        unknown: Unlisted,
    },
    /// Something is there that the follower did not make.
    #[error("{place}: {what} is there, and was not made by bizauth: it will not be touched")]
    Foreign {
        /// The place.
        place: String,
        /// What.
        what: String,
    },
    /// What was to be enforced would have kept out the session it was started from.
    #[error("{place}: port {} of this machine would be closed to {}, where you are signed in from", .session.port, .session.client)]
    CutOff {
        /// The place.
        place: String,
        /// The session.
        session: Session,
    },
    /// A program failed: the target's tool, a check, a hook. `undone` says what became of the change.
    #[error("{place}: {error}{undone}")]
    Tool {
        /// The place, or the hook.
        place: String,
        /// How it failed.
        error: ToolError,
        /// What became of the change.
        undone: &'static str,
    },
    /// A file could not be read or written.
    #[error("{place}: {} cannot be read or written: {error}", .file.display())]
    File {
        /// The place.
        place: String,
        /// The file.
        file: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
}

/// The day to act for: a clock that was set back must not bring back what was removed.
pub fn day(settings: &Settings, folder: &Folder, now: Timestamp) -> Date {
    let last = folder.journal.versions.last().map(|kept| settings.day(time(kept.accepted)));
    last.map_or_else(|| settings.day(now), |last| last.max(settings.day(now)))
}

/// What is to be let through now.
pub fn wanted(settings: &Settings, folder: &Folder, now: Timestamp) -> Result<Vec<Allowed>, StateError> {
    let today = day(settings, folder, now);
    Ok(folder.chronicle(settings, today)?.wanted(today, settings.window))
}

/// Plans every place; one that cannot be planned keeps none of the others from it.
pub fn plan<'a>(
    settings: &'a Settings,
    folder: &Folder,
    now: Timestamp,
) -> Result<Vec<Result<Planned<'a>, ApplyError>>, StateError> {
    let allowed = wanted(settings, folder, now)?;
    Ok(settings.targets.iter().map(|place| plan_place(settings, folder, place, &allowed)).collect())
}

fn plan_place<'a>(
    settings: &Settings,
    folder: &Folder,
    place: &'a Place,
    allowed: &[Allowed],
) -> Result<Planned<'a>, ApplyError> {
    let id = place.id();
    let unknown = |unknown| ApplyError::Unknown { place: id.clone(), unknown };
    let picture = Picture::new(place, allowed, &settings.allow).map_err(unknown)?;
    let excess = |excess| ApplyError::Excess { place: id.clone(), excess };
    let text = (place.target.render)(&picture).map_err(excess)?;
    let found = look(place)?;
    let applied = folder.journal.applied.get(&id);
    let last = applied.and_then(|_| folder.applied_text(&id)).unwrap_or_default();
    let finding = match (&found, applied) {
        (Some(found), _) if place.file.is_some() && *found == text => Finding::Same,
        (Some(_), None) if place.file.is_some() => {
            let what = place.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            return Err(ApplyError::Foreign { place: id, what });
        }
        (None, None) => Finding::New,
        // Ours by its mark, but not remembered: the folder was lost.
        (Some(found), None) => Finding::Changed(difference(found, &text)),
        // Whoever began to put something there did not come to its end.
        (_, Some(applied)) if applied.begun => Finding::Changed(difference(&last, &text)),
        (found, Some(applied)) => {
            let found = found.as_deref().unwrap_or_default();
            match (digest_of(found.as_bytes()) == applied.found, last == text) {
                (true, true) => Finding::Same,
                (true, false) => Finding::Changed(difference(&last, &text)),
                (false, _) => {
                    let was = folder.applied_text(&found_name(&id)).unwrap_or_default();
                    Finding::Drifted(difference(&was, found))
                }
            }
        }
    };
    Ok(Planned { place, picture, text, finding, found })
}

/// What is at the place now.
fn look(place: &Place) -> Result<Option<String>, ApplyError> {
    match (place.target.live, &place.file) {
        (Some(live), _) => live.look(&place.name).map_err(|error| match error {
            LookError::Tool(error) => ApplyError::Tool { place: place.id(), error, undone: "" },
            LookError::Foreign(what) => ApplyError::Foreign { place: place.id(), what },
        }),
        (None, Some(file)) => match fs::read(file) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ApplyError::File { place: place.id(), file: file.clone(), error }),
        },
        (None, None) => Ok(None),
    }
}

/// The lines that went, and those that came, in their order; a line that moved did neither.
pub fn difference(before: &str, after: &str) -> Vec<String> {
    let count = |text: &str| {
        let mut lines = BTreeMap::<String, usize>::new();
        text.lines().for_each(|line| *lines.entry(line.trim().to_owned()).or_default() += 1);
        lines
    };
    let only = |text: &str, mut other: BTreeMap<String, usize>, sign: char| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().trim_end_matches(',')).filter(|line| !line.is_empty());
        let is_new = |line: &&str| match other.get_mut(*line).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                false
            }
            None => true,
        };
        lines.filter(is_new).map(|line| format!("{sign}{line}")).collect()
    };
    let bare = |lines: BTreeMap<String, usize>| {
        let mut bare = BTreeMap::<String, usize>::new();
        for (line, count) in lines {
            *bare.entry(line.trim_end_matches(',').to_owned()).or_default() += count;
        }
        bare
    };
    let mut lines = only(before, bare(count(after)), '-');
    lines.extend(only(after, bare(count(before)), '+'));
    lines
}

/// Carries the plans out. Those that find everything as it should be touch nothing.
///
/// Everything is checked first: the session, the target's own tool, the hook before. Then place by place. A place whose
/// check fails is left as it is, and one that fails later is put back; the others are done, because what is due on a
/// day is due. Then the hook after, whose failure takes all of it back. Gives the ids of the places that were changed,
/// or the first thing that went wrong.
pub fn carry_out(
    settings: &Settings,
    folder: &mut Folder,
    plans: &[Planned<'_>],
    now: Timestamp,
    session: Option<Session>,
) -> Result<Vec<String>, ApplyError> {
    let due: Vec<&Planned<'_>> = plans.iter().filter(|planned| planned.finding != Finding::Same).collect();
    let (mut fit, mut wrong) = (Vec::new(), None);
    for planned in due {
        let cut_off = session.filter(|session| session.is_cut_off_by(&planned.picture));
        let checked = match cut_off {
            Some(session) => Err(ApplyError::CutOff { place: planned.place.id(), session }),
            None => check(folder, planned),
        };
        match checked {
            Ok(()) => fit.push(planned),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    if fit.is_empty() {
        return wrong.map_or(Ok(Vec::new()), Err);
    }
    let ids: Vec<String> = fit.iter().map(|planned| planned.place.id()).collect();
    hook("before", &settings.before, &ids)?;
    let mut done: Vec<(&Planned<'_>, Option<String>)> = Vec::new();
    for planned in fit {
        let before = folder.applied_text(&planned.place.id());
        begin(folder, planned, now)?;
        match put(planned, before.as_deref()) {
            Ok(()) => {
                note(folder, planned, now)?;
                done.push((planned, before));
            }
            Err(error) => {
                settle(folder, planned, before)?;
                wrong = wrong.or(Some(error));
            }
        }
    }
    let changed: Vec<String> = done.iter().map(|(planned, _)| planned.place.id()).collect();
    if !done.is_empty()
        && let Err(error) = hook("after", &settings.after, &changed)
    {
        for (planned, before) in done {
            put_back(planned, before.as_deref());
            match before {
                Some(before) => note(folder, &Planned { text: before, ..(*planned).clone() }, now)?,
                None => settle(folder, planned, None)?,
            }
        }
        return Err(error);
    }
    wrong.map_or(Ok(changed), Err)
}

/// Remembers that something is about to be put there, so that what a killed process leaves is known for ours.
fn begin(folder: &mut Folder, planned: &Planned<'_>, now: Timestamp) -> Result<(), ApplyError> {
    let fresh = || Applied { at: now.as_millisecond(), found: String::new(), begun: true };
    folder.journal.applied.entry(planned.place.id()).or_insert_with(fresh).begun = true;
    Ok(folder.save()?)
}

/// Remembers what was put there, and what is found there after it.
fn note(folder: &mut Folder, planned: &Planned<'_>, now: Timestamp) -> Result<(), ApplyError> {
    let id = planned.place.id();
    let found = look(planned.place)?.unwrap_or_default();
    folder.keep_text(&found_name(&id), &found)?;
    let applied = Applied { at: now.as_millisecond(), found: digest_of(found.as_bytes()), begun: false };
    Ok(folder.note_applied(&id, &planned.text, applied)?)
}

/// Forgets that something was begun, because what was there before is there again.
fn settle(folder: &mut Folder, planned: &Planned<'_>, before: Option<String>) -> Result<(), ApplyError> {
    let id = planned.place.id();
    match (before, folder.journal.applied.get_mut(&id)) {
        (Some(_), Some(applied)) => applied.begun = false,
        _ => drop(folder.journal.applied.remove(&id)),
    }
    Ok(folder.save()?)
}

fn found_name(id: &str) -> String {
    format!("{id}.found")
}

/// Asks the target's own tool, before anything is touched.
fn check(folder: &Folder, planned: &Planned<'_>) -> Result<(), ApplyError> {
    let fail = |error| ApplyError::Tool { place: planned.place.id(), error, undone: "; nothing was changed" };
    if let Some(live) = planned.place.target.live {
        return live.check(&planned.place.name, &planned.text).map_err(fail);
    }
    let Some(trial) = &planned.place.target.trial else { return Ok(()) };
    match try_out(trial, &planned.text, folder.path()) {
        // The file may be for another machine; whoever wants a check here names one.
        Err(error) if error.missing => Ok(()),
        result => result.map_err(fail),
    }
}

/// Asks a target's own tool whether it can read a text, from files below `folder`.
pub fn try_out(trial: &Trial, text: &str, folder: &Path) -> Result<(), ToolError> {
    let (file, around) = (folder.join("trial"), folder.join("trial.around"));
    let failed = |error: std::io::Error| ToolError {
        program: trial.program.join(" "),
        why: format!("could not be tried: {error}"),
        missing: false,
    };
    let name = file.display().to_string();
    fs::write(&file, text).map_err(failed)?;
    if let Some(text) = trial.around {
        fs::write(&around, text.replace("{FILE}", &name)).map_err(failed)?;
    }
    let word = |word: &&str| word.replace("{FILE}", &name).replace("{AROUND}", &around.display().to_string());
    let command: Vec<String> = trial.program.iter().map(word).collect();
    let result = tool::run(&command, "").map(drop);
    let _ = fs::remove_file(file);
    let _ = fs::remove_file(around);
    result
}

/// Puts it there; on failure what was there before is there again.
fn put(planned: &Planned<'_>, before: Option<&str>) -> Result<(), ApplyError> {
    let id = planned.place.id();
    if let Some(live) = planned.place.target.live {
        let applied = live.apply(&planned.place.name, &planned.text);
        return applied.map_err(|error| {
            put_back(planned, before);
            ApplyError::Tool { place: id, error, undone: "; what was there before is there again" }
        });
    }
    let Some(file) = &planned.place.file else { return Ok(()) };
    let write = |error| ApplyError::File { place: id.clone(), file: file.clone(), error };
    replace(file, planned.text.as_bytes()).map_err(write)?;
    for command in [&planned.place.check, &planned.place.reload] {
        if !command.is_empty()
            && let Err(error) = tool::run(command, "")
        {
            put_back(planned, before);
            return Err(ApplyError::Tool { place: id, error, undone: "; the file is again what it was" });
        }
    }
    Ok(())
}

/// As well as can be: whoever calls this has something worse to tell.
fn put_back(planned: &Planned<'_>, before: Option<&str>) {
    if let Some(live) = planned.place.target.live {
        let _ = match before {
            Some(text) => live.apply(&planned.place.name, text),
            None => live.remove(&planned.place.name),
        };
        return;
    }
    let Some(file) = &planned.place.file else { return };
    let _ = match &planned.found {
        Some(found) => replace(file, found.as_bytes()),
        None => fs::remove_file(file),
    };
    if !planned.place.reload.is_empty() {
        let _ = tool::run(&planned.place.reload, "");
    }
}

fn hook(name: &str, command: &[String], ids: &[String]) -> Result<(), ApplyError> {
    if command.is_empty() {
        return Ok(());
    }
    let undone = if name == "before" { "; nothing was changed" } else { "; the changes were taken back" };
    let variables = [("BIZAUTH_IPS_HOOK", name), ("BIZAUTH_IPS_PLACES", &ids.join(" "))];
    let run = tool::run_with(command, "", &variables).map(drop);
    run.map_err(|error| ApplyError::Tool { place: format!("the hook {name}"), error, undone })
}
