//! `/console`: where developers look after their apps.

pub mod home;

use super::access::{Rule, Who};

/// Every page and action, and who may.
pub fn table() -> Vec<Rule> {
    vec![
        Rule::get("/console", Who::SignedIn, home::get),
        //
        // Apps
        //
        // Keys
        //
        // Business Authentication
        //
        // Tools
    ]
}
