-- Sessions of signed-in customers, and their tokens. Portable SQL: TEXT keys, BIGINT milliseconds since the epoch.

CREATE TABLE sessions (
    -- SHA-256 of the id in the cookie: a copy of this table signs nobody in.
    id TEXT PRIMARY KEY NOT NULL,
    -- Whose it is (see identity::session::CustomerKey), and how the provider names the customer and the session: what
    -- its logout tokens carry.
    customer TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    sid TEXT,
    -- The browser, for the customer to recognise: "Firefox on Linux".
    browser TEXT NOT NULL,
    -- tower-sessions' record as JSON.
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- When the provider's grant ends, where it says so.
    ends_at BIGINT
);
CREATE INDEX sessions_by_customer ON sessions (customer);
CREATE INDEX sessions_by_subject ON sessions (issuer, subject);
CREATE INDEX sessions_by_sid ON sessions (issuer, sid);
CREATE INDEX sessions_by_created_at ON sessions (created_at);

-- One refresh token per customer and client; it replaces itself on use.
CREATE TABLE refresh_tokens (
    customer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- `sub` of the sign-in: the ID tokens of renewals must repeat it.
    subject TEXT NOT NULL,
    -- AES-256-GCM under the key ring; the row's identity is authenticated with it.
    sealed TEXT NOT NULL,
    -- Who is using it, so that no two web servers present it at once; free when the time has passed.
    lease TEXT,
    lease_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (customer, client_id)
);

CREATE TABLE access_tokens (
    customer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- The resource, and the scopes, sorted, as one text.
    resource TEXT NOT NULL,
    scopes TEXT NOT NULL,
    sealed TEXT NOT NULL,
    -- From when on a new one is asked for, and until when this one still works.
    renew_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (customer, client_id, resource, scopes)
);

-- Customers whose tokens are kept after their session ran out: work is done for them while they are away. Signing out
-- drops the tokens, not the wish.
CREATE TABLE offline_use (
    customer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (customer, client_id)
);

-- Logout tokens of the provider that were obeyed (SHA-256 of issuer and jti): none is good twice.
CREATE TABLE logout_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);

-- States of sign-ins that were answered: each is good for one answer.
CREATE TABLE answered_states (
    state TEXT PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
