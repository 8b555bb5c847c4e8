-- Bodies that are to be redacted, one by one: who proposed it and why, and the two others of different roles who agreed.
CREATE TABLE ledger_redaction (
    idx INTEGER NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_role TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    first_by TEXT NOT NULL,
    first_role TEXT NOT NULL,
    first_at INTEGER,
    second_by TEXT NOT NULL,
    second_role TEXT NOT NULL,
    second_at INTEGER,
    done_at INTEGER
) STRICT;
