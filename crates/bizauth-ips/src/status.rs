//! How the follower is: the age of its list, what comes next, what failed, what is where.

use bizauth_core::ips::Chronicle;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::apply::{self, ApplyError, Finding};
use crate::settings::Settings;
use crate::state::{Folder, Kept, Refusal, StateError, time};

/// How the follower is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The list that is believed.
    pub kept: Kept,
    /// The day it says it was last changed.
    pub updated: Date,
    /// Seconds since the publisher last said that it is this one.
    pub age: i64,
    /// Whether that is too long ago.
    pub stale: bool,
    /// Since when nothing but failures came, if so.
    pub failing_since: Option<Timestamp>,
    /// The next day on which the list changes.
    pub next_change: Option<Date>,
    /// The next day on which the follower changes something, which is early or late by the window.
    pub next_turn: Option<Date>,
    /// The last refusal.
    pub last_refusal: Option<Refusal>,
    /// Every service of the list, how many networks of each family are let through.
    pub services: Vec<(bizauth_core::ips::RuleType, String, usize, usize)>,
    /// Every place, how it is, and when something was last put there.
    pub places: Vec<(String, How, Option<Timestamp>)>,
}

/// How a place is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// As it should be.
    Current,
    /// Something is to be put there.
    Due,
    /// Somebody changed it; these lines went and came.
    Drifted(Vec<String>),
    /// It cannot be told, or nothing can be put there.
    Broken(String),
}

impl Status {
    /// Looks at everything, and changes nothing.
    pub fn of(settings: &Settings, folder: &Folder, now: Timestamp) -> Result<Status, StateError> {
        let (kept, list) = folder.newest()?;
        let today = apply::day(settings, folder, now);
        let chronicle: Chronicle = folder.chronicle(settings, today)?;
        let age = now.as_second() - time(kept.confirmed).as_second();
        let wanted = chronicle.wanted(today, settings.window);
        let services =
            wanted.iter().map(|it| (it.rule, it.service.clone(), it.cover.v4().count(), it.cover.v6().count()));
        let plans = apply::plan(settings, folder, now)?;
        let how = |plan: Result<apply::Planned<'_>, ApplyError>| match plan {
            Ok(planned) => match planned.finding {
                Finding::Same => How::Current,
                Finding::New | Finding::Changed(_) => How::Due,
                Finding::Drifted(lines) => How::Drifted(lines),
            },
            Err(error) => How::Broken(error.to_string()),
        };
        let places = settings.targets.iter().zip(plans).map(|(place, plan)| {
            let at = folder.journal.applied.get(&place.id()).map(|applied| time(applied.at));
            (place.id(), how(plan), at)
        });
        Ok(Status {
            kept: kept.clone(),
            updated: list.updated(),
            age,
            stale: age > i64::from(settings.max_age_hours) * 3600,
            failing_since: folder.journal.failing_since.map(time),
            next_change: chronicle.next_change(today),
            next_turn: chronicle.next_turn(today, settings.window),
            last_refusal: folder.journal.refusals.last().cloned(),
            services: services.collect(),
            places: places.collect(),
        })
    }

    /// Whether nobody has to look.
    pub fn is_well(&self) -> bool {
        !self.stale && self.places.iter().all(|(_, how, _)| matches!(how, How::Current | How::Due))
    }
}
