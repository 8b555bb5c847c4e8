-- Epochs that ended: a ledger that was put back is gone on with only under another name, and says so in an entry.
CREATE TABLE ledger_epoch (
    epoch BIGINT NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    ended_idx BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    kept TEXT NOT NULL
);
