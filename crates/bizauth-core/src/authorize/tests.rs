//! The authorize checks as tables: each code, and the order in which they come.

use proptest::prelude::*;

use super::*;
use crate::app::{App, AppKind};
use crate::id::{AppId, KeyId, UserId};
use crate::key::Key;

const URI: &str = "https://a.example/cb";

fn client() -> Client {
    let app = App {
        id: AppId(1),
        name: "Ad report".to_owned(),
        company: "Example".to_owned(),
        kind: AppKind::Biz,
        parent_is_biz: false,
        sanctioned: false,
        era: 0,
        daily_quota: None,
        icon: None,
    };
    let key = Key {
        id: KeyId(1),
        app: AppId(1),
        kind: KeyKind::RestApi,
        disabled: false,
        secret_on: true,
        secrets: Vec::new(),
        callers: Vec::new(),
        may_read_ips: true,
        pkce_required: false,
    };
    let items = Catalogue::platform().items.into_iter().map(|item| item.id);
    Client {
        app,
        key,
        redirect_uris: vec![URI.to_owned()],
        items: items.filter(|id| id.0 != "keyword_delete").collect(),
        permissions: vec!["moment".into()],
    }
}

/// The code of the refusal, `>` before it if it redirects; or what was asked.
fn verdict(query: &str, client: Option<&Client>) -> String {
    match Query::read(query).judge(client, &Catalogue::platform(), false) {
        Ok(asked) => {
            format!("{} {:?}", joined(&asked.items, ","), asked.wanted.iter().map(|w| &w.1).collect::<Vec<_>>())
        }
        Err(Refused::Page(refusal)) => refusal.fault.row().code.to_owned(),
        Err(Refused::Redirect(to, state, refusal)) => {
            assert_eq!(to.uri(), URI);
            format!(">{} {}", refusal.fault.row().code, state.map(|s| s.to_query()).unwrap_or_default())
        }
    }
}

fn query(rest: &str) -> String {
    format!("client_id=k&response_type=code&redirect_uri=https%3A%2F%2Fa.example%2Fcb&{rest}")
}

