//! The pages below `/me`, filled with what real ones hold.

use askama::Template;
use bizauth_core::time::Time;
use bizauth_core::user::UserState;

use super::*;
use crate::view::kit::{Badge, Crumb, Fields, Pager, Post, Tone, When};
use crate::view::{Frame, Language};

fn at(minutes: i64) -> When {
    Time::from_millis(1_795_230_000_000 + minutes * 60_000).into()
}

fn app(frame: &Frame) -> AppLine {
    let group = |id| frame.words.group_name(id, frame.language).expect("a built-in group");
    let item = |id| frame.words.item_name(id, frame.language).expect("a built-in item");
    AppLine {
        href: "/me/apps/5".to_owned(),
        name: "리포트 스튜디오".to_owned(),
        company: "주식회사 달빛데이터".to_owned(),
        icon: None,
        letter: "리".to_owned(),
        permissions: vec![
            (group("personal"), item("biz_account_email")),
            (group("moment"), format!("{}, {}", item("moment_management"), item("moment_delete"))),
        ],
        reach: vec![frame.fill2("me-reach-some", &("group", group("moment")), &("count", 12_usize))],
        since: Some(at(0)),
        used_at: Some(at(600)),
        tokens: 3,
        test: false,
        deleted: false,
    }
}

fn group(frame: &Frame, id: &str, items: &[&str]) -> ItemsLine {
    let line = |id: &&str| ItemLine {
        name: frame.words.item_name(id, frame.language).expect("a built-in item"),
        about: frame.words.item_about(id, frame.language).expect("a built-in item"),
        purpose: Some("매일 아침 성과 보고서를 만듭니다".to_owned()),
        risk: id.ends_with("delete").then(|| frame.say("risk-deletes")),
    };
    let group = frame.words.group_name(id, frame.language).expect("a built-in group");
    ItemsLine { group, items: items.iter().map(line).collect(), nowhere: id == "keyword" }
}

/// Every page in the language of the frame: a name and its text.
pub(in crate::view) fn all(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Result<String, askama::Error>)> {
    let mut pages = connected(frame);
    pages.extend(account(frame));
    pages
}

