//! The pages below `/console`: what a developer sees of their apps.

mod head;
mod home;
mod members;
mod new_app;
mod overview;
#[cfg(test)]
pub mod samples;
mod settings;

pub use head::{AppHead, app_sections, icon_url, initial, kind_badge, role_badge};
pub use home::{AppRow, ConsoleHome, InvitationRow};
pub use members::{InvitedRow, MemberPage, MemberRefusal, MemberRow, MembersPage, member_refusal};
pub use new_app::{NewAppPage, kind_refusal, name_refusal, parent_refusal};
pub use overview::{OverviewPage, Relative, Step};
pub use settings::{
    BizRequest, LONGEST_REASON, RequestWord, SettingsPage, icon_refusal, reason_refusal, request_refusal,
};