#[test]
fn parameters_are_judged_by_the_rules_of_the_documents() {
    let client = client();
    for (rest, says) in [
        ("scope=moment_management", "moment_management [Choice]"),
        ("scope=moment_management,keyword_management", "moment_management,keyword_management [Choice, Choice]"),
        ("scope=moment_management%20moment_delete", "moment_management,moment_delete [Choice]"),
        ("scope=moment_management,moment_management", "moment_management [Choice]"),
        (
            "scope=moment_management&resource_ids=moment:1&resource_ids=moment:2",
            "moment_management [Named([AssetId(\"1\"), AssetId(\"2\")])]",
        ),
        ("scope=moment_management&resource_ids=moment:*", "moment_management [All]"),
        ("scope=moment_create&resource_ids=moment%3A*", "moment_create [All]"),
        ("scope=biz_account_email,keyword_management", "biz_account_email,keyword_management [Choice]"),
        // KOE232: missing, unknown, switched off.
        ("", "KOE232"),
        ("scope=", "KOE232"),
        ("scope=moment_fly", "KOE232"),
        ("scope=keyword_delete", "KOE232"),
        ("scope=MOMENT_MANAGEMENT", "KOE232"),
        // KOE233: the e-mail alone, _create without a star, resource_ids, unknown, repeated, malformed.
        ("scope=biz_account_email", "KOE233"),
        ("scope=moment_create", "KOE233"),
        ("scope=moment_create,moment_management&resource_ids=moment:1", "KOE233"),
        ("scope=moment_create&resource_ids=keyword:*", "KOE233"),
        ("scope=moment_create,keyword_create&resource_ids=moment:*", "KOE233"),
        ("scope=moment_management&resource_ids=moment", "KOE233"),
        ("scope=moment_management&resource_ids=", "KOE233"),
        ("scope=moment_management&resource_ids=keyword:1", "KOE233"),
        ("scope=moment_management,biz_account_email&resource_ids=personal:*", "KOE233"),
        ("scope=moment_management&resource_ids=moment:*&resource_ids=moment:1", "KOE233"),
        ("scope=moment_management&utm=1", "KOE233"),
        ("scope=moment_management&scope=moment_delete", "KOE233"),
        ("scope=moment_management&client_id=k", "KOE233"),
        ("scope=moment_management&state=%00", "KOE233"),
        ("scope=moment_management&state=%ff", "KOE233"),
        ("scope=moment_management&%ff=1", "KOE233"),
        ("scope=moment_management&code_challenge=short&code_challenge_method=S256", "KOE233"),
        ("scope=moment_management&code_challenge_method=S256", "KOE233"),
        ("scope=moment_management&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "KOE233"),
        (
            "scope=moment_management&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=plain",
            "KOE233",
        ),
    ] {
        assert_eq!(verdict(&query(rest), Some(&client)), says, "{rest}");
    }
    let long = query(&format!("scope=moment_management&state={}", "x".repeat(2049)));
    assert_eq!(verdict(&long, Some(&client)), "KOE233");
}

const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

#[test]
fn a_key_may_require_a_challenge() {
    let mut client = client();
    client.key.pkce_required = true;
    let bare = query("scope=keyword_management");
    let refused = Query::read(&bare).judge(Some(&client), &Catalogue::platform(), false);
    let why = "code_challenge is missing: this REST API key requires PKCE";
    assert_eq!(refused, Err(Refused::Page(KauthFault::BadAuthorizeParameter.about(why))));
    assert_eq!(verdict(&format!("{bare}&{CHALLENGE}"), Some(&client)), "keyword_management [Choice]");
    for half in [
        "code_challenge=&code_challenge_method=S256",
        "code_challenge_method=S256",
        &CHALLENGE.replace("S256", "plain"),
        &CHALLENGE.replace("code_", "Code_"),
    ] {
        assert_eq!(verdict(&format!("{bare}&{half}"), Some(&client)), "KOE233", "{half}");
    }
    // It is a part of check 9: what comes before it is told first.
    assert_eq!(verdict(&query("scope=fly"), Some(&client)), "KOE232");
}

/// Each query breaks one more rule than the next, from the last check to the first.
#[test]
fn the_checks_come_in_the_contracts_order() {
    let good = client();
    assert_eq!(verdict(&query("scope=keyword_management&x=1"), Some(&good)), "KOE233");
    assert_eq!(verdict(&query("scope=fly&x=1"), Some(&good)), "KOE232");
    let token = "client_id=k&redirect_uri=https://a.example/cb&scope=moment_fly,moment_delete&x=1&state=a%2Bb+c&response_type=token";
    assert_eq!(verdict(token, Some(&good)), ">KOE201 state=a%2Bb+c");
    let mut client = good;
    client.permissions.clear();
    assert_eq!(verdict(token, Some(&client)), "KOE124");
    client.app.kind = AppKind::Basic;
    assert_eq!(verdict(token, Some(&client)), "KOE123");
    assert_eq!(verdict(&token.replace("/cb", "/cb/"), Some(&client)), "KOE028");
    client.app.sanctioned = true;
    assert_eq!(verdict(&token.replace("/cb", "/cb/"), Some(&client)), "KOE125");
    client.key.kind = KeyKind::Admin;
    assert_eq!(verdict(token, Some(&client)), "KOE008");
    assert_eq!(verdict(token, None), "KOE101");
}

#[test]
fn a_test_app_counts_as_biz_if_its_parent_does() {
    let mut client = client();
    client.app.kind = AppKind::Test;
    assert_eq!(verdict(&query("scope=keyword_management"), Some(&client)), "KOE123");
    client.app.parent_is_biz = true;
    assert_eq!(verdict(&query("scope=keyword_management"), Some(&client)), "keyword_management [Choice]");
}

#[test]
fn a_person_is_judged_in_the_contracts_order() {
    let user = User {
        id: UserId(1),
        email: "kim@example.com".to_owned(),
        email_verified: true,
        state: UserState::Active,
        in_business_centre: true,
        era: 0,
    };
    let mut client = client();
    let text = query("scope=moment_management,keyword_create&resource_ids=moment:1&resource_ids=keyword:*");
    let asked = Query::read(&text).judge(Some(&client), &Catalogue::platform(), false).unwrap();
    assert_eq!(asked.named(), [("moment".into(), AssetId("1".to_owned()))]);
    let mut person = Person {
        user,
        is_member: false,
        holds_any: true,
        lendable_groups: Vec::new(),
        lendable_named: vec![("moment".into(), AssetId("1".to_owned()))],
        issued_today: 0,
    };
    let judge = |client: &Client, person: &Person, limit| asked.admit(client, person, limit).map_err(|r| r.fault);
    assert_eq!(judge(&client, &person, 1), Ok(()));
    person.issued_today = 1;
    assert_eq!(judge(&client, &person, 0), Ok(()), "0 is no limit");
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::IssuanceLimit));
    person.lendable_named.clear();
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::NoBusinessAsset));
    person.holds_any = false;
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::NoBusinessAsset));
    person.user.state = UserState::Dormant;
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::AccountNotActive));
    person.user.in_business_centre = false;
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::NotBusinessUser));
    client.app.kind = AppKind::Test;
    assert_eq!(judge(&client, &person, 1), Err(KauthFault::NotMember));
}

