-- How many to-dos an owner has, so that adding one need not count them.
ALTER TABLE owners ADD COLUMN todo_count BIGINT NOT NULL DEFAULT 0;

UPDATE owners SET todo_count =
    (SELECT COUNT(*) FROM todos WHERE todos.owner = owners.owner AND todos.removed_at IS NULL);

-- The beginning of what is searched, which is that of the description.
ALTER TABLE todos ADD COLUMN title TEXT NOT NULL DEFAULT '';

UPDATE todos SET title = substr(search, 1, 100);

-- One for each order in which a list can be asked for, so that a page costs the same however long the list is; and for the
-- filters that leave little of one. `todos_in_order` is there already.
CREATE INDEX todos_by_done ON todos (owner, done, position, id) WHERE removed_at IS NULL;
CREATE INDEX todos_starred ON todos (owner, position, id) WHERE removed_at IS NULL AND starred = 1;
CREATE INDEX todos_by_due ON todos (owner, due, id) WHERE removed_at IS NULL;
CREATE INDEX todos_open_by_due ON todos (owner, due, id) WHERE removed_at IS NULL AND done = 0;
CREATE INDEX todos_done_by_due ON todos (owner, due, id) WHERE removed_at IS NULL AND done = 1;
CREATE INDEX todos_by_created_at ON todos (owner, created_at, id) WHERE removed_at IS NULL;
CREATE INDEX todos_by_updated_at ON todos (owner, updated_at, id) WHERE removed_at IS NULL;
CREATE INDEX todos_by_title ON todos (owner, title, id) WHERE removed_at IS NULL;
