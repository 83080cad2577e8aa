//! The pages below `/console`: what a developer sees of their apps.

pub mod errors;
mod head;
mod issue;
mod test;
#[cfg(test)]
pub(in crate::view) mod tools_samples;
mod usage;

use askama::Template;

pub use errors::ErrorsPage;
pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
pub use issue::{IssueGroup, IssuePage, RedeemPage, Register};
pub use test::{AnswerView, ApiLink, FieldView, Input, TestPage};
pub use usage::{ErrorLine, Quota, UsagePage};

use super::Frame;

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
}
