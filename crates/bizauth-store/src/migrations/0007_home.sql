-- Where this database is at home, and whether it is a copy that nobody has accepted yet: a restored copy knows nothing of
-- what was revoked after it was made. "beats" is counted by whoever asks whether the database can be written.

CREATE TABLE home (
    id        BIGINT NOT NULL PRIMARY KEY,
    place     TEXT,
    copied_at BIGINT,
    beats     BIGINT NOT NULL
);
INSERT INTO home (id, place, copied_at, beats) VALUES (1, NULL, NULL, 0);
