-- The few of what was lent that were taken back: a list of consents says of each when that was last.

CREATE INDEX lent_assets_taken ON lent_assets (consent_id, withdrawn_at) WHERE withdrawn_at IS NOT NULL;
