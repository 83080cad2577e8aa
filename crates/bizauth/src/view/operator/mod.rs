//! The pages below `/operator`.

use askama::Template;

use super::Frame;

/// Where `/operator` begins.
#[derive(Template)]
#[template(path = "operator/home.html")]
pub struct OperatorHome {
    /// The frame around the page.
    pub frame: Frame,
}
