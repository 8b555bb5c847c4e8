-- The ledger. One per file. `ledger_entry`, `ledger_tile` only grow; the triggers are seat belts, not evidence:
-- evidence is the signed root.

CREATE TABLE ledger_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    next INTEGER NOT NULL CHECK (next >= 0)
) STRICT;

-- `leaf` is what is hashed. The columns between repeat some of it for searching.
CREATE TABLE ledger_entry (
    idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
    ins TEXT NOT NULL,
    iseq INTEGER NOT NULL,
    t INTEGER NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    consumer TEXT NOT NULL,
    decision TEXT NOT NULL,
    items TEXT NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) <= 65535),
    leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
    UNIQUE (ins, iseq)
) STRICT;
CREATE INDEX ledger_entry_t ON ledger_entry (t);
CREATE INDEX ledger_entry_consumer ON ledger_entry (consumer, idx) WHERE consumer <> '';

-- What the leaf commits to, sealed under the key of `period`. May be pruned: the proofs stay.
CREATE TABLE ledger_body (
    idx INTEGER NOT NULL PRIMARY KEY,
    period TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

-- Which entries are about a subject, by blind index. A convenience, no evidence. New rows are appended to `recent`, and
-- whole segments of 2048 entries are moved from there in the order of the subjects: so nothing is ever written to a
-- place that depends on the subject, which would cost a page for each row. A search looks into every segment.
CREATE TABLE ledger_subject_recent (
    idx INTEGER NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    PRIMARY KEY (idx, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_subject (
    segment INTEGER NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    idx INTEGER NOT NULL,
    PRIMARY KEY (segment, subject, idx)
) STRICT, WITHOUT ROWID;

-- How far the tree has grown: root, roots of its perfect subtrees, and the leaf hashes of the unfinished tile.
CREATE TABLE ledger_tree (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    subtrees BLOB NOT NULL,
    edge BLOB NOT NULL
) STRICT;

-- Full tiles of 256 hashes (C2SP tlog-tiles).
CREATE TABLE ledger_tile (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- Signed checkpoints (C2SP tlog-checkpoint): the latest, and the last of each minute.
CREATE TABLE ledger_checkpoint (
    size INTEGER NOT NULL PRIMARY KEY,
    t INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER ledger_tile_update BEFORE UPDATE ON ledger_tile
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER ledger_tile_delete BEFORE DELETE ON ledger_tile
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
