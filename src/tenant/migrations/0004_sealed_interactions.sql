-- Browsers carry their authorization requests themselves. What is kept is which have ended, until they would have expired.
DROP TABLE interactions;
CREATE TABLE ended_interactions (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_interactions_expires_at ON ended_interactions (expires_at);
