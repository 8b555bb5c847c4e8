DROP TABLE authorizations;
DROP TABLE record_index;
DROP TABLE record_versions;
DROP TABLE records;
DROP TABLE batches;
DROP TABLE subject_names;
DROP TABLE subject_identifiers;
DROP TABLE subjects;
