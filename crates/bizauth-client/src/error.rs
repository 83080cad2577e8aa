//! What can go wrong, told apart by what the caller can do about it. No variant ever holds a secret.

use secrecy::{ExposeSecret, SecretString};

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A base address cannot be used; nothing was sent.
    #[error("the base address cannot be used: {0}")]
    Address(String),

    /// A secret or an ETag has a character that no header may hold; nothing was sent.
    #[error("the {0} has a character that cannot be sent in a header")]
    Unsendable(&'static str),

    /// `kauth` refused, in its envelope: an OAuth 2.0 error (RFC 6749 §5.2) with the platform's own code beside it.
    #[error("kauth refused ({status}): {error}{}{}", describe(": ", .error_description), describe(" ", .error_code))]
    Kauth {
        /// The HTTP status.
        status: u16,
        /// The standard's word for the error, `invalid_grant` and so on.
        error: String,
        /// A sentence, if the platform sent one. A secret that it repeats is blanked out.
        error_description: Option<String>,
        /// `KOE` and three digits, if the platform sent one.
        error_code: Option<String>,
    },

    /// `kapi` refused, in its envelope.
    #[error("kapi refused ({status}): {msg} ({code})")]
    Kapi {
        /// The HTTP status.
        status: u16,
        /// The platform's code, a negative number.
        code: i64,
        /// A sentence. A secret that it repeats is blanked out.
        msg: String,
    },

    /// No whole answer came: no connection, broken off, or too slow. Whether the request took effect is unknown.
    #[error("no answer from the platform")]
    Transport(#[source] reqwest::Error),

    /// An answer came that the contract does not know, a redirect or a page of some proxy, say.
    #[error("an answer outside the contract (status {status}): {reason}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// What was not as promised. Never a part of the answer itself, which may hold a token.
        reason: String,
    },

    /// The answer is longer than this client reads.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The limit that it passed, in bytes.
        limit: usize,
    },
}

impl Error {
    /// Whether the time was up before the answer was whole.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Transport(error) if error.is_timeout())
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Error {
        Error::Transport(error)
    }
}

fn describe(before: &str, text: &Option<String>) -> String {
    text.as_ref().map(|text| format!("{before}{text}")).unwrap_or_default()
}

/// A sentence of the platform, fit to be shown: without the secrets that were sent, which it likes to repeat
/// (`authorization code not found for code=…`), without control characters, and of a bearable length.
pub(crate) fn presentable(text: &str, secrets: &[&SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|it| it.expose_secret()).filter(|it| !it.is_empty()) {
        text = text.replace(secret, "[hidden]");
    }
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(500).collect()
}
