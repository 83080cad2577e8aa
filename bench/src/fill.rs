//! A platform of some size: accounts, as many apps, tokens of which half belong to one app, and what lies around them.
//!
//! Person 1 is a member of a thousand apps, holds ten thousand assets, has lent to a thousand apps and gave one of them,
//! app 1, ten thousand tokens; app 1 has half of all tokens and a thousand members: the pages are measured on the worst
//! of both.

use bizauth_core::time::{DAY, Time};

use crate::store::Place;

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) accounts: i64,
    pub(crate) tokens: i64,
}

/// Ids are told apart by where they begin.
pub(crate) const APP: i64 = 1_000_000_000;
pub(crate) const KEY: i64 = 2_000_000_000;
pub(crate) const TOKEN: i64 = 3_000_000_000;
pub(crate) const CONSENT: i64 = 4_000_000_000;
pub(crate) const APP_USER: i64 = 5_000_000_000;
pub(crate) const REQUEST: i64 = 6_000_000_000;
pub(crate) const IMPORT: i64 = 8_000_000_000;
pub(crate) const HOLDING: i64 = 7_000_000_000;
pub(crate) const WEBHOOK: i64 = 8_500_000_000;
const DELIVERY: i64 = 8_600_000_000;
const OPERATOR_KEY: i64 = 9_000_000_000;
const SESSION: i64 = 9_500_000_000;

/// So many rows, numbered from 1 as `i`.
fn numbers(count: i64) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) WHERE {count} > 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    )
}

