DROP TABLE deliveries;
DROP TABLE webhooks;
DROP TABLE events;
DROP TABLE event_heads;
