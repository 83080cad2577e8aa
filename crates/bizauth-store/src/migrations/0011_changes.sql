-- On PostgreSQL only: what changed of that which a token check depends on, for nodes that remember what they read. A node
-- reads what is new here in the very statement in which it reads the token's row, so at one instant (db/changes.rs).
-- The embedded engine has triggers of its writer's connection instead; these tell the same (db/watched.sql).
--
-- kind: 0 the platform (id 0), 1 a token, 2 a consent and what was lent with it, 3 an account and what it holds, 4 whether
-- a key lives. An INSERT is passed over only where what was read cannot have missed the row.

CREATE TABLE changes (
    seq    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid    BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    kind   BIGINT NOT NULL,
    row_id BIGINT NOT NULL
);
CREATE INDEX changes_by_xid ON changes (xid);

-- What is at or below `xid` may have been swept: who last looked before that does not know what changed.
CREATE TABLE changes_swept (
    id  BIGINT NOT NULL PRIMARY KEY,
    xid BIGINT NOT NULL
);
INSERT INTO changes_swept (id, xid) VALUES (1, 0);

CREATE FUNCTION tell_own_row() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO changes (kind, row_id) VALUES (CAST(TG_ARGV[0] AS BIGINT), OLD.id);
    RETURN NULL;
END $$;

CREATE FUNCTION tell_platform() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO changes (kind, row_id) VALUES (0, 0);
    RETURN NULL;
END $$;

-- A statement at a time: a directory that is brought up to date changes many rows of few people.
CREATE FUNCTION tell_lent() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (kind, row_id) SELECT DISTINCT 2, consent_id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO changes (kind, row_id) SELECT DISTINCT 2, consent_id FROM old_rows;
    ELSE
        INSERT INTO changes (kind, row_id) SELECT 2, consent_id FROM old_rows UNION SELECT 2, consent_id FROM new_rows;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tell_holders() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO changes (kind, row_id) SELECT DISTINCT 3, user_id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO changes (kind, row_id) SELECT DISTINCT 3, user_id FROM old_rows;
    ELSE
        INSERT INTO changes (kind, row_id) SELECT 3, user_id FROM old_rows UNION SELECT 3, user_id FROM new_rows;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tell_if_any_gone() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO changes (kind, row_id) SELECT 0, 0 FROM old_rows LIMIT 1;
    RETURN NULL;
END $$;

-- When a token was used is read with its row each time.
CREATE TRIGGER tokens_changed AFTER UPDATE ON tokens FOR EACH ROW
    WHEN (ROW(OLD.id, OLD.digest, OLD.consent_id, OLD.key_id, OLD.app_id, OLD.user_id, OLD.app_era, OLD.user_era, OLD.updated_at, OLD.revoked_at)
        IS DISTINCT FROM ROW(NEW.id, NEW.digest, NEW.consent_id, NEW.key_id, NEW.app_id, NEW.user_id, NEW.app_era, NEW.user_era, NEW.updated_at, NEW.revoked_at))
    EXECUTE FUNCTION tell_own_row(1);
CREATE TRIGGER tokens_gone AFTER DELETE ON tokens FOR EACH ROW EXECUTE FUNCTION tell_own_row(1);

CREATE TRIGGER consents_changed AFTER UPDATE OR DELETE ON consents FOR EACH ROW EXECUTE FUNCTION tell_own_row(2);
CREATE TRIGGER lent_assets_new AFTER INSERT ON lent_assets REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION tell_lent();
CREATE TRIGGER lent_assets_changed AFTER UPDATE ON lent_assets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows EXECUTE FUNCTION tell_lent();
CREATE TRIGGER lent_assets_gone AFTER DELETE ON lent_assets REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tell_lent();

-- The developer's sanction is their apps'.
CREATE TRIGGER users_changed AFTER UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION tell_own_row(3);
CREATE TRIGGER users_sanctioned AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.developer_sanctioned IS DISTINCT FROM NEW.developer_sanctioned) EXECUTE FUNCTION tell_platform();
CREATE TRIGGER users_gone AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tell_if_any_gone();
CREATE TRIGGER holdings_new AFTER INSERT ON holdings REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION tell_holders();
CREATE TRIGGER holdings_changed AFTER UPDATE ON holdings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows EXECUTE FUNCTION tell_holders();
CREATE TRIGGER holdings_gone AFTER DELETE ON holdings REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tell_holders();

-- That a key was used changes it, but not whether it lives.
CREATE TRIGGER app_keys_ended AFTER UPDATE ON app_keys FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION tell_own_row(4);
CREATE TRIGGER app_keys_gone AFTER DELETE ON app_keys FOR EACH ROW EXECUTE FUNCTION tell_own_row(4);

-- A holding's asset is there before it: the foreign key sees to that.
CREATE TRIGGER assets_changed AFTER UPDATE ON assets FOR EACH ROW
    WHEN (ROW(OLD.kind, OLD.asset_id, OLD.group_id) IS DISTINCT FROM ROW(NEW.kind, NEW.asset_id, NEW.group_id))
    EXECUTE FUNCTION tell_platform();
CREATE TRIGGER assets_gone AFTER DELETE ON assets REFERENCING OLD TABLE AS old_rows EXECUTE FUNCTION tell_if_any_gone();

CREATE TRIGGER settings_changed AFTER INSERT OR UPDATE OR DELETE ON settings FOR EACH ROW EXECUTE FUNCTION tell_platform();
CREATE TRIGGER asset_groups_changed AFTER INSERT OR UPDATE OR DELETE ON asset_groups FOR EACH ROW EXECUTE FUNCTION tell_platform();
CREATE TRIGGER consent_items_changed AFTER INSERT OR UPDATE OR DELETE ON consent_items FOR EACH ROW EXECUTE FUNCTION tell_platform();
CREATE TRIGGER apps_changed AFTER INSERT OR UPDATE OR DELETE ON apps FOR EACH ROW EXECUTE FUNCTION tell_platform();
CREATE TRIGGER members_changed AFTER INSERT OR UPDATE OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION tell_platform();

-- Nothing of ours empties a table at once. Somebody at the database's own prompt may.
CREATE TRIGGER tokens_emptied AFTER TRUNCATE ON tokens EXECUTE FUNCTION tell_platform();
CREATE TRIGGER consents_emptied AFTER TRUNCATE ON consents EXECUTE FUNCTION tell_platform();
CREATE TRIGGER lent_assets_emptied AFTER TRUNCATE ON lent_assets EXECUTE FUNCTION tell_platform();
CREATE TRIGGER users_emptied AFTER TRUNCATE ON users EXECUTE FUNCTION tell_platform();
CREATE TRIGGER holdings_emptied AFTER TRUNCATE ON holdings EXECUTE FUNCTION tell_platform();
CREATE TRIGGER app_keys_emptied AFTER TRUNCATE ON app_keys EXECUTE FUNCTION tell_platform();
CREATE TRIGGER assets_emptied AFTER TRUNCATE ON assets EXECUTE FUNCTION tell_platform();
CREATE TRIGGER settings_emptied AFTER TRUNCATE ON settings EXECUTE FUNCTION tell_platform();
CREATE TRIGGER asset_groups_emptied AFTER TRUNCATE ON asset_groups EXECUTE FUNCTION tell_platform();
CREATE TRIGGER consent_items_emptied AFTER TRUNCATE ON consent_items EXECUTE FUNCTION tell_platform();
CREATE TRIGGER apps_emptied AFTER TRUNCATE ON apps EXECUTE FUNCTION tell_platform();
CREATE TRIGGER members_emptied AFTER TRUNCATE ON members EXECUTE FUNCTION tell_platform();
