DROP TABLE ledger_review_progress;
DROP TABLE ledger_review;
