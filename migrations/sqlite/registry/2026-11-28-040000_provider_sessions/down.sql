DROP INDEX sessions_by_provider_session;
ALTER TABLE sessions DROP COLUMN provider_session;
