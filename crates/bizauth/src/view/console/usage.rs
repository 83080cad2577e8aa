//! How often an app was answered: two charts, a line for each kind of refusal, and what is left of its quota.

use askama::Template;

use crate::view::Frame;
use crate::view::chart::{Bar, Chart, grouped};
use crate::view::kit::{Section, Titled, When};

/// The page.
#[derive(Template)]
#[template(path = "console/usage.html")]
pub struct UsagePage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address of the page.
    pub path: String,
    /// The address of the test tool.
    pub test: String,
    /// How many days are shown.
    pub days: i64,
    /// How many can be, and whether they are.
    pub spans: Vec<(i64, bool)>,
    /// All calls, by endpoint.
    pub calls: Chart,
    /// What was refused, by code.
    pub refusals: Chart,
    /// What was refused, by endpoint and fault.
    pub errors: Vec<ErrorLine>,
    /// The quota of today, if the app has one.
    pub quota: Option<Quota>,
    /// The time zone of the days.
    pub zone: String,
}

/// One kind of refusal at one endpoint.
pub struct ErrorLine {
    /// The code.
    pub code: String,
    /// What it means.
    pub title: String,
    /// Where it is explained.
    pub href: String,
    /// The endpoint.
    pub endpoint: String,
    /// How often.
    pub calls: String,
    /// The last day on which it was.
    pub last: Bar,
    /// By what the lines are sorted.
    pub sort: i64,
}

/// Calls of kapi that an app may make today.
pub struct Quota {
    /// How many.
    pub most: i64,
    /// How many of them it has made.
    pub used: i64,
    /// When counting begins anew.
    pub anew_at: When,
}

impl Quota {
    fn left(&self) -> i64 {
        (self.most - self.used).max(0)
    }

    fn spent(&self) -> i64 {
        self.used.clamp(0, self.most.max(0))
    }
}

impl Titled for UsagePage {
    fn title(&self) -> String {
        self.frame.say("app-usage")
    }

    fn lead(&self) -> Option<String> {
        Some(self.frame.say("usage-lead"))
    }
}

impl UsagePage {
    /// The chart of calls or of refusals, by its id, with its words.
    pub fn titled(frame: &Frame, mut chart: Chart) -> Chart {
        let (title, about) = match chart.id {
            "calls" => ("usage-calls", "usage-calls-about"),
            _ => ("usage-refusals", "usage-refusals-about"),
        };
        let sums = chart.sums().into_iter().filter(|(_, sum)| *sum > 0);
        let parts: Vec<String> = sums.map(|(name, sum)| format!("{name} {}", grouped(sum))).collect();
        let about = frame.fill2(about, &("total", chart.total()), &("parts", parts.join(", ")));
        chart.title = frame.say(title);
        chart.about = about;
        chart
    }

    /// The name of the series of all codes that have none of their own.
    pub fn others(frame: &Frame) -> String {
        frame.say("usage-others")
    }

    fn filters(&self) -> Vec<Section> {
        let link = |(days, current): &(i64, bool)| {
            let text = self.frame.fill("usage-days", "days", usize::try_from(*days).unwrap_or(0));
            Section::new(text, format!("{}?days={days}", self.path), *current)
        };
        self.spans.iter().map(link).collect()
    }
}
