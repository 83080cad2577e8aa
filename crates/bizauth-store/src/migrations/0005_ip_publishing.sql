-- What a publication says of itself. Versions from before this script have no content hash, no author and no reason.
ALTER TABLE ip_versions ADD COLUMN content BYTEA;
ALTER TABLE ip_versions ADD COLUMN author  TEXT NOT NULL DEFAULT '';
ALTER TABLE ip_versions ADD COLUMN reason  TEXT NOT NULL DEFAULT '';

-- What is said of an announced change, and who announced it. "step" counts from 1, as in ip_prefixes.
CREATE TABLE ip_steps (
    serial       BIGINT NOT NULL REFERENCES ip_versions (serial),
    direction    TEXT   NOT NULL,
    service      BIGINT NOT NULL,
    step         BIGINT NOT NULL,
    note         TEXT   NOT NULL,
    announced_by TEXT   NOT NULL,
    PRIMARY KEY (serial, direction, service, step)
);

-- The one draft of the next version, as the door writes it down. "revision" counts its changes, so that nobody writes
-- over what somebody else wrote meanwhile; "based_on" is the version it began with, 0 if there was none.
CREATE TABLE ip_drafts (
    id         BIGINT NOT NULL PRIMARY KEY,
    revision   BIGINT NOT NULL,
    based_on   BIGINT NOT NULL,
    content    TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT   NOT NULL
);

-- Who is told of the list. "sealed" is the secret that signs, under the master key.
CREATE TABLE ip_webhooks (
    id      BIGINT NOT NULL PRIMARY KEY,
    url     TEXT   NOT NULL UNIQUE,
    sealed  BYTEA  NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT   NOT NULL
);

-- What is to be told, once for each thing that happened: "date" is the day that came, empty for a publication. Whoever
-- sends holds the lease until "leased_until"; "ended_at" is when it was told, or given up ("status" is not 2xx then).
CREATE TABLE ip_deliveries (
    id           BIGINT NOT NULL PRIMARY KEY,
    webhook      BIGINT NOT NULL REFERENCES ip_webhooks (id),
    event        TEXT   NOT NULL,
    serial       BIGINT NOT NULL,
    date         TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    ended_at     BIGINT,
    answer       TEXT   NOT NULL,
    UNIQUE (webhook, event, serial, date)
);
CREATE INDEX ip_deliveries_due ON ip_deliveries (due_at, id) WHERE ended_at IS NULL;
CREATE INDEX ip_deliveries_ended ON ip_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX ip_deliveries_of ON ip_deliveries (webhook, id);
