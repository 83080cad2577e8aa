//! The pages below `/me`: connected apps and what was agreed to, and a person's own account.

mod account;
mod agent;
mod app;
mod apps;
mod consent;
#[cfg(test)]
pub(super) mod samples;
mod two_factor;
mod withdraw;

pub use account::{AccountPage, DeviceLine, PasswordError, PasswordPage, SessionLine};
pub use agent::agent;
pub use app::{AppPage, AssetLine, ConsentLine, ConsentState, TokenLine};
pub use apps::{AppLine, AppsPage, reach_of};
pub use consent::{ConsentPaper, PaperAsset, PaperGroup, PaperLent, TakenBackLine};
pub use two_factor::{ProofPage, ProofWish, Stage, TwoFactorPage, first_code_wrong};
pub use withdraw::{WithdrawPage, Withdrawal};

/// A consent item, in a person's words.
#[derive(Clone, Debug, Default)]
pub struct ItemLine {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub about: String,
    /// What the developer said it is for.
    pub purpose: Option<String>,
    /// Why it deserves a second look.
    pub risk: Option<String>,
}

/// The items of a group.
#[derive(Clone, Debug, Default)]
pub struct ItemsLine {
    /// The group's name.
    pub group: String,
    /// Its items.
    pub items: Vec<ItemLine>,
    /// They are about assets, and there is none left.
    pub nowhere: bool,
}

impl ItemsLine {
    /// The names of the items in one line.
    pub fn names(&self) -> String {
        self.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
