-- Customers of the tenant, the step that each of their user flows has reached, and the mail of tenants without SMTP.

CREATE TABLE users (
    -- The object id (`oid`), a GUID.
    id TEXT PRIMARY KEY,
    -- Lower case; one account per address.
    email TEXT NOT NULL UNIQUE,
    -- Argon2id, as a PHC string.
    password_hash TEXT,
    display_name TEXT NOT NULL,
    given_name TEXT,
    surname TEXT,
    street_address TEXT,
    postal_code TEXT,
    city TEXT,
    state TEXT,
    -- ISO 3166-1 alpha-2.
    country TEXT,
    created_at BIGINT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    disabled BIGINT NOT NULL DEFAULT 0
);

-- One passcode per interaction and purpose: asking for a new one replaces it.
CREATE TABLE flow_steps (
    interaction_id TEXT NOT NULL,
    -- sign_in, sign_up, reset_password or step_up.
    purpose TEXT NOT NULL,
    email TEXT NOT NULL,
    -- SHA-256 over interaction, purpose and passcode.
    passcode_digest TEXT NOT NULL,
    tries BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When the passcode was entered; NULL until then.
    verified_at BIGINT,
    PRIMARY KEY (interaction_id, purpose)
);

CREATE INDEX flow_steps_expires_at ON flow_steps (expires_at);

CREATE TABLE mailbox (
    -- UUIDv7: sorts by time.
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    passcode TEXT,
    sent_at BIGINT NOT NULL
);
