-- Almost no app has a parent. With all the others in the index SQLite, once it has counted them (ANALYZE), takes the index
-- for worthless, and walks all apps to count the test apps of one.

DROP INDEX apps_by_parent;
CREATE INDEX apps_by_parent ON apps (parent_id) WHERE parent_id IS NOT NULL;
