DROP TABLE exchange_received;
DROP TABLE exchange_items;
DROP TABLE exchange_packages;
