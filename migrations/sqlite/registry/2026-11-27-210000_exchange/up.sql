-- Exchange with other platforms by files (GB/T 39443, file mode). A package is planned here before a file of it is written; what stands in
-- exchange_items is what the platform was last sent of each record. number: dense within a platform. digest: SHA-256 of the data file,
-- lower-case hexadecimal ('' = not written yet). entry: the index of the ledger entry of the writing.
CREATE TABLE exchange_packages (
    platform TEXT NOT NULL,
    number BIGINT NOT NULL,
    item TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    lines BIGINT NOT NULL,
    digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (platform, number)
);

CREATE TABLE exchange_items (
    platform TEXT NOT NULL,
    record BLOB NOT NULL REFERENCES records (id),
    item TEXT NOT NULL,
    version BIGINT NOT NULL,
    operation TEXT NOT NULL,
    package BIGINT NOT NULL,
    state TEXT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (platform, record)
);
CREATE INDEX exchange_items_by_package ON exchange_items (platform, package);
CREATE INDEX exchange_items_by_state ON exchange_items (platform, state);

-- Packages of other platforms that were taken in, by name and digest. receipt: what was answered, a CSV file.
CREATE TABLE exchange_received (
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    PRIMARY KEY (platform, name)
);
