-- A keyed digest of what an attachment holds, of this tip-off alone: the same file that comes again is there already. Empty before.
ALTER TABLE tipoff_attachments ADD COLUMN digest TEXT NOT NULL DEFAULT '';
