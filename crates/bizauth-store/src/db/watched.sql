-- Triggers of the writer's own connection: they tell `Watch` what a statement touches, whatever sentence it belongs to.
-- An INSERT is passed over only where what was read cannot have missed the row: remembered is what was found by its key.

CREATE TEMP TRIGGER IF NOT EXISTS tokens_changed AFTER UPDATE ON main.tokens
BEGIN SELECT touched('token', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS tokens_gone AFTER DELETE ON main.tokens
BEGIN SELECT touched('token', OLD.id); END;

CREATE TEMP TRIGGER IF NOT EXISTS consents_changed AFTER UPDATE ON main.consents
BEGIN SELECT touched('consent', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS consents_gone AFTER DELETE ON main.consents
BEGIN SELECT touched('consent', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS lent_assets_new AFTER INSERT ON main.lent_assets
BEGIN SELECT touched('consent', NEW.consent_id); END;
CREATE TEMP TRIGGER IF NOT EXISTS lent_assets_changed AFTER UPDATE ON main.lent_assets
BEGIN SELECT touched('consent', OLD.consent_id), touched('consent', NEW.consent_id); END;
CREATE TEMP TRIGGER IF NOT EXISTS lent_assets_gone AFTER DELETE ON main.lent_assets
BEGIN SELECT touched('consent', OLD.consent_id); END;

-- The developer's sanction is their apps'.
CREATE TEMP TRIGGER IF NOT EXISTS users_changed AFTER UPDATE ON main.users
BEGIN SELECT touched('user', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS users_sanctioned AFTER UPDATE ON main.users
WHEN OLD.developer_sanctioned IS NOT NEW.developer_sanctioned
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS users_gone AFTER DELETE ON main.users
BEGIN SELECT touched('user', OLD.id), touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS holdings_new AFTER INSERT ON main.holdings
BEGIN SELECT touched('user', NEW.user_id); END;
CREATE TEMP TRIGGER IF NOT EXISTS holdings_changed AFTER UPDATE ON main.holdings
BEGIN SELECT touched('user', OLD.user_id), touched('user', NEW.user_id); END;
CREATE TEMP TRIGGER IF NOT EXISTS holdings_gone AFTER DELETE ON main.holdings
BEGIN SELECT touched('user', OLD.user_id); END;

-- That a key was used changes it, but not whether it lives.
CREATE TEMP TRIGGER IF NOT EXISTS app_keys_changed AFTER UPDATE ON main.app_keys
BEGIN SELECT touched('key', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS app_keys_ended AFTER UPDATE ON main.app_keys
WHEN OLD.state IS NOT NEW.state
BEGIN SELECT touched('key state', OLD.id); END;
CREATE TEMP TRIGGER IF NOT EXISTS app_keys_gone AFTER DELETE ON main.app_keys
BEGIN SELECT touched('key', OLD.id), touched('key state', OLD.id); END;

-- A holding's asset is there before it: the foreign key sees to that.
CREATE TEMP TRIGGER IF NOT EXISTS assets_changed AFTER UPDATE ON main.assets
WHEN OLD.kind IS NOT NEW.kind OR OLD.asset_id IS NOT NEW.asset_id OR OLD.group_id IS NOT NEW.group_id
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS assets_gone AFTER DELETE ON main.assets
BEGIN SELECT touched('platform', 0); END;

CREATE TEMP TRIGGER IF NOT EXISTS settings_new AFTER INSERT ON main.settings
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS settings_changed AFTER UPDATE ON main.settings
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS settings_gone AFTER DELETE ON main.settings
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS asset_groups_new AFTER INSERT ON main.asset_groups
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS asset_groups_changed AFTER UPDATE ON main.asset_groups
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS asset_groups_gone AFTER DELETE ON main.asset_groups
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS consent_items_new AFTER INSERT ON main.consent_items
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS consent_items_changed AFTER UPDATE ON main.consent_items
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS consent_items_gone AFTER DELETE ON main.consent_items
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS apps_new AFTER INSERT ON main.apps
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS apps_changed AFTER UPDATE ON main.apps
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS apps_gone AFTER DELETE ON main.apps
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS members_new AFTER INSERT ON main.members
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS members_changed AFTER UPDATE ON main.members
BEGIN SELECT touched('platform', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS members_gone AFTER DELETE ON main.members
BEGIN SELECT touched('platform', 0); END;

CREATE TEMP TRIGGER IF NOT EXISTS ip_versions_new AFTER INSERT ON main.ip_versions
BEGIN SELECT touched('ip list', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS ip_versions_changed AFTER UPDATE ON main.ip_versions
BEGIN SELECT touched('ip list', 0); END;
CREATE TEMP TRIGGER IF NOT EXISTS ip_versions_gone AFTER DELETE ON main.ip_versions
BEGIN SELECT touched('ip list', 0); END;
