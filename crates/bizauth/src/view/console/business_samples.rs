//! The pages of keys, consent items and tokens, filled with what real ones hold.

use askama::Template;
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_core::key::KeyKind;
use bizauth_core::time::Time;
use bizauth_core::token::{Ending, Standing};
use bizauth_store::EndedBy;

use super::*;
use crate::view::Frame;
use crate::view::kit::{Fields, Pager, Pick, Post, When};

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

fn post(end: &str) -> Post {
    Post::new(format!("/console/apps/5/{end}"), "token")
}

fn when(days: i64) -> When {
    Time::from_millis(1_773_446_730_000 + days * 86_400_000).into()
}

fn keys(frame: Framed<'_>) -> KeysPage {
    let frame = framed(frame, "/console/apps/5/keys");
    let row = |id: u32, name: &str, disabled| KeyRow {
        id: id.to_string(),
        name: name.to_owned(),
        value: Some(format!("3f786850e387550fdab836ed7e6dc8{id:02x}")),
        state: key_badge(&frame, disabled),
        created: when(0),
        used: (!disabled).then(|| when(3)),
    };
    let admin = KeyRow {
        value: None, ..row(20, "정산 서버 (야간 배치, 결제 대사와 월말 보고서 전용)", false)
    };
    let kinds = vec![
        KindView { kind: KeyKind::RestApi, rows: vec![row(17, "운영 서버", false), row(18, "Old server", true)] },
        KindView { kind: KeyKind::Native, rows: Vec::new() },
        KindView { kind: KeyKind::JavaScript, rows: (1..=5).map(|n| row(n, "web", false)).collect() },
        KindView { kind: KeyKind::Admin, rows: vec![admin] },
    ];
    let pick =
        |kind: KeyKind| Pick::new(kind.word(), frame.say(kind_key(kind))).hinted(frame.part(kind_key(kind), "about"));
    KeysPage {
        path: "/console/apps/5/keys".to_owned(),
        kinds,
        create: post("keys/create"),
        fields: Fields::typed([("kind", "rest_api")]).for_form("create"),
        picks: KeyKind::ALL.map(pick).into(),
        frame,
    }
}

fn key(frame: Framed<'_>, kind: KeyKind) -> KeyPage {
    let frame = framed(frame, "/console/apps/5/keys/17");
    let fields = |form: &str| Fields::new().for_form(form);
    let uri = |uri: &str| UriRow { uri: uri.to_owned(), remove: post("keys/17/redirect-uris/remove") };
    let rest = || RestView {
        uris: vec![
            uri("https://app.report-studio.example/oauth/business/callback"),
            uri("http://localhost:3000/callback"),
        ],
        add: (post("keys/17/redirect-uris/add"), fields("redirect")),
        secret_on: true,
        has_secret: true,
        switch: (post("keys/17/secret/off"), fields("switch")),
        issue: (post("keys/17/secret/issue"), Fields::typed([("overlap", "1d")]).for_form("issue")),
        seen: "mark".to_owned(),
        overlaps: vec![Pick::new("none", frame.say("overlap-none")), Pick::new("1d", frame.say("overlap-day"))],
        overlap: Some((when(9), post("keys/17/secret/end-overlap"))),
        pkce: (false, post("keys/17/pkce")),
        callers: (post("keys/17/callers"), Fields::typed([("callers", "203.0.113.0/24")]).for_form("allowed")),
        left_out: Some("198.51.100.7".to_owned()),
    };
    KeyPage {
        kind,
        id: "17".to_owned(),
        name: "운영 서버".to_owned(),
        value: (kind != KeyKind::Admin).then(|| "3f786850e387550fdab836ed7e6dc881".to_owned()),
        disabled: false,
        created: when(0),
        used: Some(when(3)),
        shown: None,
        rename: (post("keys/17/rename"), Fields::typed([("name", "운영 서버")]).for_form("rename")),
        switch: post("keys/17/disable"),
        delete: (post("keys/17/delete"), fields("delete")),
        confirm: "운영 서버".to_owned(),
        rest: (kind == KeyKind::RestApi).then(rest),
        ips: (kind == KeyKind::Admin).then(|| (true, post("keys/17/system-ips"))),
        frame,
    }
}

fn items(frame: Framed<'_>) -> ItemsPage {
    let frame = framed(frame, "/console/apps/5/items");
    let row = |id: &str| ItemRow {
        id: id.to_owned(),
        name: frame.words.item_name(id, frame.language).expect("a built-in item"),
        about: frame.words.item_about(id, frame.language).expect("a built-in item"),
        risk: bizauth_core::scope::Risk::of(id)
            .map(|risk| crate::view::named::risk_text(&frame.words, frame.language, risk)),
        needs_all: id.ends_with("_create"),
        never_alone: id.starts_with("biz_"),
    };
    let group = |id: &str, items: &[&str], permission| ItemGroup {
        id: id.to_owned(),
        name: frame.words.group_name(id, frame.language).expect("a built-in group"),
        items: items.iter().map(|item| row(item)).collect(),
        permission,
        ask: (post("permissions/request"), Fields::new().for_form(&format!("ask-{id}"))),
    };
    let purpose = "여러 매장의 광고 성과를 한 화면에 모으고, 예산이 바닥나기 전에 알려 드립니다.";
    let asked = Permission::Asked(when(1), purpose.to_owned(), post("permissions/8/withdraw"));
    let groups = vec![
        group("personal", &["biz_account_email"], Permission::NotNeeded),
        group("moment", &["moment_create", "moment_management", "moment_delete"], asked),
        group("keyword", &["keyword_management"], Permission::Refused(when(2), "어떤 매장에서 쓰나요?".to_owned())),
    ];
    ItemsPage {
        app_path: "/console/apps/5".to_owned(),
        is_biz: true,
        biz_asked: None,
        groups,
        save: post("items"),
        fields: Fields::typed([("on.moment_management", "yes"), ("purpose.moment_management", purpose)]),
        seen: "mark".to_owned(),
        meanwhile: false,
        frame,
    }
}

