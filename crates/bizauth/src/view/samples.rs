//! Every page, filled with what a real one holds: the tests render them, people look at them.
//!
//! Long names, many assets, refused choices: what a layout breaks on belongs here.

use std::sync::Arc;

use super::*;

/// Every sample in one language: a file name and the page.
pub(super) fn all(words: &Arc<Words>, language: Language) -> Vec<(String, String)> {
    let frame = |here: &str| Frame::new(Arc::clone(words), language, here);
    let mut pages = Vec::new();
    let mut keep = |name: &str, page: Result<String, askama::Error>| {
        pages.push((format!("{name}.{}", language.code()), page.expect("a sample renders")));
    };
    for (name, page) in LoginPage::samples(&frame) {
        keep(name, page.render());
    }
    for (name, page) in CodePage::samples(&frame) {
        keep(name, page.render());
    }
    for (name, page) in ConsentPage::samples(&frame) {
        keep(name, page.render());
    }
    for code in tests::CODES {
        keep(&format!("fault-{}", code.to_lowercase()), FaultPage::sample(&frame, code).render());
    }
    for notice in Notice::ALL {
        let next = (notice != Notice::ConsentGone).then(|| "/".to_owned());
        keep(notice.key(), NoticePage { frame: frame("/"), notice, next, kept: Vec::new() }.render());
    }
    let kept = [("name", "Ad reports"), ("reason", "The first line\nand the second")];
    let kept = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let (notice, next) = (Notice::SessionOver, Some("/login?next=%2Fconsole".to_owned()));
    keep("notice-session-over-kept", NoticePage { frame: frame("/"), notice, next, kept }.render());
    for (name, page) in CallbackPage::samples(&frame) {
        keep(name, page.render());
    }
    for (name, page) in kit::sample::KitPage::samples(words, language) {
        keep(name, page.render());
    }
    let demo = Some("/oauth/business/authorize?client_id=x&response_type=code".to_owned());
    keep("home-demo", HomePage { frame: Frame { test: true, ..frame("/") }, demo_url: demo }.render());
    let in_console = |here: &str| Frame { place: Place::Console, ..signed_in(frame(here)) };
    for (name, page) in console::business_samples::all(&in_console) {
        keep(name, page);
    }
    for (name, page) in console::samples::all(&in_console) {
        keep(name, page);
    }
    for (name, page) in console::tools_samples::all(&in_console) {
        keep(name, page);
    }
    let operating = |here: &str| Frame { place: Place::Operator, ..signed_in(frame(here)) };
    for (name, page) in ImportPage::samples(&operating) {
        keep(name, page.render());
    }
    for (name, page) in ImportedPage::samples(&operating) {
        keep(name, page.render());
    }
    for (name, page) in me::samples::all(&|here| Frame { place: Place::Me, ..signed_in(frame(here)) }) {
        keep(name, page);
    }
    for (name, page) in operator::sample::all(&|here| signed_in(frame(here))) {
        keep(name, page.render());
    }
    keep("home", HomePage { frame: signed_in(frame("/")), demo_url: None }.render());
    pages
}

fn signed_in(frame: Frame) -> Frame {
    let account =
        Account { email: "kim.jiwoo@dalbit.example".to_owned(), form_token: "token-of-the-account".to_owned() };
    Frame { account: Some(account), ..frame }
}

type Framed<'a> = &'a dyn Fn(&str) -> Frame;

impl LoginPage {
    fn samples(frame: Framed<'_>) -> Vec<(&'static str, Self)> {
        let first = || Self {
            frame: frame("/login?next=%2Foauth%2Fbusiness%2Fauthorize%3Fclient_id%3Dx%26state%3Da%2526b"),
            form_token: "token".to_owned(),
            next: "/oauth/business/authorize?client_id=x&state=a%26b".to_owned(),
            email: String::new(),
            stay: false,
            error: None,
            app_name: Some("리포트 스튜디오".to_owned()),
            app_host: Some("app.report-studio.example".to_owned()),
        };
        let again = |error| Self { email: "kim@dalbit.example".to_owned(), error: Some(error), stay: true, ..first() };
        vec![
            ("login", first()),
            ("login-plain", Self { app_name: None, app_host: None, next: "/".to_owned(), ..first() }),
            ("login-wrong", again(LoginError::WrongCredentials)),
            ("login-too-many", again(LoginError::TooManyTries { minutes: 5 })),
            ("login-form-expired", again(LoginError::FormExpired)),
            ("login-step-over", again(LoginError::StepOver)),
            ("login-unavailable", again(LoginError::Unavailable)),
        ]
    }
}

impl CodePage {
    fn samples(frame: Framed<'_>) -> Vec<(&'static str, Self)> {
        let page = |error| Self {
            frame: frame("/login/code?next=%2Fme"),
            form_token: "token".to_owned(),
            next: "/me".to_owned(),
            error,
        };
        vec![
            ("login-code", page(None)),
            ("login-code-wrong", page(Some(CodeError::Wrong))),
            ("login-code-too-many", page(Some(CodeError::TooMany { minutes: 12 }))),
        ]
    }
}

