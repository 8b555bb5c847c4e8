DROP TABLE ledger_checkpoint;
DROP TABLE ledger_tile;
DROP TABLE ledger_tree;
DROP TABLE ledger_subject;
DROP TABLE ledger_subject_recent;
DROP TABLE ledger_body;
DROP TABLE ledger_entry;
DROP TABLE ledger_head;
