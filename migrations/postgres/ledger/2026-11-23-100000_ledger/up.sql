-- The ledger. One per database. `ledger_entry`, `ledger_tile` only grow; the triggers are seat belts, not evidence:
-- evidence is the signed root.

CREATE TABLE ledger_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    next BIGINT NOT NULL CHECK (next >= 0)
);

-- `leaf` is what is hashed. The columns between repeat some of it for searching.
CREATE TABLE ledger_entry (
    idx BIGINT NOT NULL PRIMARY KEY CHECK (idx >= 0),
    ins TEXT NOT NULL,
    iseq BIGINT NOT NULL,
    t BIGINT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    consumer TEXT NOT NULL,
    decision TEXT NOT NULL,
    items TEXT NOT NULL,
    leaf BYTEA NOT NULL CHECK (octet_length(leaf) <= 65535),
    leaf_hash BYTEA NOT NULL CHECK (octet_length(leaf_hash) = 32),
    UNIQUE (ins, iseq)
);
CREATE INDEX ledger_entry_t ON ledger_entry (t);
CREATE INDEX ledger_entry_consumer ON ledger_entry (consumer, idx) WHERE consumer <> '';

-- What the leaf commits to, sealed under the key of `period`. May be pruned: the proofs stay.
CREATE TABLE ledger_body (
    idx BIGINT NOT NULL PRIMARY KEY,
    period TEXT NOT NULL,
    sealed BYTEA NOT NULL
);

-- Which entries are about a subject, by blind index. A convenience, no evidence. New rows are appended to `recent`, and
-- whole segments of 2048 entries are moved from there in the order of the subjects: so nothing is ever written to a
-- place that depends on the subject, which would cost a page for each row. A search looks into every segment.
CREATE TABLE ledger_subject_recent (
    idx BIGINT NOT NULL,
    subject BYTEA NOT NULL CHECK (octet_length(subject) = 32),
    PRIMARY KEY (idx, subject)
);
CREATE TABLE ledger_subject (
    segment BIGINT NOT NULL,
    subject BYTEA NOT NULL CHECK (octet_length(subject) = 32),
    idx BIGINT NOT NULL,
    PRIMARY KEY (segment, subject, idx)
);

-- How far the tree has grown: root, roots of its perfect subtrees, and the leaf hashes of the unfinished tile.
CREATE TABLE ledger_tree (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL CHECK (size >= 0),
    root BYTEA NOT NULL CHECK (octet_length(root) = 32),
    subtrees BYTEA NOT NULL,
    edge BYTEA NOT NULL
);

-- Full tiles of 256 hashes (C2SP tlog-tiles).
CREATE TABLE ledger_tile (
    level INTEGER NOT NULL,
    idx BIGINT NOT NULL,
    hashes BYTEA NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, idx)
);

-- Signed checkpoints (C2SP tlog-checkpoint): the latest, and the last of each minute.
CREATE TABLE ledger_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    t BIGINT NOT NULL,
    note TEXT NOT NULL
);

CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows';
END
$$;
CREATE TRIGGER ledger_entry_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
CREATE TRIGGER ledger_tile_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_tile
FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
