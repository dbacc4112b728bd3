-- What the protocol endpoints remember. Secrets that are looked up are stored as SHA-256 (platform::random::digest).

-- Values made once and kept for ever: the salt of pairwise subject identifiers.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- PKCS#1 in base64url. state: next (published, does not sign yet), current (signs), retired (published until the last
-- token that it signed has expired).
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    private_key TEXT NOT NULL,
    state TEXT NOT NULL,
    published_until BIGINT
);

-- Authorization requests that wait for their user.
CREATE TABLE interactions (
    id TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    request TEXT NOT NULL,
    -- The session whose user has signed in already and is asked for more (a second factor, consent); NULL while nobody
    -- has signed in.
    sid TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX interactions_expires_at ON interactions (expires_at);

-- Single sign-on sessions, one per signed-in browser.
CREATE TABLE sso_sessions (
    cookie_hash TEXT PRIMARY KEY,
    sid TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    -- How they signed in: password or passcode. A second factor is the other one.
    factor TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The authentication contexts that the user has satisfied in this session, space-separated.
    acrs TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sso_sessions_user_id ON sso_sessions (user_id);

-- What a user lets a client do: the code and all refresh tokens that come of one authorization (a "family").
-- It exists before its code, so that a replay which overtakes the first use still finds what to revoke.
CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    sid TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    -- The session's authentication contexts when the code was issued, space-separated.
    acrs TEXT NOT NULL DEFAULT '',
    -- The `claims` of the authorization request, as JSON.
    claims TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX grants_user_id ON grants (user_id);
CREATE INDEX grants_sid ON grants (sid);

CREATE TABLE authorization_codes (
    code_hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce TEXT,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT
);

CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- What users have agreed to themselves, where the administrator leaves it to them (`permissions[].consent = "user"`).
CREATE TABLE consents (
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- The API's client id.
    resource TEXT NOT NULL,
    -- The short name.
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id, resource, scope)
);

-- Client assertions that were accepted, until they expire: each authenticates once (RFC 7523 §3).
CREATE TABLE client_assertions (
    -- SHA-256 over client id and jti.
    jti_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX client_assertions_expires_at ON client_assertions (expires_at);
