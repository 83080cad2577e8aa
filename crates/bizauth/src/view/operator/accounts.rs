//! Accounts: the list, a new one, and all about one of them.

use bizauth_core::app::AppKind;
use bizauth_core::asset::Holding;
use bizauth_core::id::UserId;
use bizauth_core::scope::GroupId;
use bizauth_core::user::UserState;
use bizauth_store::{Leaf, LentApp, MemberOf, SessionRecord, UserRecord};

use super::sheet::{Cell, Field, Part, Search, Sheet, Table, badge, link, mono, text, when};
use super::{Desk, listed, pager, state_badge, switch};
use crate::view::Frame;
use crate::view::kit::{Badge, Fields, Pick, Section, Tone};
use crate::view::me::agent;

const PATH: &str = "/operator/accounts";

/// The address of one account's page.
pub fn path(id: UserId) -> String {
    format!("{PATH}/{id}")
}

/// The list.
pub fn list(desk: Desk<'_>, sought: &str, blocked: bool, leaf: Leaf<UserRecord>) -> Sheet {
    let frame = &desk.frame;
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.user.id.to_string(), b.user.id.to_string()));
    let row = |it: &UserRecord| {
        let user = &it.user;
        let mut notes = vec![Cell::Badge(state_badge(frame, user.state))];
        notes.extend(marks(frame, it).into_iter().map(Cell::Badge));
        vec![
            link(&user.email, path(user.id)),
            notes,
            badge(switch(frame, user.in_business_centre)),
            when(it.created_at),
        ]
    };
    let table = Table {
        columns: ["op-email", "op-state", "op-centre", "op-since"].map(|key| frame.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: match blocked {
            true => pager(&listed(PATH, &[("show", "blocked")]), ends, leaf.before, leaf.after),
            false => pager(&listed(PATH, &[("q", sought)]), ends, leaf.before, leaf.after),
        },
        empty: match (blocked, sought.is_empty()) {
            (true, _) => "op-none-blocked",
            (false, true) => "op-no-accounts",
            (false, false) => "op-none-found",
        },
        empty_link: (sought.is_empty() && !blocked).then(|| (frame.say("op-account-new"), format!("{PATH}/new"))),
    };
    let search =
        Search { action: PATH.to_owned(), value: sought.to_owned(), label: "op-search-accounts", hidden: Vec::new() };
    let filters = vec![
        Section::new(desk.say("op-show-all"), PATH, !blocked),
        Section::new(desk.say("op-show-blocked"), listed(PATH, &[("show", "blocked")]), blocked),
    ];
    let heading = desk.say("nav-accounts");
    let mut sheet =
        Sheet::new(desk.frame, heading).about("op-accounts-lead").action("op-account-new", format!("{PATH}/new"));
    (sheet.search, sheet.filters) = (Some(search), filters);
    sheet.card("list", "", vec![Part::Table(table)])
}

fn marks(frame: &Frame, it: &UserRecord) -> Vec<Badge> {
    let mut marks = Vec::new();
    if it.is_operator {
        marks.push(Badge::new(Tone::Plain, frame.say("op-operator")));
    }
    if it.developer_sanctioned {
        marks.push(Badge::new(Tone::Bad, frame.say("op-sanctioned")));
    }
    marks
}

/// The form of a new account.
pub fn new(desk: Desk<'_>, fields: Fields) -> Sheet {
    let desk = desk.below("nav-accounts", PATH);
    let list = vec![
        Field::Line("email", "op-email", "email"),
        Field::Check("verified", "op-verified"),
        Field::Check("centre", "op-centre"),
        Field::Check("operator", "op-operator-check"),
        Field::Radios(
            "password",
            "op-password-how",
            vec![
                Pick::new("temporary", desk.say("op-password-temporary"))
                    .hinted(desk.say("op-password-temporary.hint")),
                Pick::new("none", desk.say("op-password-none")).hinted(desk.say("op-password-none.hint")),
            ],
        ),
    ];
    let form = desk.making(format!("{PATH}/new"), fields, list, PATH);
    let heading = desk.say("op-account-new");
    Sheet::new(desk.frame, heading).about("op-account-new-lead").card("form", "op-account-facts", vec![form])
}