fn token(frame: Framed<'_>, standing: Standing) -> TokenPage {
    let frame = framed(frame, "/console/apps/5/tokens/29114183680001029");
    let lent = |asset: Option<(&str, &str)>, still| LentRow {
        asset: asset.map(|(id, name)| (id.to_owned(), name.to_owned())),
        still,
    };
    let item = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    let groups = vec![
        AgreedGroup {
            name: "Kakao Moment".to_owned(),
            items: vec![item("광고 운영과 조회", "moment_management"), item("광고계정 삭제", "moment_delete")],
            has_assets: true,
            lent: vec![lent(Some(("704512", "달빛상점 본점")), true), lent(Some(("704513", "강남점")), false)],
        },
        AgreedGroup {
            name: "Keyword".to_owned(),
            items: vec![item("광고 운영과 조회", "keyword_management")],
            has_assets: true,
            lent: vec![lent(None, true)],
        },
    ];
    TokenPage {
        id: "29114183680001029".to_owned(),
        user: "29114183680001028".to_owned(),
        of_user: "/console/apps/5/tokens?q=29114183680001028".to_owned(),
        standing,
        ended_by: matches!(standing, Standing::Ended(_)).then(|| EndedBy::Member("kim@example.com".to_owned())),
        key: ("운영 서버".to_owned(), Some("/console/apps/5/keys/17".to_owned())),
        agreed: when(0),
        used: when(3),
        updated: when(0),
        groups,
        paged: true,
        pager: Pager { newer: None, older: Some("/console/apps/5/tokens/29114183680001029?after=50".to_owned()) },
        revoke: (post("tokens/29114183680001029/revoke"), Fields::new().for_form("revoke")),
        frame,
    }
}

fn tokens(frame: Framed<'_>, search: &str, rows: usize) -> TokensPage {
    let frame = framed(frame, "/console/apps/5/tokens");
    let standings = [Standing::Active, Standing::Unused, Standing::AppSanctioned, Standing::NotMember];
    let row = |n: usize| TokenRow {
        id: (29_114_183_680_001_029 - n).to_string(),
        user: "29114183680001028".to_owned(),
        agreed: when(0),
        used: when(3),
        state: token_badge(&frame, standings[n % 4]),
    };
    TokensPage {
        path: "/console/apps/5/tokens".to_owned(),
        search: search.to_owned(),
        not_a_number: search == "x",
        rows: (0..rows).map(row).collect(),
        pager: Pager { newer: None, older: (rows > 0).then(|| "/console/apps/5/tokens?before=1".to_owned()) },
        frame,
    }
}

/// Every sample.
pub(in crate::view) fn all(frame: Framed<'_>) -> Vec<Rendered> {
    let mut refused = key(frame, KeyKind::RestApi);
    if let Some(rest) = &mut refused.rest {
        rest.add.1 = Fields::typed([("uri", "https://a.example/cb#x")]).for_form("redirect");
        let told = refused.frame.say("uri-fragment");
        rest.add.1.refuse("uri", told);
        rest.secret_on = false;
        rest.pkce.0 = true;
        rest.has_secret = false;
        rest.overlap = None;
        rest.uris.clear();
    }
    refused.disabled = true;
    let made = KeyPage { shown: Some("q7XkP2mNz8RtYv4LsWc9Bd6FhJgA3eUi".to_owned()), ..key(frame, KeyKind::Admin) };
    let mut wrong = items(frame);
    let told = wrong.frame.fill("item-purpose-missing", "name", "x");
    wrong.fields.refuse("purpose.moment_management", told);
    (wrong.is_biz, wrong.meanwhile) = (false, true);
    wrong.groups[1].permission = Permission::NotAsked;
    wrong.groups[2].permission = Permission::Granted(Some((when(3), "보고서에만 쓰세요.".to_owned())));
    wrong.biz_asked = Some(when(2));
    vec![
        ("console-keys", keys(frame).render()),
        ("console-key", key(frame, KeyKind::RestApi).render()),
        ("console-key-refused", refused.render()),
        ("console-key-admin", made.render()),
        ("console-items", items(frame).render()),
        ("console-items-refused", wrong.render()),
        ("console-tokens", tokens(frame, "", 6).render()),
        ("console-tokens-none", tokens(frame, "", 0).render()),
        ("console-tokens-not-found", tokens(frame, "29", 0).render()),
        ("console-tokens-not-a-number", tokens(frame, "x", 0).render()),
        ("console-token", token(frame, Standing::Active).render()),
        ("console-token-ended", token(frame, Standing::Ended(Ending::Withdrawn(Time::from_millis(0)))).render()),
    ]
}

/// What stands above a consent screen that is looked at beforehand.
pub(in crate::view) fn preview(frame: &Frame) -> Preview {
    Preview {
        to: "/console/apps/5/preview".to_owned(),
        back: "/console/apps/5/items".to_owned(),
        picks: vec![Pick::new("moment_management", "카카오모먼트: 광고 운영과 조회")],
        fields: Fields::typed([("scope", "moment_management")]).for_form("preview"),
        flaws: vec![frame.fill("preview-off", "name", "카카오모먼트")],
    }
}
