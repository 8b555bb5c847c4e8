DROP TABLE ledger_redaction;
