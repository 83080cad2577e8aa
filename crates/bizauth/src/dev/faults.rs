//! Faults by name: what the next calls of an endpoint answer instead of the truth. Counts, never chances.
//!
//! The plan of a fault comes from the seed file or the control API; the answer itself is made from the catalogue's row
//! by the same code that makes every other refusal.

use serde::{Deserialize, Serialize};

/// The endpoints that faults and the log know by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// `GET /oauth/business/authorize`.
    Authorize,
    /// `POST /oauth/business/token`.
    Token,
    /// `GET /v1/business/tokeninfo`.
    Tokeninfo,
    /// `GET /v1/business/userinfo`.
    Userinfo,
    /// `POST /v1/business/revoke`.
    Revoke,
    /// `GET /v1/system/ips`.
    Ips,
}

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
