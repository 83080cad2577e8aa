//! The tables of pages and actions, each row tried by everybody who may come along. Rows that are added are tried
//! without a word here.

use std::collections::BTreeMap;

use bizauth::http::access::{Rule, Who, home_of, place_of};
use bizauth::http::gate::purpose;
use bizauth::http::guard::form_token;
use bizauth::http::{console, me, operator};
use bizauth::view::{Notice, Place};
use bizauth_core::app::{AppKind, Role};
use bizauth_core::id::AppId;
use bizauth_core::user::UserState;

use crate::world::{Answer, Person, World};

fn tables() -> Vec<Rule> {
    let tables = [console::table(), me::table(), operator::pages_table()];
    for (table, home) in tables.iter().zip(["/console", "/me", "/operator"]) {
        assert!(table.iter().any(|rule| rule.path == home && rule.method == "GET"), "{home} has no first page");
        assert!(table.iter().all(|rule| home_of(place_of(rule.path)) == home), "a row of {home} that lies elsewhere");
        assert!(table.iter().any(|rule| rule.method == "POST"), "nothing can be done at {home}");
    }
    tables.into_iter().flatten().collect()
}

/// Someone who comes along.
struct Visitor {
    name: &'static str,
    person: Person,
    signed_in: bool,
    state: UserState,
    is_operator: bool,
    /// What they are in the app that is asked for.
    role: Option<Role>,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    SignIn,
    Told(Notice),
    Through,
}

async fn visitors(world: &World, app: AppId) -> Vec<Visitor> {
    use UserState::{Active, Blocked, Dormant, Withdrawn};
    let mut all = Vec::new();
    for (name, state, is_operator, role) in [
        ("nobody", Active, false, None),
        ("stranger", Active, false, None),
        ("elsewhere", Active, false, None),
        ("editor", Active, false, Some(Role::Editor)),
        ("owner", Active, false, Some(Role::Owner)),
        ("operator", Active, true, None),
        ("sleeper", Dormant, true, Some(Role::Owner)),
        ("blocked", Blocked, true, Some(Role::Owner)),
        ("closed", Withdrawn, true, Some(Role::Owner)),
    ] {
        let email = format!("{name}@example.com");
        let person = if is_operator { world.operator(&email).await } else { world.newcomer(&email).await };
        if let Some(role) = role {
            assert!(world.by().add_member(app, person.id, role.word()).await.unwrap());
        }
        if name == "elsewhere" {
            world.app_of(AppKind::Biz, None, Some(person.id)).await;
        }
        if state != Active {
            assert!(world.by().set_user_state(person.id, state).await.unwrap());
        }
        let signed_in = name != "nobody";
        if signed_in {
            person.signs_in().await;
        }
        all.push(Visitor { name, person, signed_in, state, is_operator, role });
    }
    all
}

/// The rules, told once more and in other words.
fn expected(rule: &Rule, visitor: &Visitor) -> Outcome {
    let place = place_of(rule.path);
    let standing = match visitor.state {
        UserState::Active => None,
        UserState::Dormant => (place != Place::Me).then_some(Notice::AccountDormant),
        UserState::Blocked => (place != Place::Me).then_some(Notice::AccountBlocked),
        UserState::Withdrawn => Some(Notice::AccountClosed),
    };
    let missing = match (rule.who, visitor.role) {
        (Who::Operator, _) => (!visitor.is_operator).then_some(Notice::OperatorsOnly),
        (Who::Editor | Who::Owner, None) => Some(Notice::NotFound),
        (Who::Owner, Some(Role::Editor)) => Some(Notice::OwnersOnly),
        (Who::SignedIn | Who::Editor | Who::Owner, _) => None,
    };
    match standing.or(missing) {
        _ if !visitor.signed_in && rule.method == "POST" => Outcome::Told(Notice::SessionOver),
        _ if !visitor.signed_in => Outcome::SignIn,
        Some(notice) => Outcome::Told(notice),
        None => Outcome::Through,
    }
}

/// How often the gate said what: the metrics know its refusals by name.
fn refusals(world: &World) -> BTreeMap<String, u64> {
    let text = world.state.metrics.text();
    let lines = text.lines().filter(|line| line.contains("fault=\"notice-"));
    let read = |line: &str| {
        let name = line.split("fault=\"").nth(1)?.split('"').next()?;
        Some((name.to_owned(), line.rsplit(' ').next()?.parse().ok()?))
    };
    lines.filter_map(read).collect()
}

