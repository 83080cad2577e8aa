//! A page with every part of the kit in it, for the tests and the eye. Other pages are copied from its template.

use std::sync::Arc;

use askama::Template;
use bizauth_core::time::Time;

use super::{Badge, Crumb, Fields, Pager, Pick, Post, Section, Titled, Tone, When};
use crate::view::{Account, Frame, Language, Place, Words};

/// The words that only the sample says.
pub fn words(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::Ko => ("sample", include_str!("sample_ko.ftl")),
        Language::En => ("sample", include_str!("sample_en.ftl")),
    }
}

/// One line of the sample's table.
struct KeyRow {
    id: u32,
    name: String,
    key: String,
    state: Badge,
    last_used: Option<When>,
    delete: Post,
}

/// The sample.
#[derive(Template)]
#[template(path = "kit_sample.html")]
pub struct KitPage {
    frame: Frame,
    fields: Fields,
    confirm: Fields,
    save: Post,
    upload: Post,
    delete: Post,
    kinds: Vec<Pick>,
    events: Vec<Pick>,
    roles: Vec<Pick>,
    filters: Vec<Section>,
    search: String,
    rows: Vec<KeyRow>,
    pager: Pager,
    state: Badge,
    states: Vec<Badge>,
    created: When,
    secret: Option<String>,
}

impl Titled for KitPage {
    fn title(&self) -> String {
        match self.frame.language {
            Language::Ko => "REST API 키",
            Language::En => "REST API keys",
        }
        .to_owned()
    }

    fn lead(&self) -> Option<String> {
        let lead = match self.frame.language {
            Language::Ko => "앱이 이 서버에 요청할 때 쓰는 키입니다. 종류마다 다섯 개까지 만들 수 있습니다.",
            Language::En => "What the app shows when it asks this server. Up to five of each kind.",
        };
        Some(lead.to_owned())
    }

    fn forms(&self) -> Vec<&Fields> {
        vec![&self.fields, &self.confirm]
    }
}

impl KitPage {
    /// The sample, as it comes first (`kit`), after something was done (`kit-done`) and refused (`kit-refused`); on the
    /// operator's listener (`kit-operator`); with nothing to list (`kit-empty`).
    pub fn samples(words: &Arc<Words>, language: Language) -> Vec<(&'static str, Self)> {
        let first = || Self::filled(words, language);
        let mut done = first();
        done.frame.done = Some(done.either("키를 만들었습니다.", "The key has been created."));
        done.secret = Some("q7XkP2mNz8RtYv4LsWc9Bd6FhJgA3eUi".to_owned());
        let mut refused = first();
        let taken =
            refused.either("같은 이름의 앱이 이미 있습니다.", "You already have an app of this name. Choose another.");
        refused.fields.refuse("name", taken);
        let choose = refused.either("역할을 하나 골라 주세요.", "Choose a role.");
        refused.fields.refuse("role", choose);
        refused.confirm = Fields::typed([("confirm", "달빛")]).for_form("delete");
        refused.confirm.confirm(&refused.frame, "달빛상점");
        let mut operator = first();
        operator.frame.place = Place::Operator;
        operator.frame.here = "/operator/requests?state=open".to_owned();
        operator.frame.sections = None;
        operator.frame.crumbs = Vec::new();
        let mut empty = first();
        empty.rows.clear();
        empty.pager = Pager::default();
        empty.search = String::new();
        vec![
            ("kit", first()),
            ("kit-done", done),
            ("kit-refused", refused),
            ("kit-operator", operator),
            ("kit-empty", empty),
        ]
    }

    fn either(&self, ko: &str, en: &str) -> String {
        match self.frame.language {
            Language::Ko => ko.to_owned(),
            Language::En => en.to_owned(),
        }
    }

