DROP TABLE ledger_delay;
