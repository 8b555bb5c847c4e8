-- Objections and applications for repair. record_version: the version that the subject spoke of. decided_as: what became of the
-- record ('' = nothing). Dates ISO text ('' = absent).
CREATE TABLE applications (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL REFERENCES subjects (id),
    record BYTEA NOT NULL REFERENCES records (id),
    record_version BIGINT NOT NULL,
    provider TEXT NOT NULL,
    stage TEXT NOT NULL,
    decided_as TEXT NOT NULL,
    filed_on TEXT NOT NULL,
    decided_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    steps BIGINT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX applications_by_entry ON applications (entry);
CREATE INDEX applications_by_record ON applications (record, stage);
CREATE INDEX applications_by_subject ON applications (subject, entry);
CREATE INDEX applications_by_provider ON applications (provider, entry);

-- What became of a record, for each who had received it, until it is acknowledged.
CREATE TABLE tombstones (
    id BYTEA NOT NULL PRIMARY KEY,
    application BYTEA NOT NULL REFERENCES applications (id),
    record BYTEA NOT NULL REFERENCES records (id),
    item TEXT NOT NULL,
    cause TEXT NOT NULL,
    receiver TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    UNIQUE (application, cause, receiver)
);
CREATE INDEX tombstones_by_receiver ON tombstones (receiver, created_at, id);
