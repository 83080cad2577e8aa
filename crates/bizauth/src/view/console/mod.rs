//! The pages below `/console`: what a developer sees of their apps.

mod head;

pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