fn connected(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Result<String, askama::Error>)> {
    let list = |apps: Vec<AppLine>, search: &str| AppsPage {
        frame: frame("/me"),
        searchable: !search.is_empty(),
        search: search.to_owned(),
        apps,
        pager: Pager::default(),
    };
    let here = frame("/me");
    let mut other = app(&here);
    other.name = "Very Long Marketing Automation Application Name for Agencies and Franchises".to_owned();
    other.permissions.clear();
    other.reach = vec![here.fill("me-reach-all", "group", "카카오모먼트")];
    (other.tokens, other.used_at, other.test) = (0, None, true);
    let mut many = list(vec![app(&here), other], "리");
    many.pager = Pager { newer: Some("/me".to_owned()), older: Some("/me?after=5".to_owned()) };

    let below = |path: &str| frame(path).below([Crumb::new(here.say("nav-connected"), "/me")]);
    let asset = |n: usize, name: &str| AssetLine {
        id: (704_512_300 + n * 37).to_string(),
        name: name.to_owned(),
        group: "카카오모먼트".to_owned(),
        withdraw: format!("/me/apps/5/assets/withdraw?asset=moment%3A{n}"),
    };
    let token = |n: i64| TokenLine {
        id: (96_000_000_000_000_000 + n).to_string(),
        issued: at(n),
        used_at: at(n + 60),
        consent: "/me/apps/5/consents/7".to_owned(),
        agreed_at: at(n),
        withdraw: format!("/me/apps/5/tokens/{n}/withdraw"),
    };
    let one = AppPage {
        frame: below("/me/apps/5"),
        app: app(&here),
        path: "/me/apps/5".to_owned(),
        cut: None,
        groups: vec![group(&here, "moment", &["moment_management", "moment_delete"])],
        wholes: vec!["키워드광고".to_owned()],
        assets: vec![
            asset(1, "달빛상점 본점"),
            asset(2, "달빛상점 강남점 (봄 시즌 신규 고객 유입 캠페인 전용 광고계정)"),
        ],
        search: String::new(),
        searchable: true,
        assets_pager: Pager { newer: None, older: Some("/me/apps/5?assets=x#assets".to_owned()) },
        tokens: vec![token(2), token(1)],
        tokens_pager: Pager::default(),
        consents: vec![ConsentLine {
            href: "/me/apps/5/consents/7".to_owned(),
            agreed_at: at(0),
            groups: vec![group(&here, "moment", &["moment_management", "moment_delete"])],
            state: Badge::new(Tone::Good, here.say("me-consent-live")),
            taken_at: Some(at(700)),
        }],
        consents_pager: Pager::default(),
        withdraw: Some("/me/apps/5/withdraw".to_owned()),
    };
    let mut gone = AppPage { frame: below("/me/apps/5"), app: app(&here), withdraw: None, ..one_of(&one) };
    gone.app.since = None;
    let idle = AppPage {
        frame: below("/me/apps/5"),
        groups: Vec::new(),
        wholes: Vec::new(),
        assets: Vec::new(),
        tokens: Vec::new(),
        ..one_of(&one)
    };
    let withdraw = |what: Withdrawal| WithdrawPage {
        frame: below("/me/apps/5/withdraw"),
        app: "리포트 스튜디오".to_owned(),
        what,
        post: Post::new("/me/apps/5/withdraw", "token"),
        asset: Some("moment:11".to_owned()),
        back: "/me/apps/5".to_owned(),
    };
    let (name, id, group) = ("달빛상점 본점".to_owned(), "704512337".to_owned(), "카카오모먼트".to_owned());
    vec![
        ("me-apps", many.render()),
        ("me-apps-none", list(Vec::new(), "").render()),
        ("me-apps-none-found", list(Vec::new(), "없는").render()),
        ("me-app", one.render()),
        ("me-app-gone", gone.render()),
        ("me-app-idle", idle.render()),
        ("me-withdraw-app", withdraw(Withdrawal::App { tokens: 3 }).render()),
        ("me-withdraw-asset", withdraw(Withdrawal::Asset { name, id, group, whole: true }).render()),
        (
            "me-withdraw-token",
            withdraw(Withdrawal::Token { id: "96000000000000001".to_owned(), used_at: at(5), last: false }).render(),
        ),
        ("me-consent", paper(below("/me/apps/5/consents/7")).render()),
    ]
}

fn one_of(page: &AppPage) -> AppPage {
    AppPage {
        frame: page.frame.clone(),
        app: page.app.clone(),
        path: page.path.clone(),
        cut: Some(300),
        groups: page.groups.clone(),
        wholes: page.wholes.clone(),
        assets: page.assets.clone(),
        search: String::new(),
        searchable: false,
        assets_pager: Pager::default(),
        tokens: page.tokens.clone(),
        tokens_pager: Pager::default(),
        consents: page.consents.clone(),
        consents_pager: Pager::default(),
        withdraw: page.withdraw.clone(),
    }
}

fn paper(frame: Frame) -> ConsentPaper {
    let asset = |id: &str, name: &str, lendable| PaperAsset { id: id.to_owned(), name: name.to_owned(), lendable };
    let lent = vec![asset("11", "달빛상점 본점", true), asset("12", "달빛상점 강남점", true)];
    let listed = [&lent[..], &[asset("19", "달빛상점 물류센터", false)]].concat();
    let group = |id: &str, items: &[&str], lent| {
        let line = group(&frame, id, items);
        let gone = vec![("11".to_owned(), at(900))];
        PaperGroup { id: id.to_owned(), name: line.group, items: line.items, listed: listed.clone(), lent, gone }
    };
    ConsentPaper {
        groups: vec![
            PaperGroup { listed: Vec::new(), ..group("personal", &["biz_account_email"], PaperLent::NoAssets) },
            group("moment", &["moment_management", "moment_delete"], PaperLent::These(lent)),
            group("keyword", &["keyword_management"], PaperLent::All),
        ],
        taken: vec![
            TakenBackLine {
                group: "카카오모먼트".to_owned(),
                asset: "11".to_owned(),
                name: Some("달빛상점 본점".to_owned()),
                out_of_all: true,
                at: at(900),
            },
            TakenBackLine {
                group: "키워드광고".to_owned(),
                asset: "*".to_owned(),
                name: None,
                out_of_all: false,
                at: at(901),
            },
        ],
        taken_pager: Pager { newer: None, older: Some("/me/apps/5/consents/7?after=50#taken".to_owned()) },
        language: Language::Ko,
        app: "리포트 스튜디오".to_owned(),
        developer: "주식회사 달빛데이터".to_owned(),
        account: "kim.jiwoo@dalbit.example".to_owned(),
        returns_to: "https://app.report-studio.example/callback?from=kakao".to_owned(),
        client_id: "3f786850e387550fdab836ed7e6dc881".to_owned(),
        agreed_at: at(0),
        withdrawn_at: Some(at(1000)),
        frame,
    }
}

