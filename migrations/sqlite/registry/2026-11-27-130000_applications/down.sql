DROP TABLE tombstones;
DROP TABLE applications;
