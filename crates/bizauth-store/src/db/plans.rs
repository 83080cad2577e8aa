//! How SQLite means to answer the lists: along an index, none of the big tables from end to end, nothing put in order
//! that could be long.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use bizauth_core::asset::AssetId;
use bizauth_core::id::{
    AppId, AppUserId, ConsentId, DeliveryId, ImportId, OperatorKeyId, RequestId, SessionId, TokenId, UserId, WebhookId,
};
use bizauth_core::scope::GroupId;
use bizauth_core::time::Time;

use crate::{Alive, AuditFilter, Place, Store, Turn};

/// Every text that a connection to the file of this name prepared.
static NOTED: Mutex<BTreeSet<(String, &'static str)>> = Mutex::new(BTreeSet::new());

/// Notes a text that was prepared.
pub(crate) fn note(path: &str, sql: &'static str) {
    NOTED.lock().unwrap().insert((path.to_owned(), sql));
}

/// Tables that are short on every platform: the catalogue.
const SHORT: [&str; 4] = ["g", "i", "asset_groups", "consent_items"];

/// Indexes over the few rows that a list is about, read from their beginning.
const FEW: [&str; 2] = ["INDEX users_blocked", "INDEX apps_sanctioned"];

/// Lists whose order is not that of an index, each with why it cannot be long.
const PUT_IN_ORDER: [(&str, &str); 4] = [
    ("ORDER BY a.age DESC", "the apps of one page"),
    ("ORDER BY a.id, l.group_id", "groups of the apps of one page"),
    ("AS is_member", "test apps of one app, of which there are ten"),
    ("ORDER BY g.position", "the catalogue"),
];

const ONE: UserId = UserId(1);
const APP: AppId = AppId(2);

/// One of everything, so that every list has a row to go on from.
const FILL: &str = "
    INSERT INTO users (id, email, email_verified, password, state, in_business_centre, developer_sanctioned,
        is_operator, era, created_at, sort) VALUES (1, 'a', 1, '', 'active', 1, 0, 0, 0, 1, 'a');
    INSERT INTO apps (id, name, company, kind, sanctioned, era, created_at, sort) VALUES (2, 'a', '', 'biz', 0, 0, 1, 'a');
    INSERT INTO members (app_id, user_id, role, sort, address) VALUES (2, 1, 'owner', 'a', 'a');
    INSERT INTO app_keys (id, app_id, kind, lookup, name, state, secret_on, callers, redirect_uris, may_read_ips,
        created_at) VALUES (3, 2, 'rest_api', 'k', '', 'active', 0, '', '', 0, 1);
    INSERT INTO assets (group_id, asset_id, kind, name, search, sort)
        VALUES ('moment', '1', 'ad_account', 'a', 'a 1', 'a'), ('keyword', '1', 'ad_account', 'a', 'a 1', 'a');
    INSERT INTO holdings (id, user_id, group_id, asset_id, role, lendable, sort)
        VALUES (4, 1, 'moment', '1', 'owner', 1, 'a 1'), (5, 1, 'keyword', '1', 'owner', 1, 'a 1');
    INSERT INTO app_users (id, app_id, user_id) VALUES (5, 2, 1);
    INSERT INTO consents (id, app_id, user_id, app_user_id, items, shown, agreed_at) VALUES (6, 2, 1, 5, '', '{}', 9);
    INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id)
        VALUES (6, 1, 'moment', 4, '1'), (6, 2, 'keyword', NULL, '*');
    INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at)
        VALUES (7, zeroblob(32), 6, 3, 2, 1, 0, 0, 9, 9);
    INSERT INTO audit_log (seq, at, actor_kind, actor, act, on_kind, on_id, about, before, after, digest)
        VALUES (1000, 9, 'server', 'a', 'b', 'c', 'd', '{}', '{}', '{}', zeroblob(32));
    INSERT INTO ip_versions (serial, published_at, updated) VALUES (1, 9, '2026-01-01');
    INSERT INTO ip_webhooks (id, url, sealed, made_at, made_by) VALUES (8, 'a', zeroblob(1), 9, 'a');
    INSERT INTO ip_deliveries (id, webhook, event, serial, date, made_at, due_at, leased_until, attempts, answer)
        VALUES (9, 8, 'published', 1, '', 9, 9, 0, 0, '');";

fn turns<K: Clone>(key: K) -> [Turn<K>; 3] {
    [Turn::First, Turn::After(key.clone()), Turn::Before(key)]
}

