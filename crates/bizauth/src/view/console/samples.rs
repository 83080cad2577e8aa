//! The pages about apps, filled with what real ones hold: long names, refusals, sanctions, nothing at all.

use askama::Template;
use bizauth_core::app::{AppKind, BadName, Role};
use bizauth_core::id::AppId;
use bizauth_core::time::Time;

use super::*;
use crate::icon::BadIcon;
use crate::view::Frame;
use crate::view::kit::{Fields, Pager, Pick, Post, When};

fn head(kind: AppKind, role: Role) -> AppHead {
    AppHead {
        id: AppId(5), name: "달빛상점 광고 보고서".to_owned(), icon: None, kind, sanctioned: false, role
    }
}

fn when(days: i64) -> When {
    Time::from_millis(1_795_230_000_000 + days * 86_400_000).into()
}

fn to(path: &str) -> Post {
    Post::new(path, "token")
}

/// Each sample with its name; `frame` makes the frame of a signed-in person at a path.
pub(in crate::view) fn all(frame: &dyn Fn(&str) -> Frame) -> Vec<(&'static str, Result<String, askama::Error>)> {
    let home = home(frame("/console"));
    let empty = ConsoleHome {
        apps: Vec::new(),
        invitations: Vec::new(),
        more_invitations: false,
        pager: Pager::default(),
        email_verified: false,
        frame: frame("/console"),
        search: String::new(),
    };
    let lost =
        ConsoleHome { search: "없는".to_owned(), frame: frame("/console?q=x"), ..home_without(frame("/console")) };
    vec![
        ("console-home", home.render()),
        ("console-home-empty", empty.render()),
        ("console-home-lost", lost.render()),
        ("console-new", new_app(frame("/console/apps/new"), false).render()),
        ("console-new-refused", new_app(frame("/console/apps/new"), true).render()),
        ("console-app", overview(frame("/console/apps/5"), false).render()),
        ("console-app-sanctioned", overview(frame("/console/apps/5"), true).render()),
        ("console-settings", settings(frame("/console/apps/5/settings"), Role::Owner).render()),
        ("console-settings-editor", settings(frame("/console/apps/5/settings"), Role::Editor).render()),
        ("console-settings-refused", refused_settings(frame("/console/apps/5/settings")).render()),
        ("console-members", members(frame("/console/apps/5/members"), Role::Owner).render()),
        ("console-members-editor", members(frame("/console/apps/5/members"), Role::Editor).render()),
        ("console-member", member(frame("/console/apps/5/members/8"), false).render()),
        ("console-member-me", member(frame("/console/apps/5/members/9"), true).render()),
    ]
}

fn home_without(frame: Frame) -> ConsoleHome {
    ConsoleHome { apps: Vec::new(), invitations: Vec::new(), pager: Pager::default(), ..home(frame) }
}

fn home(frame: Frame) -> ConsoleHome {
    let row = |id: i64, name: &str, kind, role, sanctioned| AppRow {
        head: AppHead { id: AppId(id), name: name.to_owned(), icon: None, kind, sanctioned, role },
        company: "달빛 주식회사".to_owned(),
        created: when(-id),
    };
    let long = "아주 긴 이름을 가진 앱이라서 한 줄에 다 들어가지 않는 Advertising Performance Report Generator";
    ConsoleHome {
        apps: vec![
            row(5, "달빛상점 광고 보고서", AppKind::Biz, Role::Owner, false),
            row(6, "달빛상점 (테스트)", AppKind::Test, Role::Owner, false),
            row(7, long, AppKind::Basic, Role::Editor, false),
            row(8, "Stopped", AppKind::Biz, Role::Editor, true),
        ],
        pager: Pager { newer: None, older: Some("/console?after=8".to_owned()) },
        search: String::new(),
        invitations: vec![InvitationRow {
            name: "Ad Reports".to_owned(),
            icon: None,
            company: "Report Works".to_owned(),
            invited_by: Some("lee@example.com".to_owned()),
            role: Role::Editor,
            until: when(14),
            accept: to("/console/invitations/3/accept"),
            decline: to("/console/invitations/3/decline"),
        }],
        more_invitations: true,
        email_verified: true,
        frame,
    }
}

fn new_app(frame: Frame, refused: bool) -> NewAppPage {
    let mut fields = Fields::typed([("kind", "test"), ("name", "달\u{202e}빛")]);
    let mut parents = vec![Pick::new("5", "달빛상점 광고 보고서")];
    if refused {
        for why in [BadName::Unreadable, BadName::TooLong] {
            fields.refuse("name", name_refusal(&frame, "name", why));
        }
        fields.refuse("company", name_refusal(&frame, "company", BadName::Empty));
        fields.refuse("kind", kind_refusal(&frame));
        fields.refuse("parent", parent_refusal(&frame, true));
    } else {
        parents.clear();
        fields = Fields::new();
    }
    NewAppPage { frame, fields, post: to("/console/apps/new"), parents, more: refused.then_some(200) }
}

