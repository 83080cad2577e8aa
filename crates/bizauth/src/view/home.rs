//! The front page: what this server is, who is signed in, where to go.
//!
//! It knows nothing of apps or consents; a test server adds the way into its demo flow.

use askama::Template;

use super::Frame;

/// `GET /`.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// The frame around the page.
    pub frame: Frame,
    /// The address that starts the demo flow; only a test server has one.
    pub demo_url: Option<String>,
}
