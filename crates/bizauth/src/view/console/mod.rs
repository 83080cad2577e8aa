//! The pages below `/console`: what a developer sees of their apps.

mod head;

use askama::Template;

pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};

use super::Frame;

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
}
