DELETE FROM tombstones WHERE case_id NOT IN (SELECT id FROM applications);
ALTER TABLE tombstones RENAME COLUMN case_id TO application;
ALTER TABLE tombstones ADD CONSTRAINT tombstones_application_fkey FOREIGN KEY (application) REFERENCES applications (id);
DROP TABLE listings;
