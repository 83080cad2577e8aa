//! Where a test flow ends: the page in the app's place, which shows what the app would have received.
//!
//! Served by `bizauth dev` only. A real app answers on its own host.

use askama::Template;

use super::Frame;

/// What arrived at the demo app's redirect URI, and the commands to go on with.
#[derive(Template)]
#[template(path = "callback.html")]
pub struct CallbackPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The business authorization code.
    pub code: Option<String>,
    /// The state, as sent.
    pub state: Option<String>,
    /// The error, when there is no code.
    pub error: Option<String>,
    /// What the error means, as sent.
    pub error_description: Option<String>,
    /// The command that trades the code for a business token.
    pub trade_command: String,
    /// What to try after that: a label and a command each.
    pub next_commands: Vec<(String, String)>,
}
