//! Undoing a change, and what changed since one.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::change::{Changing, Stored, stored};
use super::lists::UndoneLists;
use super::{Store, StoreError, columns, kept, todo};
use crate::todo::Todo;

/// What came of undoing a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// The number of the change that undid it, which can be undone in its turn; none where nothing was left to undo.
    pub(crate) change: Option<i64>,
    /// The to-dos that are as they were before, but for their version.
    pub(crate) restored: Vec<Todo>,
    /// Those that the change had added, and which are removed now.
    pub(crate) removed: Vec<Uuid>,
    /// Those that were changed since, and are left as they are.
    pub(crate) changed_since: Vec<Uuid>,
    /// What came of undoing it of lists.
    pub(crate) lists: UndoneLists,
}

/// Whether a change was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undoing {
    /// It was, as far as that could be.
    Done(Undone),
    /// There is nothing that could be brought back: no such change of this owner's, or too long ago.
    Unknown,
    /// What is to come back does not fit into the list any more.
    Full,
    /// There would be more lists than an owner may have.
    TooManyLists,
}

/// What a device that was away has not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The number of the owner's last change.
    pub(crate) last: i64,
    /// Which to-dos changed: id, version, and whether it was removed.
    pub(crate) todos: Vec<(Uuid, i64, bool)>,
    /// Whether there are more after the last of these.
    pub(crate) more: bool,
    /// Which lists changed, as the to-dos: all of them, on the first page.
    pub(crate) lists: Vec<(Uuid, i64, bool)>,
}

