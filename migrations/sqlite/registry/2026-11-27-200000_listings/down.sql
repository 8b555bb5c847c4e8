CREATE TABLE tombstones_of_applications (
    id BLOB NOT NULL PRIMARY KEY,
    application BLOB NOT NULL REFERENCES applications (id),
    record BLOB NOT NULL REFERENCES records (id),
    item TEXT NOT NULL,
    cause TEXT NOT NULL,
    receiver TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    UNIQUE (application, cause, receiver)
);
INSERT INTO tombstones_of_applications SELECT id, case_id, record, item, cause, receiver, created_at, acknowledged_at FROM tombstones
    WHERE case_id IN (SELECT id FROM applications);
DROP TABLE tombstones;
ALTER TABLE tombstones_of_applications RENAME TO tombstones;
CREATE INDEX tombstones_by_receiver ON tombstones (receiver, created_at, id);
DROP TABLE listings;
