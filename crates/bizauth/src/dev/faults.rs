//! Faults by name: what the next calls of an endpoint answer instead of the truth. Counts, never chances.
//!
//! The plan of a fault comes from the seed file or the control API; the answer itself is made from the catalogue's row
//! by the same code that makes every other refusal.

use std::fmt;

use bizauth_core::fault::{KapiFault, KauthFault};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::http::door::Door;
pub use crate::usage::Endpoint;

/// What happens instead of, or before, the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mishap {
    /// The reply never comes.
    Never,
    /// The connection is cut before any of the reply.
    Cut,
    /// The status line, the header and half of the body come; then the connection is cut.
    CutMidway,
    /// The body is half of its JSON, and the reply ends as if that were all.
    Truncated,
}

/// A fault as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// Only calls of this app: one of its keys, or its name in the seed. Without: of any app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Answer with this row of the catalogue: `KOE237`, `-9798`, or the row's name.
    #[serde(default, deserialize_with = "code", skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Answer with this status and an empty body, as a broken gateway does: 500 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Or let this happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mishap: Option<Mishap>,
    /// Milliseconds to wait before the answer, on the system's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How many matching calls go by untouched first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u32,
    /// How many calls it strikes; without: all, until it is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Reads a code: a text, or a number as kapi's are written on the wire.
fn code<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    struct Code;
    impl Visitor<'_> for Code {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a code (\"KOE237\", -9798) or the name of a row")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    from.deserialize_any(Code)
}

/// A row of one of the two catalogues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Of kauth.
    Kauth(KauthFault),
    /// Of kapi.
    Kapi(KapiFault),
}

impl Row {
    /// The rows that an endpoint can answer with; of those with one code the usual one first.
    pub fn of(endpoint: Endpoint) -> Vec<Row> {
        use {KapiFault as P, KauthFault as A};
        let kauth = |rows: &[A]| rows.iter().copied().map(Row::Kauth).collect();
        let kapi = |rows: &[P]| rows.iter().copied().map(Row::Kapi).collect::<Vec<_>>();
        let everywhere = [P::StoreDown, P::Temporary, P::Broken, P::BadHeader, P::QuotaExceeded, P::AppSanctioned];
        let token = [P::NoSuchToken, P::TokenExpired, P::NoKey, P::PermissionDenied, P::Maintenance];
        let key = [P::UnknownKey, P::MalformedKey, P::DisabledKey, P::CallerNotAllowed, P::NoKey, P::Maintenance];
        match endpoint {
            Endpoint::Authorize => kauth(&[
                A::UnknownKey,
                A::NotRestApiKey,
                A::AppSanctioned,
                A::UnregisteredRedirectUri,
                A::NotBizApp,
                A::NoFeaturePermission,
                A::UnsupportedResponseType,
                A::UnknownConsentItem,
                A::BadAuthorizeParameter,
                A::NotMember,
                A::NotBusinessUser,
                A::AccountNotActive,
                A::NoBusinessAsset,
                A::IssuanceLimit,
                A::AccessDenied,
                A::MalformedRequest,
                A::TemporaryFailure,
                A::Broken,
            ]),
            Endpoint::Token => kauth(&[
                A::MalformedTokenRequest,
                A::UnsupportedGrantType,
                A::UnknownClient,
                A::BadClientSecret,
                A::CallerNotAllowed,
                A::CodeNotFound,
                A::WrongApp,
                A::RedirectUriMismatch,
                A::BadVerifier,
                A::TokenRateLimit,
                A::TemporaryFailure,
                A::Broken,
            ]),
            Endpoint::Tokeninfo | Endpoint::Userinfo | Endpoint::Revoke => kapi(&[&token[..], &everywhere].concat()),
            Endpoint::Ips => kapi(&[&key[..], &[P::ApiNotAllowed, P::BadParameter], &everywhere].concat()),
        }
    }

    /// The row that `code` names at an endpoint: by its code (`KOE237`, `-9798`) or by its name (`TokenRateLimit`).
    ///
    /// # Errors
    /// It names none: all that could be named.
    pub fn find(endpoint: Endpoint, code: &str) -> Result<Row, String> {
        let rows = Row::of(endpoint);
        let found = rows.iter().find(|row| row.name() == code).or_else(|| rows.iter().find(|row| row.code() == code));
        found.copied().ok_or_else(|| {
            let names: Vec<String> = rows.iter().map(|row| format!("{} ({})", row.code(), row.name())).collect();
            format!("{} cannot answer {code:?}; allowed are {}", endpoint.word(), names.join(", "))
        })
    }

    /// The row of this name that an endpoint answered with: also one that no plan may name, such as a wrong method.
    pub fn answered(endpoint: Endpoint, name: &str) -> Option<Row> {
        let planned = Row::of(endpoint).into_iter().find(|row| row.name() == name);
        planned.or_else(|| match endpoint.door() {
            Door::Kapi => KapiFault::ALL.iter().map(|fault| Row::Kapi(*fault)).find(|row| row.name() == name),
            _ => KauthFault::ALL.iter().map(|fault| Row::Kauth(*fault)).find(|row| row.name() == name),
        })
    }

