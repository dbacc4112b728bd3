-- Work that an API does for customers who are away, and its tokens. Portable SQL: TEXT keys, BIGINT milliseconds since
-- the epoch.

CREATE TABLE long_running_work (
    -- SHA-256 of the session key: a copy of this table gives nobody a token.
    id TEXT PRIMARY KEY NOT NULL,
    -- On whose behalf (see identity::bearer::Caller::key), and which client of the provider acts.
    customer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- The refresh token: AES-256-GCM under the key ring; the row's identity is authenticated with it.
    sealed TEXT NOT NULL,
    -- Who is using it, so that no two replicas present it at once; free when the time has passed.
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    -- When it is removed, unless it is used before.
    expires_at BIGINT NOT NULL
);
CREATE INDEX long_running_work_by_customer ON long_running_work (customer, client_id);
CREATE INDEX long_running_work_by_expires_at ON long_running_work (expires_at);

CREATE TABLE long_running_access_tokens (
    id TEXT NOT NULL REFERENCES long_running_work (id) ON DELETE CASCADE,
    -- What was asked for, sorted, as one text.
    scopes TEXT NOT NULL,
    sealed TEXT NOT NULL,
    -- From when on a new one is asked for, and until when this one still works.
    renew_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (id, scopes)
);
