-- Entries on lists (名单) as cases: drafted, told to the party, decided, withdrawn. record: the record that the entry became (NULL before
-- the decision). The row that is to become it lies sealed in case_steps. Dates ISO text ('' = absent).
CREATE TABLE listings (
    id BYTEA NOT NULL PRIMARY KEY,
    item TEXT NOT NULL,
    subject BYTEA NOT NULL REFERENCES subjects (id),
    decider TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    stage TEXT NOT NULL,
    notified_on TEXT NOT NULL,
    state_by TEXT NOT NULL,
    decided_on TEXT NOT NULL,
    record BYTEA REFERENCES records (id),
    steps BIGINT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX listings_by_entry ON listings (entry);
CREATE INDEX listings_by_decider ON listings (decider, entry);
CREATE INDEX listings_by_subject ON listings (subject, entry);

-- Tombstones come of any case that takes a record away, not of applications alone.
ALTER TABLE tombstones DROP CONSTRAINT tombstones_application_fkey;
ALTER TABLE tombstones RENAME COLUMN application TO case_id;
