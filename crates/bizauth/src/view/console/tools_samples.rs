//! The pages of the tools, filled with what real ones hold.

use askama::Template;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_core::time::Time;
use jiff::civil::date;

use super::*;
use crate::usage::Endpoint;
use crate::view::Frame;
use crate::view::chart::{Bar, Chart};
use crate::view::kit::{Crumb, Fields, Pick, Post};

type Framed<'a> = &'a dyn Fn(&str) -> Frame;
type Rendered = (&'static str, Result<String, askama::Error>);

fn framed(frame: Framed<'_>, here: &str) -> Frame {
    let head = AppHead {
        id: AppId(5),
        name: "리포트 스튜디오".to_owned(),
        icon: None,
        kind: AppKind::Biz,
        sanctioned: false,
        role: Role::Owner,
    };
    app_sections(frame(here), &head)
}

fn keys() -> Vec<Pick> {
    vec![Pick::new("71", "운영 서버 · 3f786850…"), Pick::new("72", "Key 8843d7f9 (disabled)")]
}

fn field(name: &'static str, field: &'static str, part: &'static str, required: bool, input: Input) -> FieldView {
    FieldView { name, field, kind: "String", part, required, input }
}

fn test(frame: Framed<'_>, endpoint: Endpoint, fields: Fields, parameters: Vec<FieldView>) -> TestPage {
    let api = |known: Endpoint| ApiLink {
        method: if matches!(known, Endpoint::Token | Endpoint::Revoke) { "POST" } else { "GET" },
        endpoint: known,
        current: known == endpoint,
    };
    TestPage {
        frame: framed(frame, &format!("/console/apps/5/test?api={}", endpoint.word())),
        path: "/console/apps/5/test".to_owned(),
        endpoint,
        apis: Endpoint::ALL.map(api).into(),
        token: String::new(),
        issued: false,
        open: Post::new("/console/apps/5/test", "token"),
        send: Post::new("/console/apps/5/test/send", "token"),
        fields,
        parameters,
        answer: None,
        link: None,
        curl: None,
    }
}

fn answer(frame: &Frame, status: &str, body: &str, fault: Option<(&str, &str)>) -> AnswerView {
    AnswerView {
        status: status.to_owned(),
        good: fault.is_none(),
        took: "1.4".to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/json;charset=UTF-8".to_owned()),
            ("cache-control".to_owned(), "no-store".to_owned()),
        ],
        body: body.to_owned(),
        cut: false,
        refusal: fault.and_then(|(door, name)| errors::named(frame, door, name)),
    }
}

const TOKEN: &str = "bzt_AAAAAAAAAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";

fn tests(frame: Framed<'_>) -> Vec<Rendered> {
    let token = || vec![field("Authorization", "token", "Header", true, Input::Text)];
    let empty = test(frame, Endpoint::Tokeninfo, Fields::new(), token());
    let mut told = test(frame, Endpoint::Tokeninfo, Fields::typed([("token", TOKEN)]), token());
    told.token = TOKEN.to_owned();
    let mut issued = test(frame, Endpoint::Tokeninfo, Fields::typed([("token", TOKEN)]), token());
    issued.show_issued(TOKEN.to_owned());
    let body = "{\n  \"id\": \"7223372036854775\",\n  \"biz_agreements\": [\n    {\n      \"group\": \"moment\",\n      \
                \"scope\": [\n        \"moment_management\"\n      ]\n    }\n  ],\n  \"status\": \"ACTIVE\"\n}";
    told.answer = Some(answer(&told.frame, "200 OK", body, None));
    told.curl = Some(
        "curl -X GET 'https://kapi.example.com/v1/business/tokeninfo' \\\n  -H \"Authorization: Bearer \
         ${BUSINESS_TOKEN}\""
            .to_owned(),
    );
    let mut dead = test(frame, Endpoint::Revoke, Fields::typed([("token", TOKEN)]), token());
    dead.token = TOKEN.to_owned();
    let body = "{\n  \"msg\": \"this access token does not exist\",\n  \"code\": -401\n}";
    dead.answer = Some(answer(&dead.frame, "401 Unauthorized", body, Some(("kapi", "NoSuchToken"))));
    let parameters = vec![
        field("client_id", "key", "Query", true, Input::Choice(keys())),
        field("redirect_uri", "redirect_uri", "Query", true, Input::Text),
        field("scope", "scope", "Query", true, Input::Text),
        field("state", "state", "Query", false, Input::Text),
        field("resource_ids", "resource_ids", "Query", false, Input::Lines),
    ];
    let typed = Fields::typed([("key", "71"), ("redirect_uri", "https://app.report-studio.example/callback")]);
    let mut authorize = test(frame, Endpoint::Authorize, typed, parameters);
    authorize.link = Some(
        "https://kauth.example.com/oauth/business/authorize?client_id=3f786850e387550fdab836ed7e6dc881&response_type=\
         code&redirect_uri=https%3A%2F%2Fapp.report-studio.example%2Fcallback&scope=moment_management"
            .to_owned(),
    );
    let parameters = vec![
        field("client_id", "key", "Body", true, Input::Choice(keys())),
        field("code", "code", "Body", true, Input::Text),
        field("client_secret", "client_secret", "Body", false, Input::Secret),
    ];
    let mut refused = test(frame, Endpoint::Token, Fields::new(), parameters);
    for name in ["key", "code"] {
        let sentence = refused.missing(if name == "key" { "client_id" } else { name });
        refused.fields.refuse(name, sentence);
    }
    vec![
        ("test-empty", empty.render()),
        ("test-answered", told.render()),
        ("test-issued", issued.render()),
        ("test-dead", dead.render()),
        ("test-authorize", authorize.render()),
        ("test-refused", refused.render()),
    ]
}

