-- Queries that somebody has to look at (查询审查): why, until when, and what was said. Made from the leaves, entry by entry;
-- no evidence: what a reviewer said stands in the ledger too.
CREATE TABLE ledger_review (
    idx BIGINT NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL,
    reasons TEXT NOT NULL,
    due_on TEXT NOT NULL,
    state TEXT NOT NULL,
    reviewed_by TEXT NOT NULL,
    reviewed_role TEXT NOT NULL,
    reviewed_at BIGINT,
    comment TEXT NOT NULL
);
CREATE INDEX ledger_review_state ON ledger_review (state, consumer, idx);
-- Up to which entry the queries were looked through.
CREATE TABLE ledger_review_progress (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    next BIGINT NOT NULL
);
INSERT INTO ledger_review_progress (id, next) VALUES (1, 0);
