//! Bar charts, drawn by the server: one stacked bar a day, with the same numbers as a table.
//!
//! The drawing has no text of its own: it is stretched to the width there is, and letters would be stretched with it.

use bizauth_core::time::Time;
use jiff::civil::Date;

use super::Frame;
use super::kit::When;

/// Colours there are. What is more belongs into one series of the rest.
pub const SERIES: usize = 6;
/// How high the drawing is, and how wide the place of one bar; both are stretched.
const HEIGHT: f64 = 100.0;
const PLACE: f64 = 10.0;
/// How wide a bar is.
const BAR: f64 = 7.0;
/// The least height of what is not nothing, so that one refusal among a million calls can be seen.
const LEAST: f64 = 1.2;

/// A bar chart.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// Tells the charts of a page apart.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// The same in a sentence with its main numbers, for those who do not see it.
    pub about: String,
    /// What each colour stands for: [`SERIES`] at most.
    pub series: Vec<String>,
    /// The bars, oldest first.
    pub bars: Vec<Bar>,
}

/// One day.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// The day.
    pub day: Date,
    /// How many of each series, in their order.
    pub parts: Vec<u64>,
}

/// A rectangle of the drawing, its lengths as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rect {
    /// The number of its series, from 1.
    pub series: usize,
    /// From the left.
    pub x: String,
    /// From the top.
    pub y: String,
    /// How wide.
    pub width: String,
    /// How high.
    pub height: String,
    /// What the pointer is told.
    pub told: String,
}

impl Bar {
    /// All series together.
    pub fn total(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// The day in the words of the page.
    pub fn text(&self, frame: &Frame) -> String {
        When::from(self.noon()).day(frame)
    }

    /// The day in the machine's form.
    pub fn datetime(&self) -> String {
        self.day.to_string()
    }

    /// An instant that is on this day in Seoul.
    fn noon(&self) -> Time {
        let noon = self.day.at(3, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        Time::from_millis(noon.map_or(0, |noon| noon.timestamp().as_millisecond()))
    }
}

impl Chart {
    /// How wide the drawing is.
    pub fn width(&self) -> usize {
        self.bars.len().max(1) * 10
    }

    /// The number at the top edge: the least round one that no bar is higher than.
    pub fn top(&self) -> u64 {
        round_up(self.bars.iter().map(Bar::total).max().unwrap_or(0))
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.bars.iter().all(|bar| bar.total() == 0)
    }

    /// Each series with its number on one day.
    pub fn cells(&self, bar: &Bar) -> Vec<(&str, u64)> {
        self.series.iter().zip(&bar.parts).map(|(name, part)| (name.as_str(), *part)).collect()
    }

    /// Each series with its sum over all days.
    pub fn sums(&self) -> Vec<(&str, u64)> {
        let parts = |at: usize| self.bars.iter().filter_map(move |bar| bar.parts.get(at));
        let sum = |at: usize| parts(at).fold(0, |sum: u64, part| sum.saturating_add(*part));
        self.series.iter().enumerate().map(|(at, name)| (name.as_str(), sum(at))).collect()
    }

    /// The sum of everything.
    pub fn total(&self) -> u64 {
        self.bars.iter().fold(0, |sum, bar| sum.saturating_add(bar.total()))
    }

    /// The first and the last day.
    pub fn ends(&self) -> Option<(&Bar, &Bar)> {
        self.bars.first().zip(self.bars.last())
    }

    /// The bars of the drawing, bottom up.
    pub fn rects(&self, frame: &Frame) -> Vec<Rect> {
        let top = self.top() as f64;
        let mut rects = Vec::new();
        for (at, bar) in self.bars.iter().enumerate() {
            let high = |part: &u64| if *part == 0 { 0.0 } else { (*part as f64 * HEIGHT / top).max(LEAST) };
            let heights: Vec<f64> = bar.parts.iter().map(high).collect();
            // What the small ones were given is taken from all, where the bar would grow beyond the drawing.
            let shrink = (HEIGHT / heights.iter().sum::<f64>().max(HEIGHT)).min(1.0);
            let mut bottom = HEIGHT;
            for (series, (height, part)) in heights.iter().zip(&bar.parts).enumerate().filter(|(_, it)| *it.1 > 0) {
                let height = height * shrink;
                bottom -= height;
                rects.push(Rect {
                    series: series + 1,
                    x: length(at as f64 * PLACE + (PLACE - BAR) / 2.0),
                    y: length(bottom.max(0.0)),
                    width: length(BAR),
                    height: length(height),
                    told: format!("{} · {}: {}", bar.text(frame), self.series[series], grouped(part)),
                });
            }
        }
        rects
    }
}

/// 1, 2 or 5 with zeros behind it, not less than `most`.
fn round_up(most: u64) -> u64 {
    let mut unit: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            match unit.checked_mul(step) {
                Some(round) if round >= most => return round,
                Some(_) => {}
                None => return u64::MAX,
            }
        }
        let Some(next) = unit.checked_mul(10) else { return u64::MAX };
        unit = next;
    }
}