fn issue(frame: Framed<'_>, fields: Fields) -> IssuePage {
    let frame = framed(frame, "/console/apps/5/test/issue");
    let pick = |id: &str| Pick::new(id, frame.words.item_name(id, frame.language).unwrap_or_default());
    let group = |id: &str, items: &[&str]| IssueGroup {
        id: id.to_owned(),
        name: frame.words.group_name(id, frame.language).unwrap_or_default(),
        items: items.iter().map(|item| pick(item)).collect(),
        assets: (id != "personal").then(|| format!("assets.{id}")),
        all: format!("all.{id}"),
        needs_all: items.iter().filter(|item| **item == "moment_create").map(|item| (*item).to_owned()).collect(),
    };
    IssuePage {
        app: "/console/apps/5".to_owned(),
        fields,
        post: Post::new("/console/apps/5/test/issue", "token"),
        keys: keys(),
        groups: vec![
            group("personal", &["biz_account_email"]),
            group("moment", &["moment_create", "moment_management", "moment_delete"]),
            group("keyword", &["keyword_management"]),
        ],
        register: None,
        callback: "https://auth.example.com/console/test/callback".to_owned(),
        idle_days: 365,
        frame,
    }
}

fn issues(frame: Framed<'_>) -> Vec<Rendered> {
    let first = issue(frame, Fields::typed([("key", "71")]));
    let mut refused = issue(frame, Fields::typed([("key", "71"), ("item", "moment_create"), ("assets.moment", "11")]));
    refused.register = Some(Register {
        post: Post::new("/console/apps/5/test/register", "token"),
        key: "71".to_owned(),
        key_name: "운영 서버 · 3f786850…".to_owned(),
    });
    refused.refuse_unregistered();
    refused.refuse("item", "KOE233", "");
    refused.refuse_both("assets.moment");
    let mut keyless = issue(frame, Fields::new());
    keyless.keys.clear();
    let mut bare = issue(frame, Fields::new());
    bare.groups.clear();
    vec![
        ("issue", first.render()),
        ("issue-refused", refused.render()),
        ("issue-no-key", keyless.render()),
        ("issue-no-items", bare.render()),
    ]
}

