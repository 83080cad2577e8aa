//! The log's line for each request, written by hand: where a server answers two hundred thousand a second, the line must
//! not cost more than the answer.
//!
//! Lines look as all others of the log do, gather in memory, and are written out together: after a moment, or when there
//! are many. A crash takes those of the last moment; an orderly stop takes none.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
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
    pub endpoint: &'l str,
    /// The answer's status.
    pub status: u16,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The fault's name, if it was refused.
    pub fault: &'l str,
}

/// Lines that were not written yet.
pub struct Lines {
    format: LogFormat,
    out: Mutex<Box<dyn Write + Send>>,
    waiting: Mutex<String>,
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
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        line.write(self.format, &mut waiting);
        if waiting.len() < MANY {
            return;
        }
        let many = std::mem::take(&mut *waiting);
        drop(waiting);
        self.put(&many);
    }

    /// Writes out what waits.
    pub fn write_out(&self) {
        let all = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.put(&all);
    }

    /// A log that cannot be written is nobody's fault here, as it is none of the other lines'.
    fn put(&self, lines: &str) {
        if !lines.is_empty() {
            let _ = self.out.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes());
        }
    }
}

impl Line<'_> {
    fn write(&self, format: LogFormat, text: &mut String) {
        let Line { at, method, endpoint, status, ms, fault } = self;
        if format == LogFormat::Json {
            text.push_str("{\"timestamp\":\"");
        }
        at.write_utc(text);
        // In whole milliseconds, in the form of the others.
        text.pop();
        let _ = write!(text, ".{:03}000Z", at.millis().rem_euclid(1000));
        // Nothing here is a caller's: routes, faults and methods are our own words.
        let _ = match format {
            LogFormat::Text => writeln!(
                text,
                "  INFO {TARGET}: request method={method} endpoint=\"{endpoint}\" status={status} ms={ms} fault=\"{fault}\""
            ),
            LogFormat::Json => writeln!(
                text,
                "\",\"level\":\"INFO\",\"message\":\"request\",\"method\":\"{method}\",\"endpoint\":\"{endpoint}\",\
                 \"status\":{status},\"ms\":{ms},\"fault\":\"{fault}\",\"target\":\"{TARGET}\"}}"
            ),
        };
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
            let mut ours = String::new();
            LINE.write(format, &mut ours);
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
