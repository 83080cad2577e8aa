//! Consent that can be scripted: who answers an authorize request, and how, when no person does.
//!
//! The rules decide who answers; what the answer does is done by the consent screen's own code, with all its checks.

use bizauth_core::asset::Resource;
use serde::{Deserialize, Serialize};

use super::faults::{Endpoint, Row};

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

/// What a rule is held against.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The `client_id`.
    pub client_id: &'r str,
    /// The account that answers, if one is signed in or named: its e-mail address.
    pub user: Option<&'r str>,
    /// The consent items asked for.
    pub scope: &'r [String],
    /// The `state`.
    pub state: Option<&'r str>,
}

/// A rule that is in effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ruled {
    /// Its number in its world, for taking it away.
    pub id: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests it decided.
    pub decided: u32,
}

/// The rules of a world. Those with a count are a queue and stand before those without.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rules {
    ruled: Vec<Ruled>,
    made: u64,
}

impl Rule {
    /// Whether it can be carried out at all.
    ///
    /// # Errors
    /// Why not, with what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if let Some(code) = &self.code {
            Row::find(Endpoint::Authorize, code)?;
        }
        if self.times == Some(0) {
            return Err("times must be at least 1; leave it out for all requests".to_owned());
        }
        if let Assets::These(these) = &self.assets {
            let bad = these.iter().find(|asset| Resource::read(asset).is_none());
            if let Some(bad) = bad {
                return Err(format!("{bad:?} is no asset; write group:id, such as moment:482910, or group:*"));
            }
        }
        Ok(())
    }

    fn matches(&self, request: &Request<'_>, is_app: impl Fn(&str) -> bool) -> bool {
        let same =
            |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|wanted| is == Some(wanted));
        let user = match (&self.user, request.user) {
            // A rule for a person also says who answers where nobody is signed in.
            (Some(wanted), Some(is)) => wanted.eq_ignore_ascii_case(is),
            _ => true,
        };
        user && self.app.as_deref().is_none_or(is_app)
            && same(&self.state, request.state)
            && self.scope.iter().all(|item| request.scope.contains(item))
    }
}

impl Rules {
    /// Puts a rule into effect; check it first.
    pub fn rule(&mut self, rule: Rule) -> Ruled {
        self.made += 1;
        let ruled = Ruled { id: self.made, rule, decided: 0 };
        self.ruled.push(ruled.clone());
        ruled
    }

    /// All of them, also those that have decided as often as they were to.
    pub fn all(&self) -> &[Ruled] {
        &self.ruled
    }

    /// Takes one away, or all: how many.
    pub fn clear(&mut self, id: Option<u64>) -> usize {
        let before = self.ruled.len();
        self.ruled.retain(|ruled| id.is_some_and(|id| ruled.id != id));
        before - self.ruled.len()
    }

    /// The rule that decides this request.
    pub fn decide(&mut self, request: &Request<'_>, is_app: impl Fn(&str) -> bool) -> Option<Ruled> {
        let fits = |ruled: &&mut Ruled| {
            ruled.rule.times.is_none_or(|times| ruled.decided < times) && ruled.rule.matches(request, &is_app)
        };
        let queue = self.ruled.iter_mut().filter(|ruled| ruled.rule.times.is_some()).find(fits).map(|ruled| ruled.id);
        let found = queue.or_else(|| self.ruled.iter_mut().find(fits).map(|ruled| ruled.id))?;
        let ruled = self.ruled.iter_mut().find(|ruled| ruled.id == found)?;
        ruled.decided += 1;
        Some(ruled.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_queue_comes_first_and_the_first_rule_that_fits_decides() {
        let mut rules = Rules::default();
        rules.rule(rule(r#"{"user":"a@example.com","action":"approve"}"#));
        rules.rule(rule(r#"{"action":"deny","times":1}"#));
        rules.rule(rule(r#"{"scope":["moment_create"],"action":"abandon"}"#));
        let request = |user, scope| Request { client_id: "k", user, scope, state: None };
        let (create, read) = (["moment_create".to_owned()], ["moment_management".to_owned()]);
        let mut decide = |request: Request<'_>| rules.decide(&request, |_| true).map(|ruled| ruled.rule.action);
        assert_eq!(decide(request(Some("A@example.com"), &read)), Some(Action::Deny));
        assert_eq!(decide(request(Some("A@example.com"), &read)), Some(Action::Approve));
        assert_eq!(decide(request(Some("b@example.com"), &read)), None);
        assert_eq!(decide(request(Some("b@example.com"), &create)), Some(Action::Abandon));
        assert_eq!(
            decide(request(None, &read)),
            Some(Action::Approve),
            "nobody is signed in: the rule says who answers"
        );
    }

    #[test]
    fn a_rule_that_cannot_be_carried_out_is_refused() {
        assert!(rule(r#"{"code":"KOE237"}"#).check().unwrap_err().contains("KOE005"));
        assert!(rule(r#"{"assets":["482910"]}"#).check().unwrap_err().contains("group:id"));
        assert!(rule(r#"{"assets":["moment:*"],"code":"KOE005"}"#).check().is_ok());
        assert!(serde_json::from_str::<Rule>(r#"{"acton":"deny"}"#).is_err());
    }
}