/// Asks for every list, from every side.
async fn ask_for_all(store: &Store) -> crate::Result<()> {
    let (group, asset, now) = (GroupId::from("moment"), AssetId("1".to_owned()), Time::from_millis(10));
    let alive = Alive { used_after: Time::from_millis(1), agreed_after: Time::from_millis(1) };
    for turn in turns(ONE) {
        store.accounts_page("a", &turn, 2).await?;
        store.blocked_accounts(&turn, 2).await?;
        store.members_page(APP, "a", &turn, 2).await?;
        store.holders(&group, &asset, &turn, 2).await?;
    }
    for turn in turns(APP) {
        store.apps_page("a", &turn, 2).await?;
        store.sanctioned_apps(&turn, 2).await?;
        store.memberships(ONE, &turn, 2).await?;
        store.lent_apps(ONE, &turn, 2).await?;
        store.connected_apps(ONE, "a", &turn, 2, alive).await?;
    }
    for turn in turns(asset.clone()) {
        store.assets_page(&group, "a", &turn, 2).await?;
        store.holdings_page((ONE, &group), "a", &turn, 2).await?;
        store.choice((ONE, &group), "a", &turn, 2).await?;
    }
    let connection = store.connected_app(ONE, APP, alive).await?.unwrap();
    for turn in turns((group.clone(), asset.clone())) {
        store.reached_assets(&connection, "a", &turn, 2).await?;
    }
    for turn in turns((GroupId::from("keyword"), asset.clone())) {
        store.reached_assets(&connection, "a", &turn, 2).await?;
    }
    for turn in turns((group.clone(), "1".to_owned())) {
        store.holdings_of(ONE, &turn, 2).await?;
    }
    for turn in turns(RequestId(1)) {
        store.open_requests(&turn, 2).await?;
        store.decided_requests(&turn, 2).await?;
        store.biz_requests(APP, &turn, 2).await?;
    }
    for turn in turns(TokenId(7)) {
        store.living_tokens((ONE, APP), &turn, 2, alive).await?;
    }
    for turn in turns(ConsentId(6)) {
        store.consents_given((ONE, APP), &turn, 2, alive).await?;
    }
    for turn in turns(1) {
        store.lent_with(TokenId(7), &turn, 2).await?;
    }
    for turn in turns(OperatorKeyId(1)) {
        store.operator_keys(&turn, 2).await?;
    }
    for turn in turns(ImportId(1)) {
        store.imports(&turn, 2, now).await?;
    }
    for turn in turns(SessionId(1)) {
        store.sessions_page(ONE, &turn, 2, now).await?;
    }
    for turn in turns(1) {
        store.ip_versions(&turn, 2).await?;
    }
    for turn in turns(DeliveryId(9)) {
        store.ip_deliveries(WebhookId(8), &turn, 2).await?;
    }
    store.lease_ip_deliveries(2, now, now).await?;
    for place in [None, Some(Place::After(APP)), Some(Place::Before(APP))] {
        store.apps_of(ONE, "a", place, 2).await?;
    }
    store.biz_apps_owned_by(ONE, 2).await?;
    store.test_apps_of(APP, ONE, 2).await?;
    store.last_requests(APP).await?;
    store.count_holdings((ONE, &group), "a", Some(&asset)).await?;
    store.count_holdings((ONE, &group), "", Some(&asset)).await?;
    store.holdings_named(ONE, &[(group.clone(), asset.clone()), (GroupId::from("keyword"), asset.clone())]).await?;
    store.lent_asset((ONE, APP), &group, &asset).await?;
    for turn in turns(1) {
        store.taken_back(ConsentId(6), &turn, 2).await?;
    }
    store.tokens_of(APP, None, 2).await?;
    store.tokens_after(APP, TokenId(1), 2).await?;
    store.tokens_of_person((APP, AppUserId(5)), None, 2).await?;
    store.tokens_of_person_after((APP, AppUserId(5)), TokenId(1), 2).await?;
    store.alive_tokens(APP, now, 2).await?;
    store.waiting(2).await?;
    store.sessions_of(ONE, None, 2, now).await?;
    store.devices_of(ONE, None, 2, now).await?;
    store.directories("", 2).await?;
    store.directory_assets("a", "", 2).await?;
    store.sealed_seeds(ONE, 2).await?;
    for filter in 0..16 {
        let named = |bit: i32, text: &str| (filter & bit != 0).then(|| text.to_owned());
        let filter = AuditFilter {
            actor: named(1, "a"),
            act: named(2, "b"),
            on: (filter & 4 != 0).then(|| ("c".to_owned(), "d".to_owned())),
            since: (filter & 8 != 0).then_some(now),
            until: (filter & 8 != 0).then_some(now),
        };
        store.audit_page(&filter, None, 2).await?;
    }
    Ok(())
}