impl Store {
    /// Brings back what an owner's change replaced, as far as nothing changed it since.
    pub(crate) async fn undo(&self, owner: &str, change: i64) -> Result<Undoing, StoreError> {
        let mut transaction = self.db.begin().await?;
        let mut changing = Changing::begin(self, &mut transaction, owner).await?;
        let known = "SELECT 1 WHERE EXISTS (SELECT 1 FROM replaced WHERE owner = $1 AND change = $2)
                     OR EXISTS (SELECT 1 FROM replaced_lists WHERE owner = $1 AND change = $2)";
        let known = sqlx::query(known).bind(owner).bind(change).fetch_all(&mut *changing.connection).await?;
        if known.is_empty() {
            transaction.rollback().await?;
            return Ok(Undoing::Unknown);
        }
        let mut undone = Undone::default();
        for (todo, is_there) in changing.undo_states(change).await? {
            if is_there {
                undone.restored.push(todo);
            } else {
                undone.removed.push(todo.id);
            }
        }
        // The rest, one by one: what was added, what was said otherwise, and what was changed since.
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", position, removed_at, state FROM todos WHERE owner = $1 AND id IN (SELECT id FROM replaced WHERE owner = $1 AND \
             change = $2) AND version <> $3 ORDER BY position, id"
        ));
        let query = query.bind(owner).bind(change).bind(changing.number);
        let now = query.fetch_all(&mut *changing.connection).await?;
        let query = concat!(
            "SELECT id, existed, left_state, ",
            kept!(),
            " FROM replaced WHERE owner = $1 AND change = $2 AND id NOT IN (SELECT id FROM todos WHERE owner = $1 AND version = $3)"
        );
        let query = sqlx::query(query).bind(owner).bind(change).bind(changing.number);
        let mut before = HashMap::new();
        for row in query.fetch_all(&mut *changing.connection).await? {
            before.insert(row.try_get::<String, _>("id")?, row);
        }
        for row in &now {
            let found = stored(row)?;
            let id = found.todo.id;
            let was = before.get(&id.to_string()).ok_or(StoreError::Row)?;
            if found.state != was.try_get::<i64, _>("left_state")? {
                undone.changed_since.push(id);
                continue;
            }
            if was.try_get::<i64, _>("existed")? == 0 {
                // Of a state of its own: this is no deletion that is to be undone next.
                let removed_at = Some(changing.now.as_millis());
                changing.write(&found, Stored { removed_at, state: -change, ..found.clone() }).await?;
                undone.removed.push(id);
                continue;
            }
            let next = found.as_before(was)?;
            let is_there = next.removed_at.is_none();
            let todo = changing.write(&found, next).await?;
            if is_there {
                undone.restored.push(todo);
            } else {
                undone.removed.push(id);
            }
        }
        undone.lists = changing.undo_lists(change).await?;
        let mut homeless: HashMap<Uuid, Todo> =
            changing.bring_home().await?.into_iter().map(|todo| (todo.id, todo)).collect();
        for restored in &mut undone.restored {
            if let Some(todo) = homeless.remove(&restored.id) {
                *restored = todo;
            }
        }
        if !undone.restored.is_empty() && changing.is_beyond_limit(0) {
            transaction.rollback().await?;
            return Ok(Undoing::Full);
        }
        if !undone.lists.restored.is_empty() && changing.has_too_many_lists().await? {
            transaction.rollback().await?;
            return Ok(Undoing::TooManyLists);
        }
        undone.change = changing.end().await?;
        self.conclude(transaction, owner, undone.change).await?;
        Ok(Undoing::Done(undone))
    }

    /// The number of the last change of an owner that undoing would bring something back of, and that undid nothing itself.
    pub(crate) async fn last_undoable(&self, owner: &str) -> Result<Option<i64>, StoreError> {
        // What undoes leaves older states behind than its own number.
        let mut last: Option<i64> = None;
        for query in [
            "SELECT replaced.change FROM replaced JOIN todos ON todos.id = replaced.id
             WHERE replaced.owner = $1 AND replaced.left_state = replaced.change AND todos.state = replaced.left_state
             ORDER BY replaced.change DESC LIMIT 1",
            "SELECT r.change FROM replaced_lists r JOIN lists ON lists.id = r.id
             WHERE r.owner = $1 AND r.left_state = r.change AND lists.state = r.left_state
             ORDER BY r.change DESC LIMIT 1",
        ] {
            last = last.max(sqlx::query_scalar(query).bind(owner).fetch_optional(&self.db).await?);
        }
        Ok(last)
    }

    /// Which of an owner's to-dos changed after the change `since`, in the order of the changes; with `after`, also those
    /// of `since` that come after the one of that id. `None` when some of that is forgotten: then all must be fetched.
    pub(crate) async fn changed_since(
        &self,
        owner: &str,
        since: i64,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Option<Changed>, StoreError> {
        // Before the to-dos: the number may be too small then, and never so large that a change between is missed.
        let query = sqlx::query_as("SELECT last_change, forgotten FROM owners WHERE owner = $1");
        let rows: Vec<(i64, i64)> = query.bind(owner).fetch_all(&self.db).await?;
        let (last, forgotten) = rows.into_iter().next().unwrap_or_default();
        if (since < forgotten && since > 0) || since > last {
            return Ok(None);
        }
        // A change may be of many to-dos, so that a page can end within it. The empty text comes before every id. To-dos of
        // before there were numbers have version 0: for whoever has seen nothing they are new.
        let (version, id) = match after {
            Some(id) => (since, id.to_string()),
            None if since == 0 => (0, String::new()),
            None => (since + 1, String::new()),
        };
        let query = "SELECT id, version, CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END AS removed FROM todos
                     WHERE owner = $1 AND (version, id) > (CAST($2 AS BIGINT), $3)
                     ORDER BY version, id LIMIT CAST($4 AS BIGINT)";
        let query = sqlx::query(query).bind(owner).bind(version).bind(id).bind(limit + 1);
        let mut todos = changed(&query.fetch_all(&self.db).await?)?;
        let more = todos.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            todos.pop();
        }
        let mut lists = Vec::new();
        // Who asks for no page is told the number alone.
        if after.is_none() && limit > 0 {
            let query = "SELECT id, version, CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END AS removed FROM lists
                         WHERE owner = $1 AND version > $2 ORDER BY version, id";
            lists = changed(&sqlx::query(query).bind(owner).bind(since).fetch_all(&self.db).await?)?;
        }
        Ok(Some(Changed { last, todos, more, lists }))
    }
}

/// Id, version, and whether it was removed.
fn changed(rows: &[AnyRow]) -> Result<Vec<(Uuid, i64, bool)>, StoreError> {
    let one = |row: &AnyRow| {
        let id = row.try_get::<String, _>("id")?.parse().map_err(|_| StoreError::Row)?;
        Ok((id, row.try_get("version")?, row.try_get::<i64, _>("removed")? != 0))
    };
    rows.iter().map(one).collect()
}