impl ItemView {
    fn sample(frame: &Frame, id: &str) -> Self {
        let name = frame.words.item_name(id, frame.language).expect("a built-in item");
        let about = frame.words.item_about(id, frame.language).expect("a built-in item");
        Self { id: id.to_owned(), name, about, risk: bizauth_core::scope::Risk::of(id), purpose: None, new: false }
    }
}

fn group(frame: &Frame, id: &str, items: &[&str], picker: Picker) -> GroupView {
    let name = frame.words.group_name(id, frame.language).expect("a built-in group");
    let items = items.iter().map(|item| ItemView::sample(frame, item)).collect();
    GroupView { id: id.to_owned(), name, kind: AssetKind::AdAccount, items, picker }
}

fn row(number: usize, name: &str, role: &str) -> AssetRow {
    AssetRow {
        id: (704_512_300 + number * 37).to_string(),
        name: name.to_owned(),
        role: role.to_owned(),
        ..AssetRow::default()
    }
}

fn few() -> Vec<AssetRow> {
    vec![
        row(1, "달빛상점 본점", "owner"),
        row(2, "달빛상점 강남점 (봄 시즌 신규 고객 유입 캠페인 전용 광고계정)", "manager"),
        row(3, "Dalbit Global Store", "manager"),
        AssetRow { reason: Some(Unlendable::Role), ..row(4, "달빛상점 물류센터 채용", "viewer") },
        AssetRow { reason: Some(Unlendable::Suspended), ..row(5, "달빛상점 2023", "owner") },
    ]
}

fn choose(rows: Vec<AssetRow>) -> Choice {
    let total = Tally::of(i64::try_from(rows.len()).unwrap_or(0));
    Choice { rows, page: Some(1), pages: 1, total, matching: total, ..Choice::default() }
}

fn many() -> Choice {
    let rows: Vec<AssetRow> = (1..=20)
        .map(|n| AssetRow {
            picked: n % 6 == 1, ..row(n + 20, &format!("달빛상점 {n}호점 카카오모먼트"), "manager")
        })
        .collect();
    let (newer, older, total) = (Some("704521".to_owned()), Some("704540".to_owned()), Tally::of(1043));
    Choice { page: Some(2), pages: 3, newer, older, total, matching: total, picked_elsewhere: 2, ..choose(rows) }
}

impl ConsentPage {
    fn samples(frame: Framed<'_>) -> Vec<(&'static str, Self)> {
        let frame = || signed_in(frame("/consent?id=7q2m&lang=x"));
        let moment = ["moment_management", "moment_delete"];
        let page = |groups: Vec<GroupView>| Self {
            frame: frame(),
            id: "7q2m".to_owned(),
            form_token: "token".to_owned(),
            app_name: "리포트 스튜디오".to_owned(),
            icon: None,
            developer: "(주)리포트웍스".to_owned(),
            host: "app.report-studio.example".to_owned(),
            test_app: false,
            groups,
            changes: None,
            idle_days: 365,
            connected_url: None,
            preview: None,
        };
        let of = |id: &str, items: &[&str], picker: Picker| group(&frame(), id, items, picker);
        let email = || of("personal", &["biz_account_email"], Picker::NoAssets);

        let mut first = page(vec![email(), of("moment", &moment, Picker::Choose(choose(few())))]);
        let purpose = "여러 매장의 광고 성과를 한 화면에 모으고, 예산이 바닥나기 전에 알려 드립니다.";
        first.groups[1].items[0].purpose = Some(purpose.to_owned());

        let mut before = few();
        for row in &mut before[..2] {
            (row.picked, row.before) = (true, true);
        }
        let mut again = page(vec![email(), of("moment", &moment, Picker::Choose(choose(before)))]);
        again.groups[1].items[1].new = true;
        let lines = vec![
            Change::ItemAdded(again.groups[1].items[1].name.clone()),
            Change::AssetGone("달빛상점 2023".to_owned()),
        ];
        again.changes = Some(Changes { last: Day { year: 2026, month: 3, day: 14 }, lines });
        again.connected_url = Some("/connected".to_owned());

        let mut same = page(vec![of("moment", &moment, Picker::Choose(choose(few())))]);
        same.changes = Some(Changes { last: Day { year: 2026, month: 3, day: 14 }, lines: Vec::new() });
        same.test_app = true;
        same.icon = Some("/icons/0a".to_owned());

        let one = page(vec![of(
            "keyword",
            &["keyword_management"],
            Picker::Choose(choose(vec![row(1, "달빛상점", "owner")])),
        )]);
        let forty = page(vec![of("moment", &moment, Picker::Choose(many()))]);

        let creates = ["moment_create", "moment_management", "moment_bizform_result_read"];
        let all = page(vec![
            of("moment", &creates, Picker::All { total: Tally::of(4) }),
            of(
                "keyword",
                &["keyword_create", "keyword_management", "keyword_delete"],
                Picker::All { total: Tally::of(0) },
            ),
        ]);
        let mut fixed = page(vec![
            of("moment", &moment, Picker::Fixed(few()[..2].to_vec())),
            of("keyword", &["keyword_management"], Picker::Fixed(vec![row(9, "달빛상점 키워드", "owner")])),
        ]);
        fixed.app_name = "Very Long Marketing Automation Application Name for Agencies and Franchises".to_owned();
        fixed.developer = "Very Long Marketing Automation Company, Republic of Korea Branch Office Ltd.".to_owned();
        fixed.host = "a-rather-long-subdomain.integrations.eu-west.marketing-automation.example:8443".to_owned();
        let change = [Change::NowFixed("카카오모먼트".to_owned()), Change::NowAll("키워드광고".to_owned())];
        let dropped = Change::ItemDropped("비즈니스폼 결과 보기".to_owned());
        let lines = change.into_iter().chain([dropped]).collect();
        fixed.changes = Some(Changes { last: Day { year: 2025, month: 12, day: 1 }, lines });

        let refused = Choice { error: Some(PickError::NothingPicked), ..choose(few()) };
        let gone = Choice { error: Some(PickError::NoLongerYours), ..many() };
        let error = page(vec![
            of("moment", &moment, Picker::Choose(refused)),
            of("keyword", &["keyword_management"], Picker::Choose(gone)),
        ]);
        let whole = Choice { all_chosen: true, ..choose(few()) };
        let all_chosen = page(vec![of("moment", &moment, Picker::Choose(whole))]);
        let nothing = Choice {
            search: "별빛".to_owned(),
            pages: 1,
            page: Some(1),
            total: Tally::of(40),
            picked_elsewhere: 1,
            ..Choice::default()
        };
        let mut searched = page(vec![of("moment", &moment, Picker::Choose(nothing))]);
        searched.groups[0].kind = AssetKind::Channel;
        let mut before = page(vec![email(), of("moment", &moment, Picker::Choose(choose(few())))]);
        before.preview = Some(console::business_samples::preview(&before.frame));
        vec![
            ("consent-preview", before),
            ("consent", first),
            ("consent-again", again),
            ("consent-same", same),
            ("consent-one", one),
            ("consent-forty", forty),
            ("consent-all", all),
            ("consent-fixed", fixed),
            ("consent-error", error),
            ("consent-all-chosen", all_chosen),
            ("consent-searched", searched),
        ]
    }
}

