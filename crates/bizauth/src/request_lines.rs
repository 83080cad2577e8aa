//! The log's line for each request, written by hand: where a server answers two hundred thousand a second, the line must
//! not cost more than the answer.
//!
//! Lines look as all others of the log do, gather in memory, and are written out together: after a moment, or when there
//! are many. A crash takes those of the last moment; an orderly stop takes none.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bizauth_core::time::Time;
use tracing::Level;

use crate::config::LogFormat;

/// How long a line waits at most.
pub const WRITTEN_EVERY: Duration = Duration::from_millis(100);
/// So many bytes are written at once.
const MANY: usize = 32 * 1024;
/// Whose lines they are.
const TARGET: &str = "bizauth::http::observe";

/// What a line says.
#[derive(Clone, Copy, Debug)]
pub struct Line<'l> {
    /// When.
    pub at: Time,
    /// The method, to the letter.
    pub method: &'l str,
    /// The endpoint, by its route.
    pub endpoint: &'static str,
    /// The answer's status.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The fault's name, if it was refused.
    pub fault: &'static str,
}

/// Lines that were not written yet.
pub struct Lines {
    format: LogFormat,
    out: Mutex<Box<dyn Write + Send>>,
    waiting: Mutex<Waiting>,
}

/// What waits to be written, and what most lines share with the one before: the second, and all that is not time.
#[derive(Default)]
struct Waiting {
    text: String,
    /// Room for the next lines: to make and give back so much each time takes longer than to write a line.
    spare: String,
    second: Option<i64>,
    begin: String,
    method: String,
    said: Option<(&'static str, u16, u64, &'static str)>,
    end: String,
}

impl Lines {
    /// For the log of this process, if it has such lines and is a file or a pipe: a person at a terminal sees each at once.
    pub fn of_process(format: LogFormat) -> Option<Self> {
        let wanted = tracing::enabled!(target: TARGET, Level::INFO);
        (wanted && !io::IsTerminal::is_terminal(&io::stderr())).then(|| Lines::new(format, Box::new(io::stderr())))
    }

    fn new(format: LogFormat, out: Box<dyn Write + Send>) -> Self {
        Lines { format, out: Mutex::new(out), waiting: Mutex::default() }
    }

    /// Adds a line.
    pub fn add(&self, line: &Line<'_>) {
        let mut waiting = self.waiting();
        waiting.add(line, self.format);
        if waiting.text.len() >= MANY {
            self.put(waiting);
        }
    }

    /// Writes out what waits.
    pub fn write_out(&self) {
        self.put(self.waiting());
    }

    /// Writes it out while the next lines gather. A log that cannot be written is nobody's fault here, as it is none of the
    /// other lines'.
    fn put(&self, mut waiting: MutexGuard<'_, Waiting>) {
        if waiting.text.is_empty() {
            return;
        }
        let spare = std::mem::take(&mut waiting.spare);
        let mut lines = std::mem::replace(&mut waiting.text, spare);
        drop(waiting);
        let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes());
        lines.clear();
        self.waiting().spare = lines;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, line: &Line<'_>, format: LogFormat) {
        let second = line.at.millis().div_euclid(1000);
        if self.second != Some(second) {
            self.second = Some(second);
            self.begin.clear();
            if format == LogFormat::Json {
                self.begin.push_str("{\"timestamp\":\"");
            }
            line.at.write_utc(&mut self.begin);
            self.begin.pop();
        }
        let said = Some((line.endpoint, line.status, line.ms, line.fault));
        if self.said != said || self.method != line.method {
            self.said = said;
            line.method.clone_into(&mut self.method);
            self.end = line.end(format);
        }
        // In whole milliseconds, in the form of the others.
        let milli = line.at.millis().rem_euclid(1000);
        let digits = [milli / 100, milli / 10 % 10, milli % 10].map(|digit| b'0' + digit as u8);
        let milli = [b'.', digits[0], digits[1], digits[2]];
        for part in [&self.begin, std::str::from_utf8(&milli).unwrap_or_default(), &self.end] {
            self.text.push_str(part);
        }
    }
}

impl Line<'_> {
    /// All that follows the milliseconds.
    fn end(&self, format: LogFormat) -> String {
        // Nothing here can break a line: routes and faults are our own words, and a method is a token (RFC 9110, 9.1),
        // which has no blanks, quotes or backslashes.
        let Line { method, endpoint, status, ms, fault, .. } = self;
        match format {
            LogFormat::Text => format!(
                "000Z  INFO {TARGET}: request method={method} endpoint=\"{endpoint}\" status={status} ms={ms} \
                 fault=\"{fault}\"\n"
            ),
            LogFormat::Json => format!(
                "000Z\",\"level\":\"INFO\",\"message\":\"request\",\"method\":\"{method}\",\"endpoint\":\"{endpoint}\",\
                 \"status\":{status},\"ms\":{ms},\"fault\":\"{fault}\",\"target\":\"{TARGET}\"}}\n"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const LINE: Line<'_> = Line {
        at: Time::from_millis(1_795_230_000_042),
        method: "GET",
        endpoint: "/v1/business/tokeninfo",
        status: 401,
        ms: 3,
        fault: "NoSuchToken",
    };

    /// As the log itself writes it, but for the time.
    #[test]
    fn a_line_looks_as_the_others_do() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let mut waiting = Waiting::default();
            waiting.add(&LINE, format);
            let ours = waiting.text;
            let theirs = crate::log::tests::logged("info", format, || {
                let Line { method, endpoint, status, ms, fault, .. } = LINE;
                tracing::info!(target: TARGET, method = %method, endpoint, status, ms, fault, "request");
            });
            let time = |text: &str| text.find("2026-").or(text.find("20")).map(|at| text[at..at + 27].to_owned());
            let (our_time, their_time) = (time(&ours).unwrap(), time(&theirs).unwrap());
            assert_eq!(our_time, "2026-11-21T03:00:00.042000Z");
            assert_eq!(ours, theirs.replace(&their_time, &our_time));
        }
    }

    #[test]
    fn a_line_says_nothing_of_the_one_before() {
        let later = Line { at: Time::from_millis(1_795_230_001_007), ..LINE };
        let lines = [
            LINE,
            LINE,
            later,
            Line { method: "POST", ..later },
            Line { endpoint: "/v1/business/revoke", ..later },
            Line { status: 200, fault: "", ..later },
            Line { ms: 4, ..LINE },
        ];
        for format in [LogFormat::Text, LogFormat::Json] {
            let mut waiting = Waiting::default();
            let mut each = String::new();
            for line in &lines {
                waiting.add(line, format);
                let mut alone = Waiting::default();
                alone.add(line, format);
                each.push_str(&alone.text);
            }
            assert_eq!(waiting.text, each);
        }
    }

    #[test]
    fn many_lines_are_written_at_once_and_none_is_lost() {
        let kept = Kept::default();
        let lines = Lines::new(LogFormat::Text, Box::new(kept.clone()));
        for _ in 0..1000 {
            lines.add(&LINE);
        }
        let written = || kept.0.lock().unwrap().iter().filter(|byte| **byte == b'\n').count();
        assert!((1..1000).contains(&written()), "{}", written());
        lines.write_out();
        assert_eq!(written(), 1000);
    }
}