fn redeems(frame: Framed<'_>) -> Vec<Rendered> {
    let page = |code: Option<&str>| RedeemPage {
        frame: framed(frame, "/console/apps/5/test/issue"),
        again: "/console/apps/5/test/issue".to_owned(),
        code: code.map(str::to_owned),
        verifier: None,
        error: None,
        key: "71".to_owned(),
        key_name: "운영 서버 · 3f786850…".to_owned(),
        secret_on: true,
        fields: Fields::new(),
        post: Post::new("/console/apps/5/test/redeem", "token"),
        answer: None,
    };
    let code = Some("bzc_AAAAAAAAAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ");
    let mut wrong = page(code);
    wrong.refuse_secret();
    let body = "{\n  \"error\": \"invalid_client\",\n  \"error_description\": \"Bad client credentials\"\n}";
    wrong.answer = Some(answer(&wrong.frame, "401 Unauthorized", body, Some(("kauth", "BadClientSecret"))));
    let error = Some(("access_denied".to_owned(), "User denied access".to_owned()));
    vec![
        ("redeem", page(code).render()),
        ("redeem-wrong", wrong.render()),
        ("redeem-declined", RedeemPage { error, ..page(None) }.render()),
        ("redeem-open", RedeemPage { secret_on: false, ..page(code) }.render()),
        (
            "redeem-pkce",
            RedeemPage { verifier: Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned()), ..page(code) }
                .render(),
        ),
    ]
}

fn usages(frame: Framed<'_>) -> Vec<Rendered> {
    let page = |days: i64, busy: bool| {
        let frame = framed(frame, &format!("/console/apps/5/usage?days={days}"));
        let bars = |series: usize, least: u64| -> Vec<Bar> {
            let first = date(2026, 11, 21).saturating_sub(jiff::Span::new().days(days - 1));
            let part = |day: u64, n: u64| if busy { (day * 37 + n * 11) % 90 * least / (n * n + 1) } else { 0 };
            let bar = |day: i64| Bar {
                day: first.saturating_add(jiff::Span::new().days(day)),
                parts: (0..series as u64).map(|n| part(day.unsigned_abs(), n)).collect(),
            };
            (0..days).map(bar).collect()
        };
        let series = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let words: Vec<&str> = Endpoint::ALL.into_iter().map(Endpoint::word).collect();
        let calls = Chart { id: "calls", series: series(&words), bars: bars(6, 120), ..Chart::default() };
        let codes = ["KOE320", "-401", "-10"];
        let refusals = Chart { id: "refusals", series: series(&codes), bars: bars(3, 1), ..Chart::default() };
        let line = |(door, name, endpoint): (&str, &str, &str)| {
            let row = errors::named(&frame, door, name).expect("a row of the catalogue");
            ErrorLine {
                code: row.code,
                title: row.words.title,
                href: errors::address(name),
                endpoint: endpoint.to_owned(),
                calls: "1,204".to_owned(),
                last: Bar { day: date(2026, 11, 20), parts: Vec::new() },
                sort: 0,
            }
        };
        let lines = [
            ("kapi", "NoSuchToken", "tokeninfo"),
            ("kauth", "CodeNotFound", "token"),
            ("kapi", "QuotaExceeded", "userinfo"),
        ];
        UsagePage {
            path: "/console/apps/5/usage".to_owned(),
            test: "/console/apps/5/test".to_owned(),
            days,
            zone: "Asia/Seoul".to_owned(),
            spans: [7, 30, 90].map(|span| (span, span == days)).to_vec(),
            calls: UsagePage::titled(&frame, calls),
            refusals: UsagePage::titled(&frame, refusals),
            errors: if busy { lines.map(line).into() } else { Vec::new() },
            quota: busy.then(|| Quota {
                most: 100_000,
                used: 62_480,
                anew_at: Time::from_millis(1_795_305_600_000).into(),
            }),
            frame,
        }
    };
    vec![
        ("usage-7", page(7, true).render()),
        ("usage-30", page(30, true).render()),
        ("usage-90", page(90, true).render()),
        ("usage-none", page(30, false).render()),
    ]
}

/// Every page of the tools: a name and the page.
pub(in crate::view) fn all(frame: Framed<'_>) -> Vec<Rendered> {
    let errors = |typed: &str| {
        let frame = frame("/console/errors");
        let console = Crumb::new(frame.say("nav-console"), "/console");
        ErrorsPage::new(frame.below([console]), typed, Post::new("/console/errors", "token")).render()
    };
    let looks = vec![
        ("errors-all", errors("")),
        ("errors-found", errors("KOE320")),
        ("errors-none", errors("\"><script>KOE999")),
    ];
    [tests(frame), issues(frame), redeems(frame), usages(frame), looks].into_iter().flatten().collect()
}
