//! The pages below `/console`.

use askama::Template;

use super::Frame;

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
}