/// A length with two digits behind the point, at most.
fn length(length: f64) -> String {
    let text = format!("{length:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with a comma after every three digits, as both languages write it.
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use super::*;
    use crate::view::{Language, Words};

    fn chart(days: &[&[u64]]) -> Chart {
        let first = date(2026, 11, 20);
        let bar = |(at, parts): (usize, &&[u64])| Bar {
            day: first.saturating_add(jiff::Span::new().days(i64::try_from(at).unwrap())),
            parts: parts.to_vec(),
        };
        let series = (1..=SERIES).map(|n| format!("series {n}")).collect();
        Chart { series, bars: days.iter().enumerate().map(bar).collect(), ..Chart::default() }
    }

    fn drawn(chart: &Chart) -> Vec<(usize, String, String, String)> {
        let frame = Frame::new(Arc::new(Words::new()), Language::En, "/");
        chart.rects(&frame).into_iter().map(|rect| (rect.series, rect.x, rect.y, rect.height)).collect()
    }

    fn of(series: usize, x: &str, y: &str, height: &str) -> (usize, String, String, String) {
        (series, x.to_owned(), y.to_owned(), height.to_owned())
    }

    #[test]
    fn the_top_is_round() {
        for (most, top) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 5),
            (5, 5),
            (6, 10),
            (99, 100),
            (101, 200),
            (499_999, 500_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(round_up(most), top, "{most}");
        }
    }

    #[test]
    fn nothing_draws_nothing() {
        for empty in [chart(&[]), chart(&[&[0, 0]]), chart(&[&[], &[]])] {
            assert!(empty.is_empty() && drawn(&empty).is_empty());
            assert_eq!((empty.top(), empty.total()), (1, 0));
            assert!(empty.width() > 0, "a view box needs a width");
        }
    }

    #[test]
    fn parts_stand_on_each_other() {
        let day = chart(&[&[30, 0, 10]]);
        assert_eq!((day.top(), day.width(), day.sums()[2]), (50, 10, ("series 3", 10)));
        assert_eq!(drawn(&day), [of(1, "1.5", "40", "60"), of(3, "1.5", "20", "20")]);
        let two = chart(&[&[1], &[2]]);
        assert_eq!(drawn(&two), [of(1, "1.5", "50", "50"), of(1, "11.5", "0", "100")]);
    }

    #[test]
    fn one_among_a_million_is_seen_and_nothing_leaves_the_drawing() {
        let huge = chart(&[&[999_999, 1, 1, 1, 1, 1], &[u64::MAX, u64::MAX, 1]]);
        assert_eq!((huge.top(), huge.total()), (u64::MAX, u64::MAX));
        let many = chart(&[&[999_990, 1, 1, 1, 1, 1]]);
        for chart in [huge, many] {
            for (series, _, y, height) in drawn(&chart) {
                let (y, height): (f64, f64) = (y.parse().unwrap(), height.parse().unwrap());
                assert!(height > 0.5 && y >= 0.0 && y + height <= 100.01, "{series} {y} {height}");
            }
        }
    }

    #[test]
    fn the_pointer_is_told_the_day_and_the_number() {
        let frame = Frame::new(Arc::new(Words::new()), Language::En, "/");
        let chart = chart(&[&[1_234_567]]);
        assert_eq!(chart.rects(&frame)[0].told, "20 November 2026 · series 1: 1,234,567");
        assert_eq!((grouped(0), grouped(999), grouped(1000)), ("0".into(), "999".into(), "1,000".into()));
    }
}
