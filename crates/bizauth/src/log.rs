//! The log: to stderr, as lines for people or JSON for programs. Started once, by `main`.
//!
//! What is logged is decided where it is logged; what may *never* get out is decided here: below `info` only our own
//! code speaks. Libraries print headers, SQL and handshakes at debug and trace, and those hold tokens and codes.

use std::io::{self, IsTerminal};

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

use crate::config::LogFormat;

/// Starts the log of this process. Colour only on a terminal and without `NO_COLOR` (<https://no-color.org>).
///
/// Fails if a log was started before, or if the filter is none (which [`crate::config`] has already judged).
pub fn start(filter: &str, format: LogFormat) -> Result<(), TryInitError> {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = if plain || !io::stderr().is_terminal() { Colour::Off } else { Colour::On };
    subscriber(filter, format, colour, io::stderr).try_init()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    On,
    Off,
}

fn subscriber<W>(filter: &str, format: LogFormat, colour: Colour, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // `new` skips what it cannot read; a bad filter must not cost the operator the log that says so.
    let wanted = EnvFilter::new(filter).and(filter_fn(discreet));
    let lines = tracing_subscriber::fmt::layer().with_ansi(colour == Colour::On).with_writer(writer);
    let layer = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(wanted))
}

fn discreet(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    *metadata.level() <= Level::INFO
        || target == "bizauth"
        || target.starts_with("bizauth:")
        || target.starts_with("bizauth_")
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) fn logged(filter: &str, format: LogFormat, speak: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        tracing::subscriber::with_default(subscriber(filter, format, Colour::Off, move || writer.clone()), speak);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let text = logged("info", LogFormat::Json, || tracing::info!(app = 7, "issued"));
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((line["message"].as_str(), line["app"].as_u64()), (Some("issued"), Some(7)));
    }

    #[test]
    fn a_line_of_text_has_no_colour_codes() {
        let text = logged("info", LogFormat::Text, || tracing::info!(app = 7, "issued"));
        assert!(text.contains("issued app=7") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn the_filter_is_obeyed() {
        let text = logged("warn,bizauth::log=debug", LogFormat::Text, || {
            tracing::info!(target: "bizauth_store", "quiet");
            tracing::debug!("loud");
        });
        assert!(text.contains("loud") && !text.contains("quiet"), "{text}");
    }

    #[test]
    fn libraries_stay_silent_below_info_whatever_the_filter() {
        let text = logged("trace,h2=trace,h2::codec=trace", LogFormat::Text, || {
            tracing::trace!(target: "h2::codec", "authorization: Bearer secret");
            tracing::debug!(target: "bizauthentic", "secret");
            tracing::debug!(target: "log", "secret");
            tracing::warn!(target: "h2", "reset");
            tracing::trace!("ours");
        });
        assert!(text.contains("reset") && text.contains("ours") && !text.contains("secret"), "{text}");
    }
}