    fn filled(words: &Arc<Words>, language: Language) -> Self {
        let either = |ko: &str, en: &str| if language == Language::Ko { ko.to_owned() } else { en.to_owned() };
        let frame = framed(words, language, &either);
        let row = |id: u32, name: &str, state: Badge, last_used: Option<i64>| KeyRow {
            id,
            name: name.to_owned(),
            key: format!("3f786850e387550fdab836ed7e6dc8{id:02x}"),
            state,
            last_used: last_used.map(|at| Time::from_millis(at).into()),
            delete: Post::new(format!("/console/apps/5/keys/{id}/delete"), "token"),
        };
        let good = Badge::new(Tone::Good, either("사용 중", "Active"));
        let off = Badge::new(Tone::Plain, either("꺼짐", "Off"));
        let warn = Badge::new(Tone::Warn, either("곧 만료", "Ends soon"));
        let bad = Badge::new(Tone::Bad, either("정지됨", "Blocked"));
        Self {
            fields: Fields::typed([
                ("name", "달빛상점"),
                ("company", "(주)달빛"),
                ("kind", "rest"),
                ("events", "stopped"),
            ])
            .for_form("settings"),
            confirm: Fields::new().for_form("delete"),
            save: Post::new("/console/apps/5/settings", "token"),
            upload: Post::new("/console/apps/5/icon", "token"),
            delete: Post::new("/console/apps/5/delete", "token"),
            kinds: vec![Pick::new("rest", "REST API"), Pick::new("admin", "Admin"), Pick::new("js", "JavaScript")],
            events: vec![
                Pick::new("stopped", either("앱 정지", "The app is stopped")),
                Pick::new("answered", either("신청 결과", "A request is answered")),
            ],
            roles: vec![
                Pick::new("owner", either("소유자", "Owner")).hinted(either(
                    "앱을 삭제하고 사람을 초대할 수 있습니다.",
                    "May delete the app and invite people.",
                )),
                Pick::new("editor", either("편집자", "Editor"))
                    .hinted(either("키와 설정을 바꿀 수 있습니다.", "May change keys and settings.")),
            ],
            filters: vec![
                Section::new(either("전체", "All"), "/console/apps/5/keys", true),
                Section::new(either("사용 중", "Active"), "/console/apps/5/keys?state=on", false),
                Section::new(either("꺼짐", "Off"), "/console/apps/5/keys?state=off", false),
            ],
            search: either("서버", "server"),
            rows: vec![
                row(1, &either("운영 서버", "Production server"), good.clone(), Some(1_773_446_730_000)),
                row(2, &either("정산 서버 (야간 배치)", "Settlement server, nightly batch"), warn.clone(), None),
                row(3, &either("이전 서버", "Old server"), off.clone(), Some(1_741_910_730_000)),
            ],
            pager: Pager {
                newer: Some("/console/apps/5/keys?before=9".to_owned()),
                older: Some("/console/apps/5/keys?after=3".to_owned()),
            },
            state: good.clone(),
            states: vec![good, warn, bad, off],
            created: Time::from_millis(1_773_446_730_000).into(),
            secret: None,
            frame,
        }
    }
}

fn framed(words: &Arc<Words>, language: Language, either: &dyn Fn(&str, &str) -> String) -> Frame {
    let mut frame = Frame::new(Arc::clone(words), language, "/console/apps/5/keys?q=server");
    frame.place = Place::Console;
    frame.account =
        Some(Account { email: "kim.jiwoo@dalbit.example".to_owned(), form_token: "token-of-the-account".to_owned() });
    let section = |ko: &str, en: &str, name: &str| {
        Section::new(either(ko, en), format!("/console/apps/5/{name}"), name == "keys")
    };
    let crumbs = [Crumb::new(either("내 앱", "My apps"), "/console/apps"), Crumb::new("달빛상점", "/console/apps/5")];
    let sections = vec![
        section("개요", "Overview", "overview"),
        section("설정", "Settings", "settings"),
        section("앱 키", "Keys", "keys"),
        section("동의항목", "Consent items", "items"),
        section("권한 신청", "Requests", "requests"),
        section("비즈니스 토큰", "Business tokens", "tokens"),
        section("구성원", "Members", "members"),
        section("REST API 테스트", "REST API test", "test"),
        section("오류 찾기", "Errors", "errors"),
        section("사용량", "Usage", "usage"),
    ];
    frame.below(crumbs).among("달빛상점", sections)
}
