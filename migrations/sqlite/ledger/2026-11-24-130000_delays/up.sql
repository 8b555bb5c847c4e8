-- Queries that their subjects learn of later, by law: on what ground, until when, who proposed it and who agreed.
CREATE TABLE ledger_delay (
    idx INTEGER NOT NULL PRIMARY KEY,
    until_on TEXT NOT NULL,
    ground TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_role TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    agreed_by TEXT NOT NULL,
    agreed_role TEXT NOT NULL,
    agreed_at INTEGER
) STRICT;