/// The to-dos of a change (`$4`) that can come back without being looked at: they are in the state that the change left, and
/// say what they said before it. That is all of them where many were marked or removed at once.
macro_rules! unsaid {
    () => {
        " FROM todos WHERE owner = $1 AND id IN (SELECT id FROM replaced WHERE owner = $1 AND change = $4)
         AND EXISTS (SELECT 1 FROM replaced r WHERE r.owner = $1 AND r.change = $4 AND r.id = todos.id AND r.existed = 1
         AND r.left_state = todos.state AND r.description = todos.description AND r.details = todos.details)"
    };
}

impl Changing<'_> {
    /// Of the to-dos that are there again, those whose list is removed go to the list that everybody has.
    async fn bring_home(&mut self) -> Result<Vec<Todo>, StoreError> {
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", position, removed_at, state FROM todos WHERE owner = $1 AND version = $2 AND removed_at IS NULL AND list <> ''
             AND NOT EXISTS (SELECT 1 FROM lists WHERE lists.id = todos.list AND lists.removed_at IS NULL)"
        ));
        let rows = query.bind(self.owner).bind(self.number).fetch_all(&mut *self.connection).await?;
        let mut homeless = Vec::with_capacity(rows.len());
        for row in &rows {
            let found = stored(row)?;
            let mut next = Stored { state: self.number, ..found.clone() };
            next.todo.details.list = None;
            homeless.push(self.write(&found, next).await?);
        }
        Ok(homeless)
    }

    /// Brings back the states of those to-dos of a change that say what they said before it, all at once; and says for each
    /// whether it is there now. The columns that are derived of what they say stay.
    async fn undo_states(&mut self, change: i64) -> Result<Vec<(Todo, bool)>, StoreError> {
        let statement = concat!(
            "INSERT INTO replaced (owner, change, id, made_at, existed, left_state, ",
            kept!(),
            ") SELECT owner, CAST($2 AS BIGINT), id, CAST($3 AS BIGINT), 1, (SELECT r.state FROM replaced r WHERE r.owner = $1
             AND r.change = $4 AND r.id = todos.id), ",
            kept!(),
            unsaid!()
        );
        let query = sqlx::query(statement).bind(self.owner).bind(self.number).bind(self.now).bind(change);
        let count = query.execute(&mut *self.connection).await?.rows_affected();
        if count == 0 {
            return Ok(Vec::new());
        }
        // What is remembered of this change by now is exactly these.
        let statement = "UPDATE todos SET (done, completed_at, position, updated_at, removed_at, state) =
                         (SELECT r.done, r.completed_at, r.position, r.updated_at, r.removed_at, r.state FROM replaced r
                         WHERE r.owner = $1 AND r.change = $3 AND r.id = todos.id), version = $2
                         WHERE owner = $1 AND id IN (SELECT id FROM replaced WHERE owner = $1 AND change = $2)";
        let query = sqlx::query(statement).bind(self.owner).bind(self.number).bind(change);
        query.execute(&mut *self.connection).await?;
        let query = "SELECT COUNT(*) FROM replaced WHERE owner = $1 AND change = $2 AND removed_at IS NULL";
        let query = sqlx::query_scalar(query).bind(self.owner).bind(self.number);
        let were_there: i64 = query.fetch_one(&mut *self.connection).await?;
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", removed_at FROM todos WHERE owner = $1 AND version = $2 ORDER BY position, id"
        ));
        let rows = query.bind(self.owner).bind(self.number).fetch_all(&mut *self.connection).await?;
        let mut brought_back = Vec::with_capacity(rows.len());
        for row in &rows {
            brought_back.push((todo(row)?, row.try_get::<Option<i64>, _>("removed_at")?.is_none()));
        }
        let are_there = brought_back.iter().filter(|(_, is_there)| *is_there).count();
        self.have_changed(
            count,
            are_there < brought_back.len(),
            i64::try_from(are_there).unwrap_or(i64::MAX) - were_there,
        );
        Ok(brought_back)
    }
}