/// All that the page of one account shows.
pub struct Account {
    /// The account.
    pub record: UserRecord,
    /// Whether signing in takes a second step.
    pub second_factor: bool,
    /// The browsers that are signed in.
    pub sessions: Leaf<SessionRecord>,
    /// What it is a member of.
    pub member_of: Leaf<MemberOf>,
    /// What it lent something to.
    pub lent: Leaf<LentApp>,
    /// What it holds.
    pub holdings: Leaf<Holding>,
    /// The form that was refused, by its name.
    pub refused: Option<(&'static str, Fields)>,
    /// A password to be shown once.
    pub password: Option<String>,
}

/// One account.
pub fn one(desk: Desk<'_>, it: Account) -> Sheet {
    let desk = desk.below("nav-accounts", PATH);
    let (user, frame, at) = (&it.record.user, &desk.frame, path(it.record.user.id));
    let facts = vec![
        (desk.say("op-id"), vec![Cell::Copy("account-id".to_owned(), user.id.to_string())]),
        (desk.say("op-state"), badge(state_badge(frame, user.state))),
        (desk.say("op-state-means"), text(desk.say(means(user.state)))),
        (desk.say("op-since"), when(it.record.created_at)),
        (
            desk.say("op-verified-short"),
            vec![
                Cell::Badge(switch(frame, user.email_verified)),
                toggle(&desk, &at, "verified", ("op-verify", "op-unverify"), user.email_verified),
            ],
        ),
        (
            desk.say("op-centre"),
            vec![
                Cell::Badge(switch(frame, user.in_business_centre)),
                toggle(&desk, &at, "centre", ("op-join", "op-leave"), user.in_business_centre),
            ],
        ),
        (
            desk.say("op-second-factor"),
            match it.second_factor {
                true => vec![
                    Cell::Badge(switch(frame, true)),
                    desk.act(format!("{at}/factor"), "op-factor-remove", "", true),
                ],
                false => badge(switch(frame, false)),
            },
        ),
    ];
    let form = |name: &'static str, fresh: Fields| match &it.refused {
        Some((refused, fields)) if *refused == name => fields.clone().for_form(name),
        _ => fresh.for_form(name),
    };
    let states = UserState::ALL
        .map(|state| Pick::new(state.word(), state_badge(frame, state).text).hinted(desk.say(means(state))));
    let state = vec![
        Field::Radios("state", "op-state-new", states.to_vec()),
        Field::Area("reason", "op-reason"),
        Field::Check("sure", "op-sure-tokens"),
    ];
    let state = desk
        .form(
            format!("{at}/state"),
            form("state", Fields::typed([("state", user.state.word())])),
            state,
            "op-state-set",
        )
        .grave_if(true);
    let sanctioned = it.record.developer_sanctioned;
    let hidden = if sanctioned { "op-sanction-lift" } else { "op-sanction-begin" };
    let sanction = desk
        .form(
            format!("{at}/{}", if sanctioned { "lift" } else { "sanction" }),
            form("sanction", Fields::new()),
            match sanctioned {
                true => vec![Field::Area("reason", "op-reason")],
                false => vec![Field::Area("reason", "op-reason"), Field::Check("sure", "op-sure-sanction")],
            },
            hidden,
        )
        .grave_if(!sanctioned);
    let operator = if it.record.is_operator { "op-unmake" } else { "op-make" };
    let operator = desk
        .form(
            format!("{at}/{}", if it.record.is_operator { "unmake" } else { "make" }),
            form("operator", Fields::new()),
            vec![Field::Check("sure", "op-sure-operator")],
            operator,
        )
        .grave_if(it.record.is_operator);
    let password = desk
        .form(
            format!("{at}/password"),
            form("password", Fields::new()),
            vec![Field::Check("sure", "op-sure-password")],
            "op-password-reset",
        )
        .grave_if(true);
    let cards = [
        ("facts", "op-account-facts", vec![Part::Facts(facts)]),
        ("state", "op-state", vec![Part::Text(desk.say("op-state-text")), state]),
        ("sessions", "nav-sessions", sessions(&desk, &at, &it.sessions)),
        ("password", "op-password", vec![Part::Text(desk.say("op-password-text")), password]),
        ("holdings", "op-holds", vec![holdings(&desk, &at, &it.holdings)]),
        ("lent", "op-lent", vec![lent(&desk, &at, &it.lent)]),
        ("members", "op-member-of", vec![members(&desk, &at, &it.member_of)]),
        ("sanction", "op-developer-sanction", vec![Part::Text(desk.say("op-developer-sanction-text")), sanction]),
        ("operator", "op-operator", vec![Part::Text(desk.say("op-operator-text")), operator]),
    ];
    let heading = user.email.clone();
    let secret = it.password.map(|password| (desk.say("op-password-once"), password));
    let audit = listed("/operator/audit", &[("kind", "account"), ("id", &user.id.to_string())]);
    let badges = [vec![state_badge(frame, user.state)], marks(frame, &it.record)].concat();
    let mut sheet = Sheet::new(desk.frame, heading).action("op-audit-of", audit);
    (sheet.secret, sheet.badges) = (secret, badges);
    cards.into_iter().fold(sheet, |sheet, (id, key, parts)| sheet.card(id, key, parts))
}

fn toggle(desk: &Desk<'_>, at: &str, what: &str, (on, off): (&str, &str), is_on: bool) -> Cell {
    let (key, to) = if is_on { (off, "no") } else { (on, "yes") };
    desk.act_with(format!("{at}/{what}"), (key, is_on), "", vec![("on", to.to_owned())])
}