/// What is wrong with the plan for `sql`, in the planner's words.
fn flaws(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = vec![rusqlite::types::Null; statement.parameter_count()];
    let plan = statement.query_map(rusqlite::params_from_iter(unbound), |row| row.get::<_, String>(3)).unwrap();
    let plan: Vec<String> = plan.map(Result::unwrap).collect();
    // What was made on the way, out of what indexes gave.
    let made = |name: &str| {
        let mut makes =
            plan.iter().filter_map(|line| line.strip_prefix("MATERIALIZE ").or(line.strip_prefix("CO-ROUTINE ")));
        makes.any(|made| made == name)
    };
    let is_flaw = |line: &&String| {
        if let Some(rest) = line.strip_prefix("SCAN ") {
            let name = rest.split(' ').next().unwrap();
            let few = FEW.iter().any(|index| rest.ends_with(index));
            return !SHORT.contains(&name) && !made(name) && !few && !rest.contains("CONSTANT ROW");
        }
        line.contains("TEMP B-TREE FOR")
            && line.contains("ORDER BY")
            && !PUT_IN_ORDER.iter().any(|it| sql.contains(it.0))
    };
    let mut flaws: Vec<String> = plan.iter().filter(is_flaw).cloned().collect();
    // Told from a row on: SQLite must seek that row, not read all of its part up to it.
    if let Some(place) = place_in_a_part(sql) {
        let seeks = |line: &String| ["<", ">"].iter().any(|than| line.contains(&format!("{place}{than}?")));
        if !plan.iter().any(|line| seeks(line) || line.contains(&format!(",{place})"))) {
            flaws.push(format!("{place} is not sought: {plan:#?}"));
        }
    }
    flaws
}

/// The last column of `(part, place) < ($1, $2) AND (part, place) > ($1, 0)`, if a row is named.
fn place_in_a_part(sql: &str) -> Option<&str> {
    let pairs = || [") < (", ") > ("].into_iter().flat_map(|than| sql.match_indices(than));
    let columns = |at: usize| sql[..at].rsplit('(').next();
    let named = |at: usize| sql[at + 5..].split(')').next()?.rsplit(", ").next()?.starts_with('$').then_some(());
    pairs().find_map(|(at, _)| {
        let twice = pairs().filter(|it| columns(it.0) == columns(at)).count() > 1;
        twice.then(|| pairs().find_map(|it| named(it.0)))??;
        columns(at)?.rsplit([' ', '.']).next()
    })
}

#[tokio::test]
async fn every_list_is_an_indexed_query() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("plans.db");
    let store = Store::embedded(&path, 1).unwrap();
    store.migrate(Time::from_millis(1)).await.unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(FILL).unwrap();
    let path = connection.path().unwrap().to_owned();
    NOTED.lock().unwrap().retain(|(noted, _)| *noted != path);
    ask_for_all(&store).await.unwrap();
    let noted: Vec<&str> = NOTED.lock().unwrap().iter().filter(|it| it.0 == path).map(|it| it.1).collect();
    let lists: Vec<&str> = noted.into_iter().filter(|sql| sql.contains("SELECT")).collect();
    assert!(lists.len() > 80, "{}", lists.len());
    let mut wrong = Vec::new();
    for sql in lists {
        let flaws = flaws(&connection, sql);
        if !flaws.is_empty() {
            wrong.push(format!("{flaws:#?}\n{sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Whoever adds a list adds it above.
#[test]
fn every_list_is_asked_for_here() {
    // Lists from the top of a table that only the command line, the dev mode and tests read; the others write.
    const ELSEWHERE: [&str; 10] = [
        "users",
        "apps",
        "holdings",
        "happenings",
        "sweep",
        "trim_audit",
        "create_user",
        // Parts of others, which are asked.
        "reached_of_group",
        "holdings_from",
        "page_of",
    ];
    let here = include_str!("plans.rs");
    let mut missing = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for piece in text.split("async fn ").skip(1) {
                let name = piece.split(['(', '<']).next().unwrap().to_owned();
                let head = piece.split("Result<").next().unwrap();
                let is_list = head.contains("most: i64") || head.contains("most): ");
                if is_list && !ELSEWHERE.contains(&name.as_str()) && !here.contains(&format!("store.{name}(")) {
                    missing.push(name);
                }
            }
        }
    }
    assert!(missing.is_empty(), "nobody looks at the plans of {missing:?}");
}
