-- Of which session at the provider a session is, as a blind index; empty when the provider does not say. It ends with that one.
ALTER TABLE sessions ADD COLUMN provider_session TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_by_provider_session ON sessions (provider_session);