/// Fills an empty store.
pub(crate) async fn fill(place: &Place, size: Size, now: Time) -> anyhow::Result<()> {
    let Size { accounts, tokens } = size;
    let (at, long_ago) = (now.millis(), now.minus(DAY * 100).millis());
    let (some, many) = (accounts.min(1000), accounts.min(10_000));
    let own = some + many;
    // Person i owns app i. Half of the tokens belong to app 1, the others are spread; person 1 lent to the first apps.
    let app_of = format!(
        "CASE WHEN i <= {some} THEN {APP} + i WHEN i <= {tokens} / 2 THEN {APP} + 1 ELSE {APP} + 1 + i % {accounts} END"
    );
    let user_of = format!("CASE WHEN i <= {own} THEN 1 ELSE 1 + i % {accounts} END");
    let scripts = [
        format!(
            "INSERT INTO users (id, email, email_verified, password, state, in_business_centre, developer_sanctioned,
                 is_operator, era, created_at, sort) {} SELECT i, 'user' || i || '@example.com', 1, '',
                 CASE WHEN i % 100 = 7 THEN 'blocked' ELSE 'active' END, 1, 0, CASE WHEN i = 1 THEN 1 ELSE 0 END, 0, {long_ago}, 'user' || i || '@example.com' FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO apps (id, name, company, kind, sanctioned, era, created_at, sort) {}
             SELECT {APP} + i, 'App ' || i, 'Company ' || (i % 1000), 'biz',
                 CASE WHEN i % 100 = 8 THEN 1 ELSE 0 END, 0, {long_ago}, 'app ' || i FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO members (app_id, user_id, role, sort, address) {} SELECT {APP} + i, i, 'owner', 'app ' || i,
                 'user' || i || '@example.com' FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO members (app_id, user_id, role, sort, address) {} SELECT {APP} + i, 1, 'editor', 'app ' || i,
                 'user1@example.com' FROM n WHERE i > 1",
            numbers(some)
        ),
        format!(
            "INSERT INTO members (app_id, user_id, role, sort, address) {} SELECT {APP} + 1, i, 'editor', 'app 1',
                 'user' || i || '@example.com' FROM n WHERE i > 1",
            numbers(some)
        ),
        format!(
            "INSERT INTO app_keys (id, app_id, kind, lookup, name, state, secret_on, secret, callers, redirect_uris,
                 may_read_ips, created_at) {} SELECT {KEY} + i, {APP} + i, 'rest_api', '1234567890123456789012' || (1000000000 + i),
                 'main', 'active', 1, {{blob}}, '', 'https://app.example.com/callback', 1, {long_ago} FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO app_items (app_id, item_id, purpose) {} SELECT {APP} + n.i, c.id, 'For the report' FROM n, consent_items c",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO app_permissions (app_id, group_id, granted_at) {} SELECT {APP} + i, 'moment', {long_ago} FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO assets (group_id, asset_id, kind, name, search, sort) {} SELECT 'moment', '' || i, 'ad_account',
                 'Account ' || i, 'account ' || i || ' ' || i, 'account ' || i FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO holdings (id, user_id, group_id, asset_id, role, lendable, sort) {} SELECT {HOLDING} + i,
                 CASE WHEN i <= {many} THEN 1 ELSE i END, 'moment', '' || i, 'owner', 1, 'account ' || i || ' ' || i FROM n",
            numbers(accounts)
        ),
        format!(
            "INSERT INTO consents (id, app_id, user_id, app_user_id, items, shown, agreed_at) {} SELECT {CONSENT} + i,
                 {app_of}, {user_of}, {APP_USER} + i, 'moment_management', '{{}}', {long_ago} + i FROM n",
            numbers(tokens)
        ),
        // The first consent of a pair of person and app gave it its name.
        "INSERT INTO app_users (id, app_id, user_id) SELECT MIN(app_user_id), app_id, user_id FROM consents
             GROUP BY app_id, user_id"
            .to_owned(),
        "UPDATE consents SET app_user_id = (SELECT u.id FROM app_users u WHERE u.user_id = consents.user_id
             AND u.app_id = consents.app_id)"
            .to_owned(),
        format!(
            "INSERT INTO lent_assets (consent_id, position, group_id, holding_id, asset_id) {} SELECT {CONSENT} + i, 1,
                 'moment', {HOLDING} + 1 + i % {many}, '' || (1 + i % {many}) FROM n",
            numbers(tokens)
        ),
        format!(
            "INSERT INTO tokens (id, digest, consent_id, key_id, app_id, user_id, app_era, user_era, used_at, updated_at) {}
             SELECT {TOKEN} + i, {{blob}}, {CONSENT} + i, {KEY} - {APP} + ({app_of}), {app_of}, {user_of}, 0, 0, {at}, {at}
             FROM n",
            numbers(tokens)
        ),
        format!(
            "INSERT INTO permission_requests (id, app_id, group_id, reason, asked_by, asked_at, state, answer) {}
             SELECT {REQUEST} + i, {APP} + i, 'keyword', 'We report on keyword ads', i, {long_ago},
                 CASE WHEN i % 2 = 0 THEN 'refused' ELSE 'open' END, '' FROM n",
            numbers(accounts / 10)
        ),
        format!(
            "INSERT INTO audit_log (seq, at, actor_kind, actor_id, actor, act, on_kind, on_id, about, before, after, digest) {}
             SELECT 10 + i, {long_ago} + i * 60000, 'account', 1, 'user' || (1 + i % 10) || '@example.com',
                 CASE WHEN i % 7 = 0 THEN 'app.quota' ELSE 'app.rename' END, 'app', '' || ({APP} + 1 + i % 3), '{{}}',
                 '{{\"name\":\"A\"}}', '{{\"name\":\"B\"}}', {{blob}} FROM n",
            numbers(accounts)
        ),
        format!("UPDATE audit_head SET seq = 10 + {accounts}, digest = {{blob}}"),
        format!(
            "INSERT INTO usage_counts (app_id, day, endpoint, outcome, calls) {} SELECT {APP} + 1, {at} / 86400000 - i % 90,
                 'tokeninfo', 'outcome ' || (i / 90), i FROM n",
            numbers(900)
        ),
        format!(
            "INSERT INTO imports (id, name, format, body, made_at, expires_at, state, total, done, refused,
                 maker, n_refused, counts) {} SELECT {IMPORT} + i, 'assets ' || i || '.csv', 'csv', '', {at},
                 {at} + 604800000, 'done', 10, 10, '', 'user1@example.com', 0, '' FROM n",
            numbers(some)
        ),
        format!(
            "INSERT INTO operator_keys (id, digest, name, scopes, made_by, made_at) {} SELECT {OPERATOR_KEY} + i, {{blob}},
                 'key ' || i, 'audit:read', 1, {at} FROM n",
            numbers(some)
        ),
        format!(
            "INSERT INTO sessions (id, digest, user_id, created_at, expires_at) {} SELECT {SESSION} + i, {{blob}}, 1, {at},
                 {at} + 604800000 FROM n",
            numbers(some)
        ),
        format!(
            "INSERT INTO ip_versions (serial, published_at, updated, author, reason) {} SELECT i, {long_ago} + i * 60000,
                 '2026-08-01', 'user1@example.com', 'More servers' FROM n",
            numbers(some)
        ),
        format!(
            "INSERT INTO ip_services (serial, direction, position, name, ports, updated) {} SELECT i, 'inbound', 0, 'Calls',
                 '443', '2026-08-01' FROM n",
            numbers(some)
        ),
        format!(
            "INSERT INTO ip_prefixes (serial, direction, service, step, position, change, date, cidr) {} SELECT
                 1 + i / 40, 'inbound', 0, CASE WHEN i % 40 < 38 THEN 0 ELSE i % 40 - 37 END, i % 40,
                 CASE i % 40 WHEN 38 THEN 'exclusion' WHEN 39 THEN 'addition' ELSE 'listed' END,
                 CASE WHEN i % 40 < 38 THEN '2026-08-01' ELSE '2026-12-01' END,
                 '27.0.' || (CASE i % 40 WHEN 38 THEN 1 ELSE i % 40 END) || '.0/24' FROM n WHERE i < {some} * 40",
            numbers(some * 40)
        ),
        format!(
            "INSERT INTO ip_webhooks (id, url, sealed, made_at, made_by)
             VALUES ({WEBHOOK} + 1, 'https://example.com/ips', {{blob}}, {at}, 'user1@example.com')"
        ),
        format!(
            "INSERT INTO ip_deliveries (id, webhook, event, serial, date, made_at, due_at, leased_until, attempts,
                 ended_at, answer) {} SELECT {DELIVERY} + i, {WEBHOOK} + 1, 'published', i, '', {at}, {at}, 0, 1, {at}, '200'
                 FROM n",
            numbers(some)
        ),
        // A PostgreSQL that runs does both by itself, after a while.
        if place.url().is_some() { "VACUUM ANALYZE" } else { "ANALYZE" }.to_owned(),
    ];
    for script in scripts {
        place.script(&script).await?;
    }
    Ok(())
}
