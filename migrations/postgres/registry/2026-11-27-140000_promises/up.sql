-- Written promises to hand papers in later (容缺受理). office: the department that accepted one. sha256: of the paper that was
-- signed, lower-case hexadecimal. Dates ISO text ('' = absent). What is owed lies sealed in case_steps.
CREATE TABLE promises (
    id BYTEA NOT NULL PRIMARY KEY,
    subject BYTEA NOT NULL REFERENCES subjects (id),
    office TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    promised_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    kept_on TEXT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX promises_by_office ON promises (office, entry);
CREATE INDEX promises_by_subject ON promises (subject, entry);
