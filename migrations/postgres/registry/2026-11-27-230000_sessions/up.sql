-- Sessions of people who logged in. id is the SHA-256 of what stands in the browser's cookie, person a blind index of who
-- it is; what was proved is sealed, bound to the session. Instants are microseconds UTC.
CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);
CREATE INDEX sessions_by_seen ON sessions (seen_at);
