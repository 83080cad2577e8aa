-- What long lists are read along, so that the tenth page costs what the first does. "sort" is what the list is ordered
-- and searched by, kept with each row that is listed: an asset's or an app's own, as it is now.

-- A person's assets in a group, by name. "lendable" stands last so that the index alone says what can be lent.
ALTER TABLE holdings ADD COLUMN sort TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE holdings SET sort = (SELECT a.search FROM assets a WHERE a.group_id = holdings.group_id AND a.asset_id = holdings.asset_id);
CREATE INDEX holdings_by_sort ON holdings (user_id, group_id, sort, asset_id, lendable);

-- The apps of a person, by name; the people of an app, by address.
ALTER TABLE members ADD COLUMN sort TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE members SET sort = (SELECT a.sort FROM apps a WHERE a.id = members.app_id),
    address = (SELECT u.sort FROM users u WHERE u.id = members.user_id);
DROP INDEX members_by_user;
CREATE INDEX members_by_user ON members (user_id, app_id);
CREATE INDEX members_by_sort ON members (user_id, sort, app_id);
CREATE INDEX members_by_address ON members (app_id, address, user_id);
-- Whether one of an app's owners is under sanction is asked with every token: not of all its members.
CREATE INDEX members_owners ON members (app_id, user_id) WHERE role = 'owner';

-- The apps that a person lent to, in the order in which they first did.
CREATE INDEX app_users_by_age ON app_users (user_id, id);
-- What one person gave one app, newest first.
CREATE INDEX tokens_by_person ON tokens (user_id, app_id, id);

-- In the order of their ids, which an index over the person alone has on SQLite only.
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
DROP INDEX devices_by_user;
CREATE INDEX devices_by_user ON devices (user_id, id);

-- What one app asked for, and what became of it.
CREATE INDEX permission_requests_by_group ON permission_requests (app_id, group_id, id);

-- What one actor did of one kind, and what was done so to one thing.
CREATE INDEX audit_log_by_deed ON audit_log (actor, act, seq);
CREATE INDEX audit_log_by_thing_act ON audit_log (on_kind, on_id, act, seq);
CREATE INDEX audit_log_by_thing_actor ON audit_log (on_kind, on_id, actor, seq);
