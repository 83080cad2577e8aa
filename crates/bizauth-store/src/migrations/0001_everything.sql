-- Written once, in PostgreSQL's type names; the SQLite engine puts its own in. A table ends with ");" on a line of its
-- own. Booleans are 0 and 1, times are milliseconds since the Unix epoch, ids are made by the store. Nothing is
-- DEFERRABLE: such a constraint fails at COMMIT, and on SQLite the COMMIT is shared with others. The rows that are
-- written on every grant (pending, consents, codes, tokens) carry no foreign keys: what they point to is never deleted,
-- only marked, and the reads join it.

CREATE TABLE settings (
    id          BIGINT NOT NULL PRIMARY KEY,
    maintenance BIGINT NOT NULL
);
INSERT INTO settings (id, maintenance) VALUES (1, 0);

CREATE TABLE asset_groups (
    id               TEXT   NOT NULL PRIMARY KEY,
    position         BIGINT NOT NULL,
    name_ko          TEXT   NOT NULL,
    name_en          TEXT   NOT NULL,
    has_assets       BIGINT NOT NULL,
    has_ad_accounts  BIGINT NOT NULL,
    needs_permission BIGINT NOT NULL
);

CREATE TABLE consent_items (
    id              TEXT   NOT NULL PRIMARY KEY,
    group_id        TEXT   NOT NULL REFERENCES asset_groups (id),
    position        BIGINT NOT NULL,
    name_ko         TEXT   NOT NULL,
    name_en         TEXT   NOT NULL,
    about_ko        TEXT   NOT NULL,
    about_en        TEXT   NOT NULL,
    risky           BIGINT NOT NULL,
    never_alone     BIGINT NOT NULL,
    needs_all       BIGINT NOT NULL,
    shares_email    BIGINT NOT NULL,
    yields_channels BIGINT NOT NULL
);

CREATE TABLE users (
    id                   BIGINT NOT NULL PRIMARY KEY,
    email                TEXT   NOT NULL UNIQUE,
    email_verified       BIGINT NOT NULL,
    password             TEXT   NOT NULL,
    state                TEXT   NOT NULL,
    in_business_centre   BIGINT NOT NULL,
    developer_sanctioned BIGINT NOT NULL,
    is_operator          BIGINT NOT NULL,
    era                  BIGINT NOT NULL,
    created_at           BIGINT NOT NULL
);

CREATE TABLE apps (
    id          BIGINT NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    company     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    parent_id   BIGINT REFERENCES apps (id),
    sanctioned  BIGINT NOT NULL,
    daily_quota BIGINT,
    era         BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    deleted_at  BIGINT
);
CREATE INDEX apps_by_parent ON apps (parent_id);

