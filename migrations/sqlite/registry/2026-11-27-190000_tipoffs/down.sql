DROP TABLE tipoff_attachments;
DROP TABLE tipoff_reporters;
DROP TABLE tipoffs;
