DROP TABLE ledger_period_key;
