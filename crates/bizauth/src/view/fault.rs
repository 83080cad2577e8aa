//! The page for refusals that never redirect: which app, which code, what is wrong, who can do what about it.
//!
//! Title, cause and remedy of a code live in `faults.ftl`; which refusals become a page is not decided here.

use askama::Template;

use super::{Frame, words::FaultWords};

/// Who can do something about a fault, and is addressed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The person in front of the page.
    Person,
    /// The developer of the app.
    Developer,
}

impl Audience {
    /// Whom a fault code concerns first.
    pub fn of(code: &str) -> Self {
        match code {
            "KOE003" | "KOE005" | "KOE025" | "KOE026" | "KOE027" | "KOE236" | "KOE237" => Self::Person,
            _ => Self::Developer,
        }
    }
}

/// A refusal as a page. It never holds a link to the app: the app's address may not be proved yet.
#[derive(Template)]
#[template(path = "fault.html")]
pub struct FaultPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The code, such as `KOE101`.
    pub code: String,
    /// The app that sent the person here, when it is known.
    pub app_name: Option<String>,
    /// One technical line for the developer, such as `Not exist client_id [x]`.
    pub detail: Option<String>,
    /// Where `bizauth dev` explains this very request.
    pub explained: Option<String>,
    /// Who is addressed first; [`Audience::of`] knows.
    pub help: Audience,
}

impl FaultPage {
    fn words(&self) -> FaultWords {
        let frame = &self.frame;
        frame.words.fault(&self.code, frame.language).unwrap_or_else(|| FaultWords {
            title: frame.say("fault-other"),
            cause: frame.say("fault-other.cause"),
            remedy: frame.say("fault-other.remedy"),
            person: frame.say("fault-person"),
        })
    }

    fn for_person(&self) -> bool {
        self.help == Audience::Person
    }
}