fn account(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Result<String, askama::Error>)> {
    let here = frame("/me/account");
    let post = |path: &str| Post::new(path, "token");
    let session = |n: i64, this| SessionLine {
        this,
        agent: here.fill2("agent-both", &("browser", "Chrome"), &("system", "Windows")),
        address: (n > 0).then(|| "2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned()),
        created_at: at(n),
        used_at: at(n + 10),
        end: post(&format!("/me/account/sessions/{n}/end")),
    };
    let device = |n: i64, this| DeviceLine {
        this,
        agent: here.say("agent-unknown"),
        created_at: at(n),
        forget: post(&format!("/me/account/devices/{n}/forget")),
    };
    let account = |state, second_since, devices| AccountPage {
        frame: frame("/me/account"),
        email: "kim.jiwoo@dalbit.example".to_owned(),
        email_verified: state == UserState::Active,
        state,
        second_since,
        recovery_left: 7,
        sessions: vec![session(2, true), session(0, false)],
        sessions_pager: Pager::default(),
        end_others: post("/me/account/sessions/end-others"),
        devices,
        devices_pager: Pager { newer: None, older: Some("/me/account?devices=1#devices".to_owned()) },
        forget_all: post("/me/account/devices/forget-all"),
    };
    let mut refused = Fields::new();
    refused.refuse("again", here.say("password-differs"));
    let password =
        |fields| PasswordPage { frame: frame("/me/account/password"), fields, save: post("/me/account/password") };
    let factor = |stage, codes: usize| TwoFactorPage {
        frame: frame("/me/account/two-factor"),
        stage,
        fields: Fields::new(),
        begin: post("/me/account/two-factor/begin"),
        codes: vec!["abcd-efgh-ijkl-mnop".to_owned(); codes],
    };
    let seed = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned();
    let qr = "<svg viewBox=\"0 0 9 9\" width=\"220\" height=\"220\"><path d=\"M0 0h3v3H0z\"/></svg>".to_owned();
    let begun = Stage::Begun { qr, seed, confirm: post("/me/account/two-factor/confirm") };
    let proof = |wish| {
        let mut fields = Fields::new();
        fields.refuse("code", here.say("code-wrong"));
        let (frame, send) = (frame("/me/account/two-factor/codes"), post("/me/account/two-factor/codes"));
        ProofPage { frame, wish, fields, send, back: "/me/account/two-factor".to_owned() }
    };
    vec![
        ("me-account", account(UserState::Active, Some(at(3)), vec![device(2, true), device(1, false)]).render()),
        ("me-account-dormant", account(UserState::Dormant, None, Vec::new()).render()),
        ("me-account-blocked", account(UserState::Blocked, None, Vec::new()).render()),
        ("me-password", password(Fields::new()).render()),
        ("me-password-refused", password(refused).render()),
        ("me-two-factor", factor(Stage::Off, 0).render()),
        ("me-two-factor-begun", factor(begun, 0).render()),
        ("me-two-factor-on", factor(Stage::On { since: at(0), left: 10 }, 10).render()),
        ("me-two-factor-few", factor(Stage::On { since: at(0), left: 2 }, 0).render()),
        ("me-recovery", proof(ProofWish::Codes).render()),
        ("me-disable", proof(ProofWish::Disable).render()),
    ]
}
