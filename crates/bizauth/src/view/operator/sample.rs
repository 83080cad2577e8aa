//! The operator's pages, filled with what real ones hold, for the tests and for the eye.

use std::collections::HashMap;

use bizauth_core::app::{App, AppKind};
use bizauth_core::asset::{AssetId, AssetKind, Holding};
use bizauth_core::audit::Entry;
use bizauth_core::id::{AppId, HoldingId, OperatorKeyId, RequestId, SessionId, UserId};
use bizauth_core::operator::Scope;
use bizauth_core::scope::{Catalogue, GroupId};
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use bizauth_core::user::{User, UserState};
use bizauth_store::{
    AliveTokens, AppRecord, AssetRecord, AuditHead, AuditRecord, AuditVerdict, HoldingRecord, Leaf, LentApp, MemberOf,
    MemberRecord, OperatorKeyRecord, RequestSeen, SessionRecord, UserRecord, Waiting,
};

use super::{Desk, Sheet, accounts, apps, assets, audit, catalogue, home, keys, platform, requests};
use crate::view::kit::Fields;
use crate::view::{Frame, Place};

const NOW: Time = Time::from_millis(1_790_000_000_000);

fn leaf<T>(rows: Vec<T>) -> Leaf<T> {
    Leaf { rows, before: true, after: true }
}

fn user(state: UserState, is_operator: bool) -> UserRecord {
    let user = User {
        id: UserId(512_345_678_901_234),
        email: "kim.jiwoo.business.owner@dalbit.example".to_owned(),
        email_verified: true,
        state,
        in_business_centre: true,
        era: 0,
    };
    UserRecord {
        user,
        password: String::new(),
        is_operator,
        developer_sanctioned: is_operator,
        created_at: NOW,
        external_id: None,
    }
}

fn app(sanctioned: bool, kind: AppKind) -> AppRecord {
    let app = App {
        id: AppId(612_345_678_901_234),
        name: "리포트 스튜디오".to_owned(),
        company: "(주)리포트웍스".to_owned(),
        kind,
        parent_is_biz: true,
        sanctioned,
        era: 0,
        daily_quota: Some(30_000),
        icon: None,
    };
    AppRecord { app, parent: (kind == AppKind::Test).then_some(AppId(7)), created_at: NOW }
}

fn holding() -> Holding {
    Holding {
        id: HoldingId(1),
        group: "moment".into(),
        asset: AssetId("704512337".to_owned()),
        kind: AssetKind::AdAccount,
        name: "달빛상점 강남점 (봄 시즌 신규 고객 유입 캠페인 전용 광고계정)".to_owned(),
        role: "owner".to_owned(),
        lendable: true,
    }
}

fn asset() -> AssetRecord {
    let held = holding();
    AssetRecord { group: held.group, id: held.asset, kind: held.kind, name: held.name }
}

fn request(state: &str) -> RequestSeen {
    RequestSeen {
        id: RequestId(3),
        app: AppId(612_345_678_901_234),
        app_name: "리포트 스튜디오".to_owned(),
        company: "(주)리포트웍스".to_owned(),
        kind: AppKind::Basic,
        group: Some("moment".into()),
        reason: "여러 매장의 광고 성과를 한 화면에 모읍니다.".to_owned(),
        asked_by: UserId(1),
        email: "dev@reportworks.example".to_owned(),
        asked_at: NOW,
        state: state.to_owned(),
        answer: "사업자 정보를 확인했습니다.".to_owned(),
        decided_at: (state != "open").then_some(NOW),
        decided_by: (state != "open").then(|| "lee@bizauth.example".to_owned()),
    }
}