/// What a state does, in a sentence.
fn means(state: UserState) -> &'static str {
    match state {
        UserState::Active => "op-means-active",
        UserState::Dormant => "op-means-dormant",
        UserState::Blocked => "op-means-blocked",
        UserState::Withdrawn => "op-means-withdrawn",
    }
}

fn sessions(desk: &Desk<'_>, at: &str, leaf: &Leaf<SessionRecord>) -> Vec<Part> {
    let list = &leaf.rows;
    let ends = list.first().zip(list.last()).map(|(a, b)| (a.id.to_string(), b.id.to_string()));
    let row = |it: &SessionRecord| {
        let agent = agent(&desk.frame, it.agent.as_deref());
        let end =
            desk.act_with(format!("{at}/end"), ("op-session-end", true), &agent, vec![("session", it.id.to_string())]);
        vec![text(agent), mono(it.address.as_deref().unwrap_or("–")), when(it.created_at), when(it.used_at), vec![end]]
    };
    let table = Table {
        columns: [
            desk.say("op-browser"),
            desk.say("op-from"),
            desk.say("op-since"),
            desk.say("op-used"),
            String::new(),
        ]
        .to_vec(),
        rows: list.iter().map(row).collect(),
        pager: pager(&format!("{at}?list=sessions"), ends, leaf.before, leaf.after),
        empty: "op-no-sessions",
        ..Table::default()
    };
    let mut parts = vec![Part::Table(table)];
    if !list.is_empty() {
        parts.insert(0, Part::Text(desk.say("used-minutes")));
        parts.push(Part::Facts(vec![(
            desk.say("op-sessions-all"),
            vec![desk.act(format!("{at}/end-all"), "op-sessions-end", "", true)],
        )]));
    }
    parts
}

fn holdings(desk: &Desk<'_>, at: &str, leaf: &Leaf<Holding>) -> Part {
    let key = |it: &Holding| format!("{}:{}", it.group, it.asset);
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (key(a), key(b)));
    let row = |it: &Holding| {
        let role = desk.frame.words.role(&it.role, desk.frame.language);
        let asset = format!("/operator/assets/{}/{}", it.group, it.asset);
        vec![link(&it.name, asset), mono(key(it)), text(role), badge(switch(&desk.frame, it.lendable))]
    };
    Part::Table(Table {
        columns: ["op-name", "op-id", "op-role", "op-lendable"].map(|key| desk.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: pager(&format!("{at}?list=holdings"), ends, leaf.before, leaf.after),
        empty: "op-no-holdings",
        empty_link: Some((desk.say("nav-assets"), "/operator/assets".to_owned())),
    })
}

/// The row that `text` names in the list of what an account holds.
pub fn holding_key(text: &str) -> Option<(GroupId, String)> {
    text.split_once(':').map(|(group, asset)| (group.into(), asset.to_owned()))
}

fn lent(desk: &Desk<'_>, at: &str, leaf: &Leaf<LentApp>) -> Part {
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.app.to_string(), b.app.to_string()));
    let row = |it: &LentApp| {
        let agreed = match it.agreed_at {
            Some(at) => when(at),
            None => badge(Badge::new(Tone::Plain, desk.say("op-taken-back"))),
        };
        vec![link(&it.name, super::apps::path(it.app)), agreed]
    };
    Part::Table(Table {
        columns: ["op-app", "op-agreed"].map(|key| desk.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: pager(&format!("{at}?list=lent"), ends, leaf.before, leaf.after),
        empty: "op-no-lent",
        empty_link: None,
    })
}

fn members(desk: &Desk<'_>, at: &str, leaf: &Leaf<MemberOf>) -> Part {
    let ends = leaf.rows.first().zip(leaf.rows.last()).map(|(a, b)| (a.app.to_string(), b.app.to_string()));
    let row = |it: &MemberOf| {
        let role = desk.say(if it.role == "owner" { "op-role-owner" } else { "op-role-editor" });
        vec![link(&it.name, super::apps::path(it.app)), text(desk.say(kind(it.kind))), text(role)]
    };
    Part::Table(Table {
        columns: ["op-app", "op-kind", "op-role"].map(|key| desk.say(key)).to_vec(),
        rows: leaf.rows.iter().map(row).collect(),
        pager: pager(&format!("{at}?list=members"), ends, leaf.before, leaf.after),
        empty: "op-no-memberships",
        empty_link: None,
    })
}

/// The words for a kind of app.
pub(super) fn kind(kind: AppKind) -> &'static str {
    match kind {
        AppKind::Basic => "op-kind-basic",
        AppKind::Biz => "op-kind-biz",
        AppKind::Test => "op-kind-test",
    }
}
