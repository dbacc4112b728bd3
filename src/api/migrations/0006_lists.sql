-- Lists of to-dos, beside the one that every owner has. Columns as those of `todos` and `replaced`.
CREATE TABLE lists (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    position   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT,
    version    BIGINT NOT NULL,
    state      BIGINT NOT NULL
);

CREATE INDEX lists_in_order ON lists (owner, position, id) WHERE removed_at IS NULL;
CREATE INDEX lists_by_version ON lists (owner, version, id);
CREATE INDEX lists_removed ON lists (owner, version) WHERE removed_at IS NOT NULL;
CREATE INDEX lists_removed_by_age ON lists (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE replaced_lists (
    owner      TEXT   NOT NULL,
    change     BIGINT NOT NULL,
    id         TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    existed    BIGINT NOT NULL,
    left_state BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    position   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT,
    state      BIGINT NOT NULL,
    PRIMARY KEY (owner, change, id)
);

CREATE INDEX replaced_lists_by_age ON replaced_lists (made_at);

-- In which list a to-do is, derived from its details: the empty text for the one that every owner has.
ALTER TABLE todos ADD COLUMN list TEXT NOT NULL DEFAULT '';

CREATE INDEX todos_in_list ON todos (owner, list, position, id) WHERE removed_at IS NULL;
CREATE INDEX todos_in_list_by_done ON todos (owner, list, done, position, id) WHERE removed_at IS NULL;
