-- Subjects, their identifiers and names; records of every catalogue item with all their versions;
-- batches of imported rows; authorizations. Ids are UUIDv7 made by the program, instants microseconds UTC,
-- dates ISO text ('' = absent).

CREATE TABLE subjects (
    id BLOB NOT NULL PRIMARY KEY,
    category TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- value: the code itself for organisations, the hexadecimal blind index for a person's certificate.
CREATE TABLE subject_identifiers (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX subject_identifiers_by_subject ON subject_identifiers (subject);

-- Names of organisations alone, for candidates. name_key is the normalised name.
CREATE TABLE subject_names (
    name_key TEXT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    PRIMARY KEY (name_key, subject)
) WITHOUT ROWID;

CREATE TABLE batches (
    id BLOB NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    vintage TEXT NOT NULL,
    provider TEXT NOT NULL,
    file_digest BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    report TEXT NOT NULL
);

CREATE TABLE records (
    id BLOB NOT NULL PRIMARY KEY,
    division TEXT NOT NULL,
    item TEXT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    category TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    key_digest BLOB NOT NULL UNIQUE,
    content_digest BLOB NOT NULL,
    decided_on TEXT NOT NULL,
    published_until_sent TEXT NOT NULL,
    level TEXT NOT NULL,
    level_source TEXT NOT NULL,
    state TEXT NOT NULL,
    rule_pack TEXT NOT NULL,
    public_until TEXT NOT NULL,
    shared_until TEXT NOT NULL,
    received_on TEXT NOT NULL,
    flags TEXT NOT NULL,
    plain TEXT NOT NULL,
    sealed BLOB NOT NULL,
    version BIGINT NOT NULL,
    batch BLOB NOT NULL REFERENCES batches (id)
);
CREATE INDEX records_by_subject ON records (subject, decided_on, id);
CREATE INDEX records_by_item ON records (item, decided_on, id);
CREATE INDEX records_by_provider ON records (provider, item, decided_on, id);

-- With a rowid: without one, rows of a kilobyte go to pages of their own.
CREATE TABLE record_versions (
    id BLOB NOT NULL,
    version BIGINT NOT NULL,
    content_digest BLOB NOT NULL,
    state TEXT NOT NULL,
    plain TEXT NOT NULL,
    sealed BLOB NOT NULL,
    batch BLOB NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

-- Indexed fields, exact match: the value itself when plain, the hexadecimal blind index when sealed.
CREATE TABLE record_index (
    item TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    record BLOB NOT NULL REFERENCES records (id),
    PRIMARY KEY (item, field, value, record)
) WITHOUT ROWID;
CREATE INDEX record_index_by_record ON record_index (record);

CREATE TABLE authorizations (
    id BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    grantee TEXT NOT NULL,
    purpose TEXT NOT NULL,
    items TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    uses_allowed BIGINT,
    uses_taken BIGINT NOT NULL,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX authorizations_by_subject ON authorizations (subject, created_at, id);
CREATE INDEX authorizations_by_grantee ON authorizations (grantee, created_at, id);
