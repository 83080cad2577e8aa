//! The pages below `/operator`.

pub mod import;

use askama::Template;

use super::Frame;

pub use import::{ImportPage, ImportRow, ImportedPage, RefusedRow};

/// Where `/operator` begins.
#[derive(Template)]
#[template(path = "operator/home.html")]
pub struct OperatorHome {
    /// The frame around the page.
    pub frame: Frame,
}
