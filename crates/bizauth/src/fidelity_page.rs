//! The page `docs/fidelity.md`: for each endpoint and error who vouches for it, the test that proves it, and how to
//! provoke it. Made from the catalogue; a test keeps the file current. What we do not do is told as plainly.

use bizauth_core::fault::{KapiFault, KauthFault, Standing};

use crate::dev::faults::{Endpoint, Row};
use crate::errors_page::{provoke_kapi, provoke_kauth};

const HEAD: &str = "\
# Fidelity

How near bizauth is to the platform, endpoint by endpoint and error by error. This page is made from the catalogue and
from the tests; run them with `BIZAUTH_BLESS=1` to make it anew.

*Standing* says who vouches: **D** documented by the platform, **O** observed by integrators on the live platform, **C**
our choice, because nothing public says. *By cause* is what to do on `bizauth dev` for the error to come by itself; the
words of the recipes are those of [errors.md](errors.md). *By name* works for every row of this page, at the endpoint it
stands under:

```sh
curl -X POST \"$BIZAUTH_CONTROL_URL/faults\" -H 'Content-Type: application/json' \\
  -d '{\"endpoint\": \"token\", \"code\": \"KOE237\", \"times\": 2}'
```

A code that several rows have means the first of them; the name of a row means that row alone. That every row can be had
by name at every endpoint is proved by
`dev_faults::every_row_of_the_catalogue_can_be_had_by_name_at_every_endpoint_that_has_it`.
";

const NOT_DONE: &str = "
## What bizauth does not do

- **Login** (`/oauth/authorize`, `/oauth/token`, refresh tokens, OpenID Connect): another API of the platform. Login
  redirect URIs can stand in a seed, so that the log can tell when they are mixed up; nothing else knows them.
- **The ad and message APIs** themselves. A business token is issued, described and ended here; what it would do at an ad
  API is not simulated.
- **The platform's own limits.** How many codes and tokens the platform gives before KOE236, KOE237 and -10 is not
  public. The limits here are settings, and their defaults are ours.
- **How long an unused token lives** is not public: 365 days here, a setting.
- **The look of the platform's pages**, and their words. The consent screen asks for the same decisions; nobody should
  compare screenshots.
- **Review.** Biz app review and feature permissions are granted by an operator or a seed, at once.
- **Twins in other standards** (metadata, introspection, revocation, PAR, rich authorization requests) are not built, but
  for PKCE.
- **Codes that no public page explains** are not invented.
- **Timing.** Answers come faster than the platform's; latency is staged where a test wants it.
";

/// The whole page. `proof` names the test that holds an answer against a row.
pub fn fidelity_page(proof: impl Fn(Endpoint, Row) -> Option<String>) -> String {
    let mut page = HEAD.to_owned();
    for endpoint in Endpoint::ALL {
        let (method, path) = match endpoint {
            Endpoint::Authorize => ("GET", "/oauth/business/authorize"),
            Endpoint::Token => ("POST", "/oauth/business/token"),
            Endpoint::Tokeninfo => ("GET", "/v1/business/tokeninfo"),
            Endpoint::Userinfo => ("GET", "/v1/business/userinfo"),
            Endpoint::Revoke => ("POST", "/v1/business/revoke"),
            Endpoint::Ips => ("GET", "/v1/system/ips"),
        };
        page.push_str(&format!("\n## {}: `{method} {path}`\n\n", endpoint.word()));
        page.push_str("| code | name | standing | by cause | test |\n|---|---|---|---|---|\n");
        for row in Row::of(endpoint) {
            let (standing, cause) = match row {
                Row::Kauth(fault) => (fault.row().standing, provoke_kauth(fault)),
                Row::Kapi(fault) => (fault.row().standing, provoke_kapi(fault)),
            };
            let code = if row.code().is_empty() { "–".to_owned() } else { row.code() };
            let letter = match standing {
                Standing::Documented => "D",
                Standing::Observed => "O",
                Standing::Ours => "C",
            };
            let test = proof(endpoint, row).map_or("by name only".to_owned(), |test| format!("`{test}`"));
            page.push_str(&format!("| {code} | `{}` | {letter} | {cause} | {test} |\n", row.name()));
        }
    }
    page.push_str(&counted());
    page.push_str(NOT_DONE);
    page
}

/// How many rows stand on what.
fn counted() -> String {
    let standings = KauthFault::ALL.iter().map(|fault| fault.row().standing);
    let standings: Vec<Standing> = standings.chain(KapiFault::ALL.iter().map(|fault| fault.row().standing)).collect();
    let n = |wanted| standings.iter().filter(|standing| **standing == wanted).count();
    format!(
        "\nOf the {} rows of the catalogue {} are documented, {} observed, and {} ours.\n",
        standings.len(),
        n(Standing::Documented),
        n(Standing::Observed),
        n(Standing::Ours)
    )
}
