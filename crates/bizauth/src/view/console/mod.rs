//! The pages below `/console`: what a developer sees of their apps.

mod head;
mod items;
mod keys;
mod tokens;

use askama::Template;

pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
pub use items::{ItemGroup, ItemRow, ItemsPage, Permission, Preview};
pub use keys::{KeyPage, KeyRow, KeysPage, KindView, RestView, UriRow, key_badge, key_name, kind_key};
pub use tokens::{AgreedGroup, LentRow, TokenPage, TokenRow, TokensPage, token_badge};

use super::Frame;

/// Where `/console` begins.
#[derive(Template)]
#[template(path = "console/home.html")]
pub struct ConsoleHome {
    /// The frame around the page.
    pub frame: Frame,
}
