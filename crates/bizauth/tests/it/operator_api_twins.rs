//! Everything a page does the API does: each row of the operator's pages has its twin among the rows of the API.

use std::collections::BTreeSet;

use bizauth::http::operator::{pages_table, v1};

/// A method and a path.
type Row = (&'static str, &'static str);

/// What a page does, and how a program does it. A form of a page has no twin: it is what a program sends.
const TWINS: &[(&str, &str, &[Row])] = &[
    ("GET", "", &[("GET", "/overview")]),
    ("GET", "/accounts", &[("GET", "/accounts")]),
    ("POST", "/accounts/new", &[("POST", "/accounts")]),
    (
        "GET",
        "/accounts/{account}",
        &[
            ("GET", "/accounts/{account}"),
            ("GET", "/accounts/{account}/apps"),
            ("GET", "/accounts/{account}/lent"),
            ("GET", "/accounts/{account}/assets"),
            ("GET", "/accounts/{account}/sessions"),
        ],
    ),
    ("POST", "/accounts/{account}/state", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/centre", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/verified", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/sanction", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/lift", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/make", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/unmake", &[("PATCH", "/accounts/{account}")]),
    ("POST", "/accounts/{account}/password", &[("POST", "/accounts/{account}/password")]),
    ("POST", "/accounts/{account}/factor", &[("DELETE", "/accounts/{account}/second-factor")]),
    ("POST", "/accounts/{account}/end", &[("DELETE", "/accounts/{account}/sessions/{session}")]),
    ("POST", "/accounts/{account}/end-all", &[("DELETE", "/accounts/{account}/sessions")]),
    ("GET", "/apps", &[("GET", "/apps"), ("POST", "/apps/find")]),
    (
        "GET",
        "/apps/{application}",
        &[("GET", "/apps/{app}"), ("GET", "/apps/{app}/keys"), ("GET", "/apps/{app}/tokens")],
    ),
    ("POST", "/apps/{application}/kind", &[("PATCH", "/apps/{app}")]),
    ("POST", "/apps/{application}/sanction", &[("PATCH", "/apps/{app}")]),
    ("POST", "/apps/{application}/lift", &[("PATCH", "/apps/{app}")]),
    ("POST", "/apps/{application}/quota", &[("PATCH", "/apps/{app}")]),
    ("POST", "/apps/{application}/grant", &[("PUT", "/apps/{app}/permissions/{group}")]),
    ("POST", "/apps/{application}/take", &[("DELETE", "/apps/{app}/permissions/{group}")]),
    ("POST", "/apps/{application}/delete", &[("DELETE", "/apps/{app}")]),
    ("GET", "/requests", &[("GET", "/requests")]),
    ("GET", "/requests/{request}", &[("GET", "/requests/{request}")]),
    ("POST", "/requests/{request}/decide", &[("POST", "/requests/{request}/decision")]),
    ("GET", "/catalogue", &[("GET", "/catalogue")]),
    ("POST", "/catalogue/new", &[("PUT", "/catalogue/groups/{group}")]),
    ("GET", "/catalogue/groups/{group}", &[("GET", "/catalogue")]),
    ("POST", "/catalogue/groups/{group}", &[("PUT", "/catalogue/groups/{group}")]),
    ("POST", "/catalogue/groups/{group}/raise", &[("POST", "/catalogue/groups/{group}/raise")]),
    ("POST", "/catalogue/groups/{group}/new", &[("PUT", "/catalogue/items/{item}")]),
    ("GET", "/catalogue/items/{item}", &[("GET", "/catalogue")]),
    ("POST", "/catalogue/items/{item}", &[("PUT", "/catalogue/items/{item}")]),
    ("POST", "/catalogue/items/{item}/raise", &[("POST", "/catalogue/items/{item}/raise")]),
    ("GET", "/assets", &[("GET", "/assets")]),
    ("POST", "/assets/new", &[("PUT", "/assets/{group}/{asset}")]),
    (
        "GET",
        "/assets/{group}/{asset}",
        &[("GET", "/assets/{group}/{asset}"), ("GET", "/assets/{group}/{asset}/holders")],
    ),
    ("POST", "/assets/{group}/{asset}/rename", &[("PUT", "/assets/{group}/{asset}")]),
    ("POST", "/assets/{group}/{asset}/hold", &[("PUT", "/assets/{group}/{asset}/holders/{account}")]),
    ("POST", "/assets/{group}/{asset}/lose", &[("DELETE", "/assets/{group}/{asset}/holders/{account}")]),
    ("POST", "/assets/{group}/{asset}/remove", &[("DELETE", "/assets/{group}/{asset}")]),
    ("GET", "/assets/import", &[("GET", "/imports")]),
    ("POST", "/assets/import", &[("POST", "/imports")]),
    ("GET", "/assets/imports/{import}", &[("GET", "/imports/{import}"), ("GET", "/imports/{import}/refusals")]),
    ("POST", "/assets/imports/{import}/apply", &[("POST", "/imports/{import}/apply")]),
    ("GET", "/ip-list", &[("GET", "/ip-list"), ("GET", "/ip-list/versions")]),
    ("GET", "/ip-list/versions/{serial}", &[("GET", "/ip-list/versions/{serial}"), ("GET", "/ip-list/diff")]),
    ("GET", "/ip-list/preview", &[("GET", "/ip-list")]),
    ("GET", "/ip-list/draft", &[("GET", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/publish", &[("POST", "/ip-list/versions")]),
    ("POST", "/ip-list/draft/discard", &[("DELETE", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/new", &[("PUT", "/ip-list/draft")]),
    ("GET", "/ip-list/draft/{list}/{place}", &[("GET", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/{list}/{place}", &[("PUT", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/{list}/{place}/remove", &[("PUT", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/{list}/{place}/new", &[("PUT", "/ip-list/draft")]),
    ("GET", "/ip-list/draft/{list}/{place}/{change}/{nth}", &[("GET", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/{list}/{place}/{change}/{nth}", &[("PUT", "/ip-list/draft")]),
    ("POST", "/ip-list/draft/{list}/{place}/{change}/{nth}/remove", &[("PUT", "/ip-list/draft")]),
    ("GET", "/ip-list/webhooks", &[("GET", "/ip-list/webhooks")]),
    ("POST", "/ip-list/webhooks/new", &[("POST", "/ip-list/webhooks")]),
    ("GET", "/ip-list/webhooks/{webhook}", &[("GET", "/ip-list/webhooks/{webhook}/deliveries")]),
    ("POST", "/ip-list/webhooks/{webhook}/remove", &[("DELETE", "/ip-list/webhooks/{webhook}")]),
    (
        "POST",
        "/ip-list/webhooks/{webhook}/retry",
        &[("POST", "/ip-list/webhooks/{webhook}/deliveries/{delivery}/retry")],
    ),
    ("GET", "/platform", &[("GET", "/maintenance"), ("GET", "/settings")]),
    ("POST", "/platform/close", &[("PUT", "/maintenance")]),
    ("POST", "/platform/open", &[("PUT", "/maintenance")]),
    ("GET", "/keys", &[("GET", "/keys")]),
    ("POST", "/keys/new", &[("POST", "/keys")]),
    ("POST", "/keys/{key}/revoke", &[("DELETE", "/keys/{key}")]),
    ("GET", "/audit", &[("GET", "/audit")]),
    ("GET", "/audit/export", &[("GET", "/audit/export")]),
    ("GET", "/audit/verify", &[("GET", "/audit/head"), ("GET", "/audit/verdict")]),
];

/// Pages that hold nothing but an empty form.
const FORMS: [&str; 8] = [
    "/accounts/new",
    "/catalogue/new",
    "/catalogue/groups/{group}/new",
    "/assets/new",
    "/keys/new",
    "/ip-list/draft/new",
    "/ip-list/draft/{list}/{place}/new",
    "/ip-list/webhooks/new",
];

#[test]
fn every_page_and_action_has_its_twin() {
    let routed: BTreeSet<(String, String)> =
        v1::table().iter().map(|rule| (rule.method.to_string(), rule.path.to_owned())).collect();
    let mut paired = BTreeSet::new();
    for (method, page, twins) in TWINS {
        assert!(!twins.is_empty(), "{method} {page}");
        for (method, path) in *twins {
            let twin = ((*method).to_owned(), format!("/operator/v1{path}"));
            assert!(routed.contains(&twin), "the twin {twin:?} of {page} is not there");
        }
        assert!(paired.insert(((*method).to_owned(), format!("/operator{page}"))), "{method} {page} twice");
    }
    let forms: BTreeSet<String> = FORMS.iter().map(|page| format!("/operator{page}")).collect();
    let pages: BTreeSet<(String, String)> = pages_table()
        .iter()
        .map(|rule| (rule.method.to_string(), rule.path.to_owned()))
        .filter(|(method, path)| method == "POST" || !forms.contains(path))
        .collect();
    assert_eq!(paired, pages, "a page without a twin, or a twin of no page");
}