impl FaultPage {
    fn sample(frame: Framed<'_>, code: &str) -> Self {
        let frame = frame("/oauth/business/authorize?client_id=x&redirect_uri=https%3A%2F%2Fa.example");
        let help = Audience::of(code);
        // A page without an app has no one signed in either: the app is checked first.
        match help {
            Audience::Person => {
                let app_name = Some("리포트 스튜디오".to_owned());
                let explained = None;
                Self { frame: signed_in(frame), code: code.to_owned(), app_name, detail: None, explained, help }
            }
            Audience::Developer => {
                let detail = Some("Not exist client_id [3f786850e387550fdab836ed7e6dc881]".to_owned());
                let explained = Some("/_dev/log/7".to_owned());
                Self { frame, code: code.to_owned(), app_name: None, detail, explained, help }
            }
        }
    }
}

impl CallbackPage {
    fn samples(frame: Framed<'_>) -> Vec<(&'static str, Self)> {
        let frame = || Frame { test: true, ..frame("/demo/callback?code=x") };
        let empty = || Self {
            frame: frame(),
            code: None,
            state: None,
            error: None,
            error_description: None,
            trade_command: String::new(),
            next_commands: Vec::new(),
        };
        let trade = "curl -X POST http://127.0.0.1:8080/oauth/business/token \\\n  -d grant_type=authorization_code \\\n  -d client_id=3f786850e387550fdab836ed7e6dc881 \\\n  --data-urlencode redirect_uri=http://127.0.0.1:8080/demo/callback \\\n  -d client_secret=q7XkP2mNz8RtYv4LsWc9Bd6FhJgA3eUi \\\n  -d code=bzc_0AqLk3nV7xYt2Rm9Wc5Zs8Pd1Fg6Hj4Ke";
        let ask = "curl http://127.0.0.1:8080/v1/business/tokeninfo \\\n  -H \"Authorization: Bearer $TOKEN\"";
        let code = Some("bzc_0AqLk3nV7xYt2Rm9Wc5Zs8Pd1Fg6Hj4Kebzc_0AqLk3nV7xYt2Rm9Wc5Zs8Pd1Fg6Hj4Ke".to_owned());
        let next_commands = vec![("tokeninfo".to_owned(), ask.to_owned()), ("userinfo".to_owned(), ask.to_owned())];
        let state = Some("a b\"<c>".to_owned());
        let denied = |words: &str| Some(words.to_owned());
        vec![
            (
                "callback",
                Self { code, state: state.clone(), trade_command: trade.to_owned(), next_commands, ..empty() },
            ),
            (
                "callback-error",
                Self {
                    error: denied("access_denied"),
                    error_description: denied("User denied access"),
                    state,
                    ..empty()
                },
            ),
            ("callback-empty", empty()),
        ]
    }
}