CREATE TABLE members (
    app_id  BIGINT NOT NULL REFERENCES apps (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    role    TEXT   NOT NULL,
    PRIMARY KEY (app_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

-- "lookup" is the key itself, or for an admin key its digest in hexadecimal digits. A deleted key stays as a row, so
-- that it never comes back.
CREATE TABLE app_keys (
    id               BIGINT NOT NULL PRIMARY KEY,
    app_id           BIGINT NOT NULL REFERENCES apps (id),
    kind             TEXT   NOT NULL,
    lookup           TEXT   NOT NULL UNIQUE,
    name             TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    secret_on        BIGINT NOT NULL,
    secret           BYTEA,
    old_secret       BYTEA,
    old_secret_until BIGINT,
    callers          TEXT   NOT NULL,
    redirect_uris    TEXT   NOT NULL,
    may_read_ips     BIGINT NOT NULL,
    created_at       BIGINT NOT NULL
);
CREATE INDEX app_keys_by_app ON app_keys (app_id);

CREATE TABLE app_items (
    app_id  BIGINT NOT NULL REFERENCES apps (id),
    item_id TEXT   NOT NULL REFERENCES consent_items (id),
    purpose TEXT   NOT NULL,
    PRIMARY KEY (app_id, item_id)
);

CREATE TABLE app_permissions (
    app_id     BIGINT NOT NULL REFERENCES apps (id),
    group_id   TEXT   NOT NULL REFERENCES asset_groups (id),
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, group_id)
);

-- "search" is name and id in lower case: SQLite's LOWER knows ASCII only.
CREATE TABLE assets (
    group_id TEXT NOT NULL REFERENCES asset_groups (id),
    asset_id TEXT NOT NULL,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    search   TEXT NOT NULL,
    PRIMARY KEY (group_id, asset_id)
);

CREATE TABLE holdings (
    id       BIGINT NOT NULL PRIMARY KEY,
    user_id  BIGINT NOT NULL REFERENCES users (id),
    group_id TEXT   NOT NULL,
    asset_id TEXT   NOT NULL,
    role     TEXT   NOT NULL,
    lendable BIGINT NOT NULL,
    FOREIGN KEY (group_id, asset_id) REFERENCES assets (group_id, asset_id)
);
CREATE UNIQUE INDEX holdings_by_user ON holdings (user_id, group_id, asset_id);
CREATE INDEX holdings_by_asset ON holdings (group_id, asset_id);

CREATE TABLE app_users (
    id      BIGINT NOT NULL PRIMARY KEY,
    app_id  BIGINT NOT NULL,
    user_id BIGINT NOT NULL
);
CREATE UNIQUE INDEX app_users_by_user ON app_users (user_id, app_id);

CREATE TABLE sessions (
    id         BIGINT NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    user_id    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE devices (
    id         BIGINT NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    user_id    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX devices_by_end ON devices (expires_at);

CREATE TABLE pending (
    id           BIGINT NOT NULL PRIMARY KEY,
    digest       BYTEA  NOT NULL,
    session_id   BIGINT NOT NULL,
    user_id      BIGINT NOT NULL,
    client_id    TEXT   NOT NULL,
    redirect_uri TEXT   NOT NULL,
    state        TEXT,
    items        TEXT   NOT NULL,
    wanted       TEXT   NOT NULL,
    challenge    TEXT,
    picks        TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_at   BIGINT
);
CREATE INDEX pending_by_end ON pending (expires_at);
CREATE INDEX pending_by_session ON pending (session_id, id);

CREATE TABLE consents (
    id           BIGINT NOT NULL PRIMARY KEY,
    app_id       BIGINT NOT NULL,
    user_id      BIGINT NOT NULL,
    app_user_id  BIGINT NOT NULL,
    items        TEXT   NOT NULL,
    shown        TEXT   NOT NULL,
    agreed_at    BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX consents_by_user ON consents (user_id, app_id, id);

CREATE TABLE lent_assets (
    consent_id BIGINT NOT NULL,
    position   BIGINT NOT NULL,
    group_id   TEXT   NOT NULL,
    holding_id BIGINT,
    asset_id   TEXT   NOT NULL,
    PRIMARY KEY (consent_id, position)
);

CREATE TABLE codes (
    id           BIGINT NOT NULL PRIMARY KEY,
    digest       BYTEA  NOT NULL,
    consent_id   BIGINT NOT NULL,
    key_id       BIGINT NOT NULL,
    app_id       BIGINT NOT NULL,
    user_id      BIGINT NOT NULL,
    app_era      BIGINT NOT NULL,
    user_era     BIGINT NOT NULL,
    redirect_uri TEXT   NOT NULL,
    challenge    TEXT,
    expires_at   BIGINT NOT NULL,
    redeemed_at  BIGINT,
    token_id     BIGINT
);
CREATE INDEX codes_by_end ON codes (expires_at);

CREATE TABLE tokens (
    id         BIGINT NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    consent_id BIGINT NOT NULL,
    key_id     BIGINT NOT NULL,
    app_id     BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    app_era    BIGINT NOT NULL,
    user_era   BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX tokens_by_app ON tokens (app_id, id);
CREATE INDEX tokens_by_consent ON tokens (consent_id);

CREATE TABLE counters (
    kind       TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    starts_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    taken      BIGINT NOT NULL,
    held       BIGINT NOT NULL,
    PRIMARY KEY (kind, subject, starts_at)
);
CREATE INDEX counters_by_end ON counters (expires_at);

CREATE TABLE ip_versions (
    serial       BIGINT NOT NULL PRIMARY KEY,
    published_at BIGINT NOT NULL,
    updated      TEXT   NOT NULL
);

CREATE TABLE ip_services (
    serial    BIGINT NOT NULL REFERENCES ip_versions (serial),
    direction TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    name      TEXT   NOT NULL,
    ports     TEXT   NOT NULL,
    updated   TEXT   NOT NULL,
    PRIMARY KEY (serial, direction, position)
);

-- "step" is 0 for the addresses that are listed, and counts the announced changes from 1.
CREATE TABLE ip_prefixes (
    serial    BIGINT NOT NULL REFERENCES ip_versions (serial),
    direction TEXT   NOT NULL,
    service   BIGINT NOT NULL,
    step      BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    change    TEXT   NOT NULL,
    date      TEXT   NOT NULL,
    cidr      TEXT   NOT NULL,
    PRIMARY KEY (serial, direction, service, step, position)
);
