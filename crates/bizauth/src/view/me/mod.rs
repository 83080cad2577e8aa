//! The pages below `/me`.

use askama::Template;

use super::Frame;

/// Where `/me` begins.
#[derive(Template)]
#[template(path = "me/home.html")]
pub struct MeHome {
    /// The frame around the page.
    pub frame: Frame,
}
