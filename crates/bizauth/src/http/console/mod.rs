//! `/console`: where developers look after their apps.

pub mod errors;
pub mod home;
pub mod test;
pub mod usage;

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
        Rule::get("/console/apps/{app}/test", Who::Editor, test::get),
        Rule::post("/console/apps/{app}/test", Who::Editor, test::open),
        Rule::post("/console/apps/{app}/test/send", Who::Editor, test::send::post),
        Rule::get("/console/apps/{app}/test/issue", Who::Editor, test::issue::get),
        Rule::post("/console/apps/{app}/test/issue", Who::Editor, test::issue::post),
        Rule::post("/console/apps/{app}/test/register", Who::Editor, test::register::post),
        Rule::get("/console/test/callback", Who::SignedIn, test::callback::get),
        Rule::post("/console/apps/{app}/test/redeem", Who::Editor, test::redeem::post),
        Rule::get("/console/apps/{app}/usage", Who::Editor, usage::get),
        Rule::get("/console/errors", Who::SignedIn, errors::get),
    ]
}
