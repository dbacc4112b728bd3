-- Sessions that were ended from elsewhere: by another browser of the customer, or by the provider. For as long as their
-- cookies may live, the browsers that have them sign in with proof of who uses them.
CREATE TABLE ended_sessions (
    -- What `sessions.id` was.
    id TEXT PRIMARY KEY NOT NULL,
    -- `browser` or `provider`.
    ended_by TEXT NOT NULL,
    ended_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_ended_at ON ended_sessions (ended_at);
