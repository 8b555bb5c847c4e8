-- Queries that their subjects learn of later, by law: on what ground, until when, who proposed it and who agreed.
CREATE TABLE ledger_delay (
    idx BIGINT NOT NULL PRIMARY KEY,
    until_on TEXT NOT NULL,
    ground TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_role TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    agreed_by TEXT NOT NULL,
    agreed_role TEXT NOT NULL,
    agreed_at BIGINT
);
