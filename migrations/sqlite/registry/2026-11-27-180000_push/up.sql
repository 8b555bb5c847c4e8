-- Push (信息推送). An event is written in the transaction of the step that it tells of: what was committed is told, what was not is
-- not. sequence: dense within a receiver, given out under the lock of its row in event_heads, so that a reader who has seen one
-- has seen all before it. about: what it is about, by kind. entry: the index of the ledger entry that announced the step.
CREATE TABLE event_heads (
    receiver TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    receiver TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    about BLOB NOT NULL,
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    UNIQUE (receiver, sequence)
);

-- Where receivers want their events sent. sealed: the secrets that sign (`current`, and `former` until former_until), as envelopes.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    receiver TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    former_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_receiver ON webhooks (receiver, created_at, id);

-- One for each event and webhook of its receiver, written with the event. told: what came of the last attempt ('' = none yet).
CREATE TABLE deliveries (
    webhook BLOB NOT NULL REFERENCES webhooks (id),
    sequence BIGINT NOT NULL,
    event BLOB NOT NULL REFERENCES events (id),
    subject BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (webhook, sequence)
);
CREATE INDEX deliveries_by_next ON deliveries (state, next_at);
CREATE INDEX deliveries_by_subject ON deliveries (webhook, subject, state, sequence);
