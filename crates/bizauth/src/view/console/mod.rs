//! The pages below `/console`: what a developer sees of their apps.

#[cfg(test)]
pub(in crate::view) mod business_samples;
pub mod errors;
mod head;
mod home;
mod issue;
mod items;
mod keys;
mod members;
mod new_app;
mod overview;
#[cfg(test)]
pub(in crate::view) mod samples;
mod settings;
mod test;
mod tokens;
#[cfg(test)]
pub(in crate::view) mod tools_samples;
mod usage;

pub use errors::ErrorsPage;
pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
pub use home::{AppRow, ConsoleHome, InvitationRow};
pub use issue::{IssueGroup, IssuePage, RedeemPage, Register};
pub use items::{ItemGroup, ItemRow, ItemsPage, Permission, Preview};
pub use keys::{KeyPage, KeyRow, KeysPage, KindView, RestView, UriRow, key_badge, key_name, kind_key};
pub use members::{InvitedRow, MemberPage, MemberRefusal, MemberRow, MembersPage, member_refusal};
pub use new_app::{NewAppPage, kind_refusal, name_refusal, parent_refusal};
pub use overview::{OverviewPage, Relative, Step};
pub use settings::{
    BizRequest, LONGEST_REASON, RequestWord, SettingsPage, icon_refusal, reason_refusal, request_refusal,
};
pub use test::{AnswerView, ApiLink, FieldView, Input, TestPage};
pub use tokens::{AgreedGroup, LentRow, TokenPage, TokenRow, TokensPage, token_badge};
pub use usage::{ErrorLine, Quota, UsagePage};
