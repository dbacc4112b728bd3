-- Whether a to-do repeats, derived from its details: marking all as done adds the next one of each.
ALTER TABLE todos ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;

CREATE INDEX todos_repeating ON todos (owner, position, id) WHERE removed_at IS NULL AND done = 0 AND repeats = 1;
