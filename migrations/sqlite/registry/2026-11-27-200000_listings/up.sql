-- Entries on lists (名单) as cases: drafted, told to the party, decided, withdrawn. record: the record that the entry became (NULL before
-- the decision). The row that is to become it lies sealed in case_steps. Dates ISO text ('' = absent).
CREATE TABLE listings (
    id BLOB NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    decider TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    stage TEXT NOT NULL,
    notified_on TEXT NOT NULL,
    state_by TEXT NOT NULL,
    decided_on TEXT NOT NULL,
    record BLOB REFERENCES records (id),
    steps BIGINT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX listings_by_entry ON listings (entry);
CREATE INDEX listings_by_decider ON listings (decider, entry);
CREATE INDEX listings_by_subject ON listings (subject, entry);

-- Tombstones come of any case that takes a record away, not of applications alone.
CREATE TABLE tombstones_of_cases (
    id BLOB NOT NULL PRIMARY KEY,
    case_id BLOB NOT NULL,
    record BLOB NOT NULL REFERENCES records (id),
    item TEXT NOT NULL,
    cause TEXT NOT NULL,
    receiver TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    UNIQUE (case_id, cause, receiver)
);
INSERT INTO tombstones_of_cases SELECT id, application, record, item, cause, receiver, created_at, acknowledged_at FROM tombstones;
DROP TABLE tombstones;
ALTER TABLE tombstones_of_cases RENAME TO tombstones;
CREATE INDEX tombstones_by_receiver ON tombstones (receiver, created_at, id);
