ALTER TABLE tipoff_attachments DROP COLUMN digest;