#[test]
fn a_request_can_be_made_anew() {
    let client = client();
    for rest in [
        "scope=moment_management,keyword_management&resource_ids=moment:1&resource_ids=moment:2&state=a%2Bb+c",
        "scope=biz_account_email,moment_create&resource_ids=moment:*",
        "scope=keyword_management&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    ] {
        let judge = |query: &str| Query::read(query).judge(Some(&client), &Catalogue::platform(), false).unwrap();
        let asked = judge(&query(rest));
        assert_eq!(judge(&asked.to_query("k")), asked, "{rest}");
    }
}

#[test]
fn a_state_goes_back_as_it_came() {
    for (sent, back) in [("a+b%20c%2B", "state=a+b%20c%2B"), ("", "state="), ("한 #", "state=%ED%95%9C%20%23")] {
        assert_eq!(State(sent.to_owned()).to_query(), back);
    }
}

proptest! {
    #[test]
    fn judging_any_query_never_panics(rest in "[a-z_=&%:*,+0-9가-힣]{0,120}") {
        let client = client();
        let _ = verdict(&query(&rest), Some(&client));
        let _ = verdict(&rest, Some(&client));
    }

    /// A switch that only ever refuses: what a key that requires a challenge lets through has one, and would have been let
    /// through without the switch, to the same effect.
    #[test]
    fn whoever_requires_a_challenge_gets_one_and_nothing_else_changes(
        rest in "(scope=[a-z_,]{0,20}|scope=keyword_management)(&state=[a-z]{0,4})?",
        parts in proptest::sample::subsequence(CHALLENGE.split('&').collect::<Vec<_>>(), 0..3),
    ) {
        let text = query(&[vec![rest.as_str()], parts.clone()].concat().join("&"));
        let judge = |client: &Client| Query::read(&text).judge(Some(client), &Catalogue::platform(), false);
        let free = client();
        let mut strict = client();
        strict.key.pkce_required = true;
        match judge(&strict) {
            Ok(asked) => {
                prop_assert!(asked.challenge.is_some());
                prop_assert_eq!(judge(&free), Ok(asked));
            }
            Err(_) => prop_assert!(parts.is_empty() || judge(&free).is_err()),
        }
    }

    /// Whatever is granted was asked for in a form the documents allow.
    #[test]
    fn create_is_never_asked_without_a_star(
        scopes in proptest::sample::subsequence(vec!["moment_create", "moment_management", "keyword_create", "biz_account_email"], 0..4),
        resources in proptest::sample::subsequence(vec!["moment:*", "moment:7", "keyword:*", "keyword:8"], 0..4),
    ) {
        let mut rest = format!("scope={}", scopes.join(","));
        for resource in &resources {
            rest.push_str(&format!("&resource_ids={resource}"));
        }
        let client = client();
        if let Ok(asked) = Query::read(&query(&rest)).judge(Some(&client), &Catalogue::platform(), false) {
            for group in ["moment", "keyword"] {
                let creates = scopes.contains(&format!("{group}_create").as_str());
                let all = asked.wanted.iter().any(|(g, w)| g.0 == group && *w == Wanted::All);
                prop_assert!(!creates || all);
            }
            prop_assert!(asked.items.iter().any(|item| item.0 != "biz_account_email"));
        }
    }
}
