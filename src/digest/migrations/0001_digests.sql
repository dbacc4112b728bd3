-- Who wants a mail each morning with what is open, and how far the worker has come. In the web server's database,
-- beside sessions and tokens. Portable SQL: TEXT keys, BIGINT milliseconds since the epoch, BIGINT 0/1.

CREATE TABLE digests (
    -- Whose it is (see identity::session::CustomerKey).
    customer TEXT PRIMARY KEY NOT NULL,

    -- What the customer chose.
    enabled BIGINT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    -- IANA name, and the hour of the day there, 0 to 23.
    time_zone TEXT NOT NULL,
    hour BIGINT NOT NULL,

    -- What comes next: the local date (YYYY-MM-DD) that it is for, when to try, and how often that was tried.
    next_for TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    -- Which worker is at it, and until when nobody else is.
    claim TEXT,
    claimed_until BIGINT NOT NULL DEFAULT 0,

    -- What came of the last one, and the local date that it was for.
    last_for TEXT,
    last_outcome TEXT,

    -- Set while only a sign-in helps: the worker leaves the customer alone until then.
    skipped_at BIGINT,
    skipped_reason TEXT
);
CREATE INDEX digests_by_next_at ON digests (next_at);