    /// The code on the wire; empty where there is none.
    pub fn code(self) -> String {
        match self {
            Row::Kauth(fault) => fault.row().code.to_owned(),
            Row::Kapi(fault) => fault.row().code.to_string(),
        }
    }

    /// The row's own name.
    pub fn name(self) -> &'static str {
        match self {
            Row::Kauth(fault) => fault.row().name,
            Row::Kapi(fault) => fault.row().name,
        }
    }
}

impl Plan {
    /// Whether it can be carried out at all.
    ///
    /// # Errors
    /// Why not, with what is allowed.
    pub fn check(&self) -> Result<(), String> {
        let answers = [self.code.is_some(), self.status.is_some(), self.mishap.is_some()];
        if answers.iter().filter(|set| **set).count() > 1 {
            return Err("code, status and mishap exclude each other: a call has one answer".to_owned());
        }
        if answers == [false; 3] && self.latency_ms.is_none() {
            return Err("nothing would happen: give one of code, status, mishap or latency_ms".to_owned());
        }
        if let Some(code) = &self.code {
            Row::find(self.endpoint, code)?;
        }
        if self.status.is_some_and(|status| !(500..=599).contains(&status)) {
            return Err("status must be 500 to 599; for the platform's own refusals give code".to_owned());
        }
        if self.latency_ms.is_some_and(|millis| millis > LONGEST_WAIT) {
            return Err(format!(
                "latency_ms must be at most {LONGEST_WAIT}; for a reply that never comes: mishap never"
            ));
        }
        if self.times == Some(0) {
            return Err("times must be at least 1; leave it out for all calls".to_owned());
        }
        Ok(())
    }
}

/// Ten minutes: longer than any client waits.
const LONGEST_WAIT: u64 = 600_000;

/// A plan that is in effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// Its number in its world, for taking it away.
    pub id: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub plan: Plan,
    /// How many matching calls there were.
    pub met: u32,
    /// How many of them it struck.
    pub struck: u32,
}

/// The plans of a world, in the order in which they were made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Faults {
    planned: Vec<Planned>,
    made: u64,
}

impl Faults {
    /// Puts a plan into effect; check it first.
    pub fn plan(&mut self, plan: Plan) -> Planned {
        self.made += 1;
        let planned = Planned { id: self.made, plan, met: 0, struck: 0 };
        self.planned.push(planned.clone());
        planned
    }

    /// All of them, also those that have struck as often as they were to.
    pub fn all(&self) -> &[Planned] {
        &self.planned
    }

    /// Takes one away, or all: how many.
    pub fn clear(&mut self, id: Option<u64>) -> usize {
        let before = self.planned.len();
        self.planned.retain(|planned| id.is_some_and(|id| planned.id != id));
        before - self.planned.len()
    }

    /// What strikes this call: the first plan that still has a call to strike. Calls that an earlier plan takes are not
    /// counted by later ones, so that plans queue up.
    pub fn strike(&mut self, endpoint: Endpoint, is_app: impl Fn(&str) -> bool) -> Option<Planned> {
        for planned in &mut self.planned {
            let plan = &planned.plan;
            if plan.endpoint != endpoint || !plan.app.as_deref().is_none_or(&is_app) {
                continue;
            }
            if plan.times.is_some_and(|times| planned.struck >= times) {
                continue;
            }
            planned.met += 1;
            if planned.met <= plan.after {
                continue;
            }
            planned.struck += 1;
            return Some(planned.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(code: &str, after: u32, times: Option<u32>) -> Plan {
        let code = Some(code.to_owned());
        Plan { endpoint: Endpoint::Token, app: None, code, status: None, mishap: None, latency_ms: None, after, times }
    }

    #[test]
    fn plans_strike_as_often_as_they_say_and_queue_up() {
        let mut faults = Faults::default();
        faults.plan(plan("KOE237", 1, Some(2)));
        faults.plan(plan("KOE010", 0, None));
        let mut code = || faults.strike(Endpoint::Token, |_| true).and_then(|struck| struck.plan.code);
        let codes: Vec<_> = (0..5).map(|_| code().unwrap_or_default()).collect();
        assert_eq!(codes, ["KOE010", "KOE237", "KOE237", "KOE010", "KOE010"], "the first call goes by the first plan");
        assert!(faults.strike(Endpoint::Revoke, |_| true).is_none());
        assert_eq!(faults.clear(Some(1)), 1);
        assert_eq!(faults.clear(None), 1);
    }

    #[test]
    fn a_plan_that_cannot_be_carried_out_is_refused_with_what_can() {
        let refused = plan("KOE999", 0, None).check().unwrap_err();
        assert!(refused.contains("KOE237 (TokenRateLimit)"), "{refused}");
        assert!(Plan { status: Some(404), code: None, ..plan("", 0, None) }.check().is_err());
        assert!(Plan { code: None, ..plan("", 0, None) }.check().is_err());
        assert!(Plan { mishap: Some(Mishap::Cut), ..plan("KOE237", 0, None) }.check().is_err());
        assert!(plan("KOE237", 0, Some(0)).check().is_err());
        for endpoint in Endpoint::ALL {
            for row in Row::of(endpoint) {
                assert_eq!(Row::find(endpoint, row.name()), Ok(row));
            }
        }
    }
}
