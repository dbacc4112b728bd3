-- To-dos. Ids are UUIDs of version 7: their order is the order of creation.
CREATE TABLE todos (
    id          TEXT   NOT NULL PRIMARY KEY,
    owner       TEXT   NOT NULL,
    description TEXT   NOT NULL,
    done        BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE INDEX todos_by_owner ON todos (owner, id);