/// What the gate did with a request.
async fn outcome(world: &World, request: impl Future<Output = Answer>) -> (Outcome, Answer) {
    let before = refusals(world);
    let answer = request.await;
    let after = refusals(world);
    let said = Notice::ALL.into_iter().find(|notice| after.get(notice.key()) != before.get(notice.key()));
    let outcome = match said {
        Some(notice) => {
            answer.says(notice);
            Outcome::Told(notice)
        }
        None if answer.status == 303 && answer.location().starts_with("/login?") => Outcome::SignIn,
        None => Outcome::Through,
    };
    (outcome, answer)
}

/// A path of this rule: the app, and of everything else one that does not exist.
fn address(rule: &Rule, app: &str) -> String {
    let piece = |piece| match piece {
        "{app}" => app.to_owned(),
        other if other.starts_with('{') => "999".to_owned(),
        other => other.to_owned(),
    };
    rule.path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

fn door<'w>(world: &'w World, rule: &Rule) -> &'w str {
    if place_of(rule.path) == Place::Operator { &world.operators } else { &world.base }
}

#[tokio::test]
async fn ghsa_xxwr_vvr3_2g9f_every_row_lets_in_whom_it_names_and_nobody_else() {
    let world = World::new().await;
    let app = world.app().await.id;
    let visitors = visitors(&world, app).await;
    let done = world.store().audit_head().await.unwrap().seq;
    for rule in tables() {
        let path = address(&rule, &app.to_string());
        for visitor in &visitors {
            let who = visitor.person.at(door(&world, &rule));
            let wanted = expected(&rule, visitor);
            let about = format!("{} {path} by {}", rule.method, visitor.name);
            if rule.method == "GET" {
                let (found, answer) = outcome(&world, who.opens(&path)).await;
                assert_eq!(found, wanted, "{about}: {answer:?}");
                assert!(answer.status < 500, "{about}: {answer:?}");
                continue;
            }
            // Whoever may is told that the form is none; a token for something else is none either.
            let wanted = if wanted == Outcome::Through { Outcome::Told(Notice::FormExpired) } else { wanted };
            let other =
                who.opens(home_of(place_of(rule.path))).await.values("form[action='/logout'] input[name='form_token']");
            for token in [None, Some("x".to_owned()), other.first().cloned()] {
                let fields: Vec<(&str, &str)> = token.iter().map(|token| ("form_token", token.as_str())).collect();
                let (found, answer) = outcome(&world, who.posts(&path, &fields)).await;
                assert_eq!(found, wanted, "{about} with {token:?}: {answer:?}");
                if wanted == Outcome::Told(Notice::FormExpired) {
                    assert_eq!(answer.status, 403, "{about}");
                }
            }
        }
    }
    assert_eq!(world.store().audit_head().await.unwrap().seq, done, "nothing was done");
}

/// A token is good in one session for one action: neither another account's nor one of an earlier session nor one of
/// another action opens any row.
#[tokio::test]
async fn no_row_takes_a_token_that_is_stale_or_anothers() {
    let world = World::new().await;
    let app = world.app().await.id;
    let (kim, eve) = (world.operator("kim@example.com").await, world.operator("eve@example.com").await);
    for person in [&kim, &eve] {
        assert!(world.by().add_member(app, person.id, "owner").await.unwrap());
    }
    let (stale, theirs) = (kim.session_secret().await, eve.session_secret().await);
    kim.signs_out().await;
    let now = kim.session_secret().await;
    let blank = ("name", "");
    let right = form_token(&now, &purpose("/console/apps/new"));
    let (found, answer) = outcome(&world, kim.posts("/console/apps/new", &[("form_token", &right), blank])).await;
    assert_eq!((found, answer.status), (Outcome::Through, 422), "the tokens of this test are those of forms");
    let done = world.store().audit_head().await.unwrap().seq;
    let mut rows = 0;
    for rule in tables().iter().filter(|rule| rule.method == "POST") {
        let path = address(rule, &app.to_string());
        let who = kim.at(door(&world, rule));
        for (why, token) in [
            ("stale", form_token(&stale, &purpose(&path))),
            ("another account's", form_token(&theirs, &purpose(&path))),
            ("another action's", form_token(&now, &purpose(&format!("{path}/")))),
            ("no action's", form_token(&now, &path)),
        ] {
            let (found, answer) = outcome(&world, who.posts(&path, &[("form_token", &token)])).await;
            assert_eq!((found, answer.status), (Outcome::Told(Notice::FormExpired), 403), "{path} with {why} token");
        }
        rows += 1;
    }
    assert!(rows > 50, "{rows}");
    assert_eq!(world.store().audit_head().await.unwrap().seq, done, "nothing was done");
}

