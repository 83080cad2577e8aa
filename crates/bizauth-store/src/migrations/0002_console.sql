-- What the console, the operator's side and the business owner's pages need. "sort" is what lists are ordered and
-- searched by, in small letters; COLLATE "C" makes a prefix a range on PostgreSQL too, and is left out for SQLite, whose
-- own order it is.

ALTER TABLE users ADD COLUMN sort TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN external_id TEXT;
UPDATE users SET sort = LOWER(email);
CREATE INDEX users_by_sort ON users (sort, id);
CREATE UNIQUE INDEX users_by_external_id ON users (external_id);

ALTER TABLE apps ADD COLUMN sort TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN icon BYTEA;
UPDATE apps SET sort = LOWER(name);
CREATE INDEX apps_by_sort ON apps (sort, id);

-- "icon" above is the digest of "png": an address that names it can be kept for ever.
CREATE TABLE app_icons (
    app_id BIGINT NOT NULL PRIMARY KEY,
    digest BYTEA  NOT NULL,
    png    BYTEA  NOT NULL
);

ALTER TABLE app_keys ADD COLUMN used_at BIGINT;

-- Addressed to whoever has, or will have, the account of this address.
CREATE TABLE invitations (
    id         BIGINT NOT NULL PRIMARY KEY,
    app_id     BIGINT NOT NULL REFERENCES apps (id),
    email      TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    invited_by BIGINT NOT NULL,
    invited_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_by_app ON invitations (app_id, email);
CREATE INDEX invitations_by_email ON invitations (email);
CREATE INDEX invitations_by_end ON invitations (expires_at);

-- Without a group: the app asks to become a Biz app. At most one is open for an app and a group.
CREATE TABLE permission_requests (
    id         BIGINT NOT NULL PRIMARY KEY,
    app_id     BIGINT NOT NULL REFERENCES apps (id),
    group_id   TEXT,
    reason     TEXT   NOT NULL,
    asked_by   BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    answer     TEXT   NOT NULL,
    decided_at BIGINT
);
CREATE UNIQUE INDEX permission_requests_open ON permission_requests (app_id, COALESCE(group_id, '')) WHERE state = 'open';
CREATE INDEX permission_requests_by_state ON permission_requests (state, id);
CREATE INDEX permission_requests_by_app ON permission_requests (app_id, id);

-- "day" counts days since the Unix epoch on the platform's calendar.
CREATE TABLE usage_counts (
    app_id   BIGINT NOT NULL,
    day      BIGINT NOT NULL,
    endpoint TEXT   NOT NULL,
    outcome  TEXT   NOT NULL,
    calls    BIGINT NOT NULL,
    PRIMARY KEY (app_id, day, endpoint, outcome)
);
CREATE INDEX usage_counts_by_day ON usage_counts (day);

ALTER TABLE assets ADD COLUMN sort TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE assets SET sort = LOWER(name);
CREATE INDEX assets_by_sort ON assets (group_id, sort, asset_id);

-- An asset directory that lives elsewhere: how far it has told us, and what it calls our assets.
CREATE TABLE directories (
    source     TEXT   NOT NULL PRIMARY KEY,
    cursor     TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE directory_assets (
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    group_id    TEXT NOT NULL,
    asset_id    TEXT NOT NULL,
    PRIMARY KEY (source, external_id)
);
CREATE UNIQUE INDEX directory_assets_by_asset ON directory_assets (group_id, asset_id);

-- A file of assets that was looked at and waits to be applied, or is being applied.
CREATE TABLE imports (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    format     TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    made_by    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    total      BIGINT NOT NULL,
    done       BIGINT NOT NULL,
    refused    TEXT   NOT NULL
);
CREATE INDEX imports_by_end ON imports (expires_at);

CREATE TABLE operator_keys (
    id         BIGINT NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    made_by    BIGINT,
    made_at    BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT,
    revoked_at BIGINT
);

ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN agent TEXT;
ALTER TABLE sessions ADD COLUMN used_at BIGINT;
ALTER TABLE devices ADD COLUMN agent TEXT;
CREATE INDEX devices_by_user ON devices (user_id);

-- The seed of one-time passwords, sealed under the master key. Each step counts once.
CREATE TABLE totp (
    user_id      BIGINT NOT NULL PRIMARY KEY,
    sealed       BYTEA  NOT NULL,
    made_at      BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL,
    digest  BYTEA  NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, digest)
);

-- A sign-in between its password and its one-time password.
CREATE TABLE login_steps (
    id         BIGINT NOT NULL PRIMARY KEY,
    digest     BYTEA  NOT NULL,
    user_id    BIGINT NOT NULL,
    user_era   BIGINT NOT NULL,
    stay       BIGINT NOT NULL,
    next       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX login_steps_by_end ON login_steps (expires_at);
CREATE INDEX login_steps_by_user ON login_steps (user_id);

-- What a person took back of a consent stays readable.
ALTER TABLE lent_assets ADD COLUMN withdrawn_at BIGINT;

-- Append-only. "digest" covers the row and the digest before it, so that a missing or altered row shows.
CREATE TABLE audit_log (
    seq        BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor_kind TEXT   NOT NULL,
    actor_id   BIGINT,
    actor      TEXT   NOT NULL,
    address    TEXT,
    act        TEXT   NOT NULL,
    on_kind    TEXT   NOT NULL,
    on_id      TEXT   NOT NULL,
    about      TEXT   NOT NULL,
    before     TEXT   NOT NULL,
    after      TEXT   NOT NULL,
    digest     BYTEA  NOT NULL
);
CREATE INDEX audit_log_by_time ON audit_log (at, seq);
CREATE INDEX audit_log_by_actor ON audit_log (actor, seq);
CREATE INDEX audit_log_by_thing ON audit_log (on_kind, on_id, seq);
CREATE INDEX audit_log_by_act ON audit_log (act, seq);

-- The last row, and the row before the first that retention has left; no digest where there is no such row.
CREATE TABLE audit_head (
    id             BIGINT NOT NULL PRIMARY KEY,
    seq            BIGINT NOT NULL,
    digest         BYTEA,
    trimmed_seq    BIGINT NOT NULL,
    trimmed_digest BYTEA
);
INSERT INTO audit_head (id, seq, digest, trimmed_seq, trimmed_digest) VALUES (1, 0, NULL, 0, NULL);

-- Icons are asked for by digest, by everybody.
CREATE INDEX app_icons_by_digest ON app_icons (digest);
-- Who handed a file in, by the name they had then; what it does, in numbers; when somebody last worked on it.
ALTER TABLE imports ADD COLUMN maker TEXT NOT NULL DEFAULT '';
ALTER TABLE imports ADD COLUMN n_refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN counts TEXT NOT NULL DEFAULT '';
ALTER TABLE imports ADD COLUMN beat_at BIGINT;

CREATE INDEX permission_requests_decided ON permission_requests (id) WHERE state <> 'open';

-- The few of many that an operator's pages look for. Who decided a request, by the name they had then.
CREATE INDEX users_operating ON users (id) WHERE is_operator = 1;
CREATE INDEX users_blocked ON users (id) WHERE state = 'blocked';
CREATE INDEX apps_sanctioned ON apps (id) WHERE sanctioned = 1;
ALTER TABLE permission_requests ADD COLUMN decided_by TEXT;
CREATE INDEX holdings_by_holder ON holdings (group_id, asset_id, user_id);
