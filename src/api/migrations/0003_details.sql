-- What else an author says of a to-do: one JSON object, so that what is added to it needs no column here and none in
-- `replaced`. Beside it are columns for what statements decide by.
ALTER TABLE todos ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE todos ADD COLUMN completed_at BIGINT;
ALTER TABLE replaced ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE replaced ADD COLUMN completed_at BIGINT;

-- Of to-dos of before, the last change is what is known.
UPDATE todos SET completed_at = updated_at WHERE done = 1;
UPDATE replaced SET completed_at = updated_at WHERE done = 1;

-- Derived from description and details, for filters, search and order: see store/derived.rs.
ALTER TABLE todos ADD COLUMN starred BIGINT NOT NULL DEFAULT 0;
ALTER TABLE todos ADD COLUMN due BIGINT NOT NULL DEFAULT 999999999999;
ALTER TABLE todos ADD COLUMN search TEXT NOT NULL DEFAULT '';

UPDATE todos SET search = lower(description);
