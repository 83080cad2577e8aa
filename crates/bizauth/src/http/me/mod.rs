//! `/me`: where people look after what they lent, and their account.

pub mod home;

use super::access::{Rule, Who};

/// Every page and action, and who may.
pub fn table() -> Vec<Rule> {
    vec![
        Rule::get("/me", Who::SignedIn, home::get),
        //
        // Connected apps
        //
        // Account
    ]
}
