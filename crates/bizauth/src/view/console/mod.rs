//! The pages below `/console`: what a developer sees of their apps.

#[cfg(test)]
pub(in crate::view) mod business_samples;
pub mod errors;
mod head;
mod issue;
mod items;
mod keys;
mod test;
mod tokens;
#[cfg(test)]
pub(in crate::view) mod tools_samples;
mod usage;

use askama::Template;

pub use errors::ErrorsPage;
pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
pub use issue::{IssueGroup, IssuePage, RedeemPage, Register};
pub use items::{ItemGroup, ItemRow, ItemsPage, Permission, Preview};
pub use keys::{KeyPage, KeyRow, KeysPage, KindView, RestView, UriRow, key_badge, key_name, kind_key};
pub use test::{AnswerView, ApiLink, FieldView, Input, TestPage};
pub use tokens::{AgreedGroup, LentRow, TokenPage, TokenRow, TokensPage, token_badge};
pub use usage::{ErrorLine, Quota, UsagePage};

use super::Frame;

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
}