fn account(refused: Option<(&'static str, Fields)>, filled: bool) -> accounts::Account {
    let session = |id| SessionRecord {
        id: SessionId(id),
        address: Some("203.0.113.7".to_owned()),
        agent: Some("Mozilla/5.0 (X11; Linux x86_64) Chrome/150".to_owned()),
        created_at: NOW,
        used_at: NOW,
    };
    let (id, name) = (AppId(6), "리포트 스튜디오".to_owned());
    let member = MemberOf { app: id, name: name.clone(), kind: AppKind::Biz, role: "owner".to_owned() };
    let lent = |agreed_at| LentApp { app: id, name: name.clone(), agreed_at };
    let none = Leaf { rows: Vec::new(), before: false, after: false };
    accounts::Account {
        record: user(if filled { UserState::Blocked } else { UserState::Active }, filled),
        second_factor: filled,
        sessions: if filled {
            leaf(vec![session(1), session(2)])
        } else {
            Leaf { rows: Vec::new(), before: false, after: false }
        },
        member_of: if filled { leaf(vec![member]) } else { Leaf { rows: Vec::new(), before: false, after: false } },
        lent: if filled { leaf(vec![lent(Some(NOW)), lent(None)]) } else { none },
        holdings: if filled { leaf(vec![holding()]) } else { Leaf { rows: Vec::new(), before: false, after: false } },
        refused,
        password: filled.then(|| "q7XkP2mNz8RtYv4L".to_owned()),
    }
}

fn app_seen(record: AppRecord) -> apps::AppSeen {
    let member =
        MemberRecord { user: UserId(5), email: "dev@reportworks.example".to_owned(), role: "owner".to_owned() };
    apps::AppSeen {
        record,
        members: leaf(vec![member]),
        keys: Vec::new(),
        permissions: vec![GroupId::from("moment")],
        catalogue: Catalogue::platform(),
        tokens: AliveTokens { alive: 912, seen: 1000 },
        most: 1000,
        refused: None,
    }
}

fn entry() -> AuditRecord {
    let entry = Entry {
        seq: 1042,
        at: NOW,
        actor_kind: "account".to_owned(),
        actor_id: Some(1),
        actor: "lee@bizauth.example".to_owned(),
        address: Some("203.0.113.7".to_owned()),
        act: "account.state".to_owned(),
        on_kind: "account".to_owned(),
        on_id: "512345678901234".to_owned(),
        about: r#"{"reason":"도용 신고","operator_keys_ended":2,"of_another_version":"raw"}"#.to_owned(),
        before: r#"{"state":"active"}"#.to_owned(),
        after: r#"{"state":"blocked"}"#.to_owned(),
    };
    AuditRecord { entry, digest: Digest([7; 32]) }
}

fn key(name: &str, revoked: bool) -> OperatorKeyRecord {
    OperatorKeyRecord {
        id: OperatorKeyId(name.len() as i64),
        name: name.to_owned(),
        scopes: vec![Scope::AssetsWrite, Scope::AuditRead],
        made_by: Some(UserId(1)),
        made_at: NOW,
        expires_at: None,
        used_at: revoked.then_some(NOW),
        revoked_at: revoked.then_some(NOW),
    }
}

/// Every page in the language of `frame`.
pub fn all(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Sheet)> {
    let token = |_: &str| "token".to_owned();
    let desk = |here: &str| Desk { frame: Frame { place: Place::Operator, ..frame(here) }, token: &token };
    let catalogue = Catalogue::platform();
    let moment = catalogue.group("moment").expect("it is built in");
    let item = catalogue.item("moment_create").expect("it is built in");
    let nothing = Leaf { rows: Vec::new(), before: false, after: false };
    let mut wrong = Fields::typed([("state", "blocked"), ("reason", "")]);
    wrong.refuse("reason", frame("/").say(super::slips::EMPTY));
    let overview = |done| home::Overview {
        waiting: Waiting { requests: 3, blocked: 100, sanctioned: 0 },
        maintenance: done,
        head: AuditHead { seq: 1042, digest: Some(Digest([7; 32])), trimmed: 0 },
        ips: done.then_some(12),
        steps: [true, true, false, false, done],
    };
    let head = overview(true).head;
    let names = HashMap::from([(entry().entry.seq, "Ad reports".to_owned())]);
    let sought = audit::Sought { actor: "lee@bizauth.example".to_owned(), ..audit::Sought::default() };
    let half = audit::Sought { kind: "account".to_owned(), act: "account.state".to_owned(), ..Default::default() };
    let mut id_missing = Fields::typed([("kind", "account"), ("act", "account.state")]);
    id_missing.refuse("id", frame("/").say(super::slips::ID_MISSING));
    let setting = ("listen".to_owned(), "127.0.0.1:8080".to_owned(), "bizauth.toml".to_owned());
    let held = HoldingRecord { email: "kim@dalbit.example".to_owned(), holding: holding() };
    let slip = |key: &str| frame("/").say(key);
    let mut all = super::ip_list::sample::all(&desk, &slip);
    all.extend(vec![
        ("operator-home", home::page(desk("/operator"), &overview(false))),
        ("operator-home-begun", home::page(desk("/operator"), &home::Overview { steps: [true; 5], ..overview(true) })),
        (
            "operator-accounts",
            accounts::list(desk("/operator/accounts"), "kim", false, leaf(vec![user(UserState::Active, true)])),
        ),
        (
            "operator-accounts-empty",
            accounts::list(
                desk("/operator/accounts"),
                "",
                false,
                Leaf { rows: Vec::new(), before: false, after: false },
            ),
        ),
        ("operator-account-new", accounts::new(desk("/operator/accounts/new"), Fields::new())),
        ("operator-account", accounts::one(desk("/operator/accounts/5"), account(None, true))),
        (
            "operator-account-refused",
            accounts::one(desk("/operator/accounts/5"), account(Some(("state", wrong)), false)),
        ),
        (
            "operator-apps",
            apps::list(
                desk("/operator/apps"),
                "",
                true,
                leaf(vec![app(false, AppKind::Biz), app(true, AppKind::Test)]),
            ),
        ),
        ("operator-app", apps::one(desk("/operator/apps/6"), app_seen(app(false, AppKind::Biz)))),
        ("operator-app-sanctioned", apps::one(desk("/operator/apps/6"), app_seen(app(true, AppKind::Test)))),
        (
            "operator-requests",
            requests::list(desk("/operator/requests"), false, &catalogue, leaf(vec![request("open")])),
        ),
        ("operator-requests-empty", requests::list(desk("/operator/requests"), true, &catalogue, nothing)),
        ("operator-request", requests::one(desk("/operator/requests/3"), &request("open"), &catalogue, Fields::new())),
        (
            "operator-request-decided",
            requests::one(desk("/operator/requests/3"), &request("refused"), &catalogue, Fields::new()),
        ),
        ("operator-catalogue", catalogue::list(desk("/operator/catalogue"), &catalogue)),
        ("operator-group-new", catalogue::new_group(desk("/operator/catalogue/new"), Fields::new())),
        ("operator-group", catalogue::group(desk("/operator/catalogue/groups/moment"), &catalogue, moment, None)),
        (
            "operator-item-new",
            catalogue::new_item(desk("/operator/catalogue/groups/moment/new"), moment, Fields::new()),
        ),
        ("operator-item", catalogue::item(desk("/operator/catalogue/items/moment_create"), moment, item, None)),
        ("operator-assets", assets::list(desk("/operator/assets"), &catalogue, moment, "", leaf(vec![asset()]))),
        ("operator-asset-new", assets::new(desk("/operator/assets/new"), &catalogue, Fields::new())),
        (
            "operator-asset",
            assets::one(
                desk("/operator/assets/moment/704512337"),
                &asset(),
                moment,
                leaf(vec![(UserId(5), held)]),
                None,
            ),
        ),
        ("operator-platform", platform::page(desk("/operator/platform"), false, vec![setting.clone()], Fields::new())),
        ("operator-platform-closed", platform::page(desk("/operator/platform"), true, vec![setting], Fields::new())),
        (
            "operator-keys",
            keys::list(
                desk("/operator/keys"),
                &leaf(vec![key("directory", false), key("old", true)]),
                NOW,
                Some("bzo_1234".to_owned()),
            ),
        ),
        ("operator-key-new", keys::new(desk("/operator/keys/new"), Fields::new())),
        ("operator-audit", audit::list(desk("/operator/audit"), &sought, Fields::new(), (&[entry()], &names), true)),
        ("operator-audit-refused", audit::list(desk("/operator/audit"), &half, id_missing, (&[], &names), false)),
        ("operator-audit-verify", audit::verify(desk("/operator/audit/verify"), head, Some(&AuditVerdict::Altered(7)))),
    ]);
    all
}
