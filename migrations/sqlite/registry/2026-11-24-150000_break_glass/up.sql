-- Openings of one subject's records in an emergency (break-glass). Officer and case are keyed hashes, hexadecimal: their
-- names stand, sealed, in the ledger's entry, of which `entry` is the index; an opening without one opens nothing.
-- number: which of the officer's openings of that day; the key keeps two at once from counting as one.
CREATE TABLE break_glass (
    id BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    department TEXT NOT NULL,
    officer TEXT NOT NULL,
    day TEXT NOT NULL,
    number BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    case_index TEXT NOT NULL,
    items TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    entry BIGINT,
    UNIQUE (officer, day, number)
);
CREATE INDEX break_glass_by_entry ON break_glass (entry);

-- Whom an opening was told: the departments whose records it opens.
CREATE TABLE break_glass_notices (
    opening BLOB NOT NULL REFERENCES break_glass (id),
    provider TEXT NOT NULL,
    PRIMARY KEY (opening, provider)
);
