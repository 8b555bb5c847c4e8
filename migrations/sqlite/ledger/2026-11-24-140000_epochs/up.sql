-- Epochs that ended: a ledger that was put back is gone on with only under another name, and says so in an entry.
CREATE TABLE ledger_epoch (
    epoch INTEGER NOT NULL PRIMARY KEY,
    origin TEXT NOT NULL,
    ended_idx INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    kept TEXT NOT NULL
) STRICT;
