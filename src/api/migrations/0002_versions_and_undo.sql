-- One row for each owner: its lock is held while anything of theirs changes, and `last_change` numbers the changes.
CREATE TABLE owners (
    owner         TEXT   NOT NULL PRIMARY KEY,
    last_change   BIGINT NOT NULL,
    -- Where the next to-do goes: behind all others.
    last_position BIGINT NOT NULL,
    -- Rows that were removed up to this change may be forgotten for good.
    forgotten     BIGINT NOT NULL
);

-- `version` is the number of the change that a to-do is of. `state` is that of the change which made it what it is: undoing
-- brings back a state, under a new version. One that was removed stays as a mark, for undoing it and for devices that were
-- away.
ALTER TABLE todos ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE todos ADD COLUMN state BIGINT NOT NULL DEFAULT 0;
ALTER TABLE todos ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE todos ADD COLUMN removed_at BIGINT;

-- Milliseconds, with room for 1024 in each; of one millisecond, the ids decide, as they did before.
UPDATE todos SET position = created_at * 1024;
INSERT INTO owners (owner, last_change, last_position, forgotten)
    SELECT owner, 0, MAX(position), 0 FROM todos GROUP BY owner;

CREATE INDEX todos_in_order ON todos (owner, position, id) WHERE removed_at IS NULL;
CREATE INDEX todos_by_version ON todos (owner, version, id);
CREATE INDEX todos_removed ON todos (owner, version) WHERE removed_at IS NOT NULL;
CREATE INDEX todos_removed_by_age ON todos (removed_at) WHERE removed_at IS NOT NULL;
DROP INDEX todos_by_owner;

-- What a change replaced: enough to bring it back, for a day. `existed` is 0 for a to-do that the change added.
CREATE TABLE replaced (
    owner       TEXT   NOT NULL,
    change      BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    existed     BIGINT NOT NULL,
    description TEXT   NOT NULL,
    done        BIGINT NOT NULL,
    position    BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    removed_at  BIGINT,
    state       BIGINT NOT NULL,
    -- The state that the change left: what is in another one was changed since.
    left_state  BIGINT NOT NULL,
    PRIMARY KEY (owner, change, id)
);

CREATE INDEX replaced_by_age ON replaced (made_at);
