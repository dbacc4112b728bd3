-- When a to-do's author is to be reminded of it, in milliseconds since the Unix epoch, derived from its details: see
-- store/derived.rs. -1: not derived yet; a number later than any moment: never.
ALTER TABLE todos ADD COLUMN remind_at BIGINT NOT NULL DEFAULT -1;

UPDATE todos SET remind_at = 9999999999999999 WHERE details NOT LIKE '%"reminder":%';

CREATE INDEX todos_not_derived ON todos (id) WHERE remind_at = -1;
CREATE INDEX todos_by_reminder ON todos (remind_at, id)
    WHERE removed_at IS NULL AND done = 0 AND remind_at < 9999999999999999;
CREATE INDEX todos_of_owner_by_reminder ON todos (owner, remind_at, id)
    WHERE removed_at IS NULL AND done = 0 AND remind_at < 9999999999999999;
