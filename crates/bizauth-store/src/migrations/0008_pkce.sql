-- Whether an authorize request with this key must send a PKCE challenge. Keys that were there before ask for none.

ALTER TABLE app_keys ADD COLUMN pkce_required BIGINT NOT NULL DEFAULT 0;
