-- The keys that seal bodies, one a month, each drawn by itself and sealed under the key file's secret. A destroyed one
-- leaves an empty `wrapped` and the time: the period is never given another.
CREATE TABLE ledger_period_key (
    period TEXT NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    destroyed_at BIGINT
);
