//! `/console/apps/{app}`: what an app is, and what it lacks for its first token.

use askama::Template;

use super::{AppHead, kind_badge};
use crate::view::Frame;
use crate::view::kit::{Badge, Titled, Tone, When};

/// A step towards the first token.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its words: `key`, `key.text`, and `key.go` for the link.
    pub key: &'static str,
    /// Where it is taken.
    pub href: String,
    /// Whether it is done.
    pub done: bool,
    /// Since when it waits for the operator.
    pub asked: Option<When>,
}

/// Another app that this one has to do with.
#[derive(Clone, Debug)]
pub struct Relative {
    /// Its name.
    pub name: String,
    /// Its page, if the person may see it.
    pub href: Option<String>,
}

/// The first page about an app.
#[derive(Template)]
#[template(path = "console/overview.html")]
pub struct OverviewPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The app.
    pub head: AppHead,
    /// The company.
    pub company: String,
    /// When it was made.
    pub created: When,
    /// Calls a day, if there is a limit.
    pub quota: Option<usize>,
    /// Of a test app.
    pub parent: Option<Relative>,
    /// Of a Biz app.
    pub test_apps: Vec<Relative>,
    /// Where another one is made, for an owner.
    pub new_test_app: Option<String>,
    /// In their order.
    pub steps: Vec<Step>,
}

impl OverviewPage {
    fn badges(&self) -> Vec<Badge> {
        self.head.badges(&self.frame)
    }

    fn kind(&self) -> Badge {
        kind_badge(&self.frame, self.head.kind)
    }

    /// The step to take now.
    fn next(&self) -> Option<&'static str> {
        self.steps.iter().find(|step| !step.done).map(|step| step.key)
    }

    fn step_badge(&self, step: &Step) -> Badge {
        match (step.done, self.next() == Some(step.key)) {
            (false, _) if step.asked.is_some() => Badge::new(Tone::Warn, self.frame.say("request-open")),
            (true, _) => Badge::new(Tone::Good, self.frame.say("step-done")),
            (false, true) => Badge::new(Tone::Warn, self.frame.say("step-next")),
            (false, false) => Badge::new(Tone::Plain, self.frame.say("step-later")),
        }
    }

    /// All the words that steps are made of.
    pub const STEPS: [&'static str; 7] =
        ["step-biz", "step-parent", "step-key", "step-redirect", "step-item", "step-permission", "step-token"];
}

impl Titled for OverviewPage {
    fn title(&self) -> String {
        self.head.name.clone()
    }
}
