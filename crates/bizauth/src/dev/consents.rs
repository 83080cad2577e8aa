//! Consent that can be scripted: who answers an authorize request, and how, when no person does.
//!
//! The rules decide who answers; what the answer does is done by the consent screen's own code, with all its checks.

use serde::{Deserialize, Serialize};

/// What is done with an authorize request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The person agrees.
    #[default]
    Approve,
    /// The person cancels: `access_denied`.
    Deny,
    /// The person closes the window: no answer ever reaches the app.
    Abandon,
    /// The request waits until somebody decides it over the control API.
    Hold,
    /// The screen stays for a person to answer.
    Ask,
}

/// Which assets a script lends, in the groups where a person chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "\"all\", \"every\" or a list of `group:id` belongs here")]
pub enum Assets {
    /// `"all"`: each that may be lent now. `"every"`: all of the group, present and future.
    Word(Which),
    /// These: `moment:482910`.
    These(Vec<String>),
    /// As `"all"`.
    #[default]
    Default,
}

/// The words for many assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Each that may be lent now.
    All,
    /// All of the group, present and future.
    Every,
}

/// A rule: the first one that matches an authorize request decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only requests of this app: one of its keys, or its name in the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Only when this account answers: its e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only requests that ask for all of these consent items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Only requests with this `state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What is done.
    #[serde(default)]
    pub action: Action,
    /// Who answers where nobody is signed in: an e-mail address. Without: the account of `user`, or the seed's first.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What is lent.
    #[serde(default)]
    pub assets: Assets,
    /// Refuse with this code of the authorize table instead: `KOE005`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How many requests it decides; without: all. `1` makes it an entry of a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}