fn overview(frame: Frame, sanctioned: bool) -> OverviewPage {
    let head = AppHead { sanctioned, ..head(AppKind::Biz, Role::Owner) };
    let steps = OverviewPage::STEPS.iter().enumerate().map(|(at, key)| Step {
        key,
        href: "/console/apps/5/keys".to_owned(),
        done: at < 3 || sanctioned,
        asked: (at == 3 && !sanctioned).then(|| when(4)),
    });
    let relative = |name: &str, href: Option<&str>| Relative { name: name.to_owned(), href: href.map(str::to_owned) };
    OverviewPage {
        steps: steps.collect(),
        company: "달빛 주식회사".to_owned(),
        created: when(0),
        quota: sanctioned.then_some(30_000),
        parent: sanctioned.then(|| relative("Parent", None)),
        test_apps: vec![relative("달빛상점 (테스트)", Some("/console/apps/6")), relative("Another's", None)],
        new_test_app: Some("/console/apps/new?parent=5".to_owned()),
        frame: app_sections(frame, &head),
        head,
    }
}

fn settings(frame: Frame, role: Role) -> SettingsPage {
    let head = head(AppKind::Basic, role);
    let owner = role == Role::Owner;
    let request = |state, answer: &str| BizRequest {
        state,
        reason: "광고 보고서를 만드는 회사입니다.\n고객사의 광고 계정을 읽어 주간 보고서를 보냅니다.".to_owned(),
        answer: answer.to_owned(),
        asked: when(-3),
        withdraw: (state == RequestWord::Open && owner).then(|| to("/console/apps/5/biz/2/withdraw")),
    };
    SettingsPage {
        naming: Fields::typed([("name", head.name.as_str()), ("company", "달빛 주식회사")]).for_form("naming"),
        rename: to("/console/apps/5/rename"),
        picture: Fields::new().for_form("picture"),
        icon: to("/console/apps/5/icon"),
        remove_icon: owner.then(|| to("/console/apps/5/icon/delete")),
        may_become_biz: true,
        requests_pager: Pager { newer: None, older: Some("/console/apps/5/settings?after=3#biz".to_owned()) },
        requests: vec![
            request(if owner { RequestWord::Withdrawn } else { RequestWord::Open }, ""),
            request(RequestWord::Refused, "사업자등록증의 상호와 회사명이 다릅니다."),
            request(RequestWord::Granted, ""),
        ],
        biz: Fields::new().for_form("biz"),
        ask_biz: owner.then(|| to("/console/apps/5/biz/request")),
        confirm: Fields::new().for_form("delete"),
        delete: owner.then(|| to("/console/apps/5/delete")),
        test_apps: 2,
        frame: app_sections(frame, &head),
        head,
    }
}

fn refused_settings(frame: Frame) -> SettingsPage {
    let mut page = settings(frame, Role::Owner);
    let frame = page.frame.clone();
    page.naming.refuse("name", name_refusal(&frame, "name", BadName::Empty));
    let reasons = [BadIcon::TooLarge, BadIcon::OtherFormat, BadIcon::Animated, BadIcon::Dimensions, BadIcon::Broken];
    for why in reasons.into_iter().map(Some).chain([None]) {
        page.picture = Fields::new().for_form("picture");
        page.picture.refuse("icon", icon_refusal(&frame, why));
    }
    page.biz.refuse("reason", reason_refusal(&frame, false));
    page.confirm.confirm(&frame, &page.head.name);
    page
}

fn members(frame: Frame, role: Role) -> MembersPage {
    let (head, owner) = (head(AppKind::Biz, role), role == Role::Owner);
    let row = |email: &str, role, me: bool, id: i64| MemberRow {
        email: email.to_owned(),
        role,
        me,
        href: (owner || me).then(|| format!("/console/apps/5/members/{id}")),
    };
    let mut invitation = Fields::typed([("email", "kim"), ("role", "editor")]).for_form("invite");
    if owner {
        invitation.refuse("email", member_refusal(&frame, MemberRefusal::NoEmail));
    }
    MembersPage {
        path: "/console/apps/5/members".to_owned(),
        search: String::new(),
        searchable: owner,
        pager: Pager { newer: None, older: owner.then(|| "/console/apps/5/members?after=9".to_owned()) },
        members: vec![
            row("a.very.long.address.of.a.person@a-department.example.com", Role::Owner, false, 8),
            row("kim@example.com", role, true, 9),
        ],
        invited: vec![InvitedRow {
            email: "park@example.com".to_owned(),
            role: Role::Editor,
            until: when(14),
            cancel: owner.then(|| to("/console/apps/5/members/invitations/3/cancel")),
        }],
        invitation,
        invite: owner.then(|| to("/console/apps/5/members/invite")),
        handing: Fields::new().for_form("transfer"),
        transfer: owner.then(|| to("/console/apps/5/members/transfer")),
        heirs: vec![Pick::new("8", "lee@example.com")],
        frame: app_sections(frame, &head),
        head,
    }
}

fn member(frame: Frame, me: bool) -> MemberPage {
    let head = head(AppKind::Biz, Role::Owner);
    let mut fields = Fields::typed([("role", "editor")]).for_form("role");
    if me {
        fields.refuse("role", member_refusal(&frame, MemberRefusal::LastOwner));
    }
    MemberPage {
        email: "lee@example.com".to_owned(),
        role: Role::Editor,
        me,
        fields,
        change: Some(to("/console/apps/5/members/8/role")),
        confirm: Fields::new().for_form("remove"),
        remove: to("/console/apps/5/members/8/remove"),
        frame: app_sections(frame, &head),
        head,
    }
}