#[tokio::test]
async fn an_app_that_is_none_looks_like_anothers() {
    let world = World::new().await;
    let kim = world.newcomer("kim@example.com").await;
    kim.signs_in().await;
    let mine = world.app_of(AppKind::Biz, None, Some(kim.id)).await.id;
    let gone = world.app_of(AppKind::Biz, None, Some(kim.id)).await.id;
    let theirs = world.app().await.id;
    assert!(world.by().delete_app(gone).await.unwrap());
    let ids = [gone.to_string(), theirs.to_string(), format!("+{mine}"), format!("0{mine}"), "x".to_owned()];
    for rule in tables().iter().filter(|rule| matches!(rule.who, Who::Editor | Who::Owner)) {
        assert!(rule.path.contains("/{app}"), "{} is about no app", rule.path);
        for id in &ids {
            let path = address(rule, id);
            let request =
                async { if rule.method == "GET" { kim.opens(&path).await } else { kim.posts(&path, &[]).await } };
            let (found, answer) = outcome(&world, request).await;
            assert_eq!((found, answer.status), (Outcome::Told(Notice::NotFound), 404), "{} {path}", rule.method);
        }
    }
}

#[test]
fn the_tables_say_what_they_mean() {
    let tables = tables();
    for rule in &tables {
        assert!(["GET", "POST"].contains(&rule.method.as_str()), "{} {}", rule.method, rule.path);
        let place = place_of(rule.path);
        assert_ne!(place, Place::Public, "{}", rule.path);
        assert_eq!(rule.who == Who::Operator, place == Place::Operator, "{}", rule.path);
        let about_an_app = rule.path.contains("/{app}") && place == Place::Console;
        assert_eq!(matches!(rule.who, Who::Editor | Who::Owner), about_an_app, "{}", rule.path);
    }
    let mut rows: Vec<_> = tables.iter().map(|rule| (rule.path, rule.method.as_str())).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), tables.len(), "a row twice");
}

#[tokio::test]
async fn the_operators_door_signs_people_in_and_keeps_health_open() {
    let world = World::new().await;
    let admin = world.operator("admin@example.com").await.at(&world.operators);
    assert_eq!(admin.opens("/").await.location(), "/operator");
    assert_eq!(admin.opens("/operator").await.location(), "/login?next=%2Foperator");
    let back = admin.tries_password(crate::world::PASSWORD, "/operator").await;
    assert_eq!((back.status, back.location()), (303, "/operator"));
    assert_eq!(admin.opens("/operator").await.status, 200);
    assert_eq!(admin.opens("/language?to=en&next=%2Foperator").await.location(), "/operator");
    for path in ["/health/live", "/health/ready", "/metrics", "/static/bizauth.css", "/favicon.ico"] {
        assert_eq!(Answer::of(world.http.get(format!("{}{path}", world.operators))).await.status, 200, "{path}");
    }
    assert_eq!(admin.opens("/console").await.status, 404, "what is the public's is not here");
    assert_eq!(world.get("/operator").await.status, 404, "and what is the operator's is nowhere else");
    let metrics = admin.opens("/metrics").await.body;
    assert!(metrics.contains("endpoint=\"/operator\""), "{metrics}");
    let token = admin.form_token("/operator", "/logout").await;
    assert_eq!(admin.posts("/logout", &[("form_token", &token)]).await.status, 200);
    assert_eq!(admin.opens("/operator").await.status, 303);
}

#[tokio::test]
async fn every_row_has_a_name_in_the_metrics() {
    let world = World::new().await;
    for rule in tables() {
        let url = format!("{}{}", door(&world, &rule), address(&rule, "1"));
        Answer::of(world.http.request(rule.method.clone(), url)).await;
        let label = format!("endpoint=\"{}\"", rule.path);
        assert!(world.state.metrics.text().contains(&label), "{label}");
    }
}

#[tokio::test]
async fn without_a_store_the_gate_stays_shut() {
    let world = World::new().await;
    let admin = world.operator("admin@example.com").await;
    admin.signs_in().await;
    world.store().close().await;
    for rule in tables() {
        let who = admin.at(door(&world, &rule));
        let path = address(&rule, "1");
        let answer = if rule.method == "GET" { who.opens(&path).await } else { who.posts(&path, &[]).await };
        assert_eq!(answer.status, 503, "{path}");
        answer.says(Notice::Unavailable);
    }
}
