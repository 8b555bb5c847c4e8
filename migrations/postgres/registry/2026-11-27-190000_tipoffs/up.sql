-- Tip-offs (举报). Everything that was told lies sealed under a key of its own. code: blind index of the query code that whoever
-- reported was given. handler: keyed hash of the officer who handles it ('' = nobody yet), hexadecimal. Dates ISO text ('' = absent).
CREATE TABLE tipoffs (
    id BYTEA NOT NULL PRIMARY KEY,
    subject BYTEA NOT NULL REFERENCES subjects (id),
    code TEXT NOT NULL UNIQUE,
    field TEXT NOT NULL,
    stage TEXT NOT NULL,
    department TEXT NOT NULL,
    handler TEXT NOT NULL,
    outcome TEXT NOT NULL,
    submitted_on TEXT NOT NULL,
    answered_on TEXT NOT NULL,
    attachments BIGINT NOT NULL,
    conduct BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    steps BIGINT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX tipoffs_by_entry ON tipoffs (entry);
CREATE INDEX tipoffs_by_handler ON tipoffs (handler, entry);

-- Who reported: a row for each tip-off, of one length, also when nobody gave a name. Read by one statement of the program alone.
CREATE TABLE tipoff_reporters (
    tipoff BYTEA NOT NULL PRIMARY KEY REFERENCES tipoffs (id),
    sealed BYTEA NOT NULL
);

-- What was attached. bytes: its length before sealing.
CREATE TABLE tipoff_attachments (
    tipoff BYTEA NOT NULL REFERENCES tipoffs (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (tipoff, number)
);
