//! Changes: what is asked of an owner's to-dos, done in one transaction, and what came of each part.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use uuid::Uuid;

use super::derived::Derived;
use super::listing::In;
use super::maintenance::{MAX_HISTORY, forget_history, forget_surplus};
use super::repeating::{BulkError, next_of};
use super::{Store, StoreError, columns, completed_at, kept, said, todo};
use crate::platform::clock::Timestamp;
use crate::platform::database::Returning as _;
use crate::todo::{Details, NewTodo, Patch, Todo, Unfit};

/// How far two to-dos are apart that were added one after the other: room for what is put between them.
pub(super) const GAP: i64 = 1024;

/// Keeps what the to-dos that a condition (to be added) names are like: `$1` the owner, `$2` the change, `$3` the time.
macro_rules! remember {
    () => {
        concat!(
            "INSERT INTO replaced (owner, change, id, made_at, existed, left_state, ",
            kept!(),
            ") SELECT owner, CAST($2 AS BIGINT), id, CAST($3 AS BIGINT), 1, CAST($2 AS BIGINT), ",
            kept!(),
            " FROM todos"
        )
    };
}

/// The to-dos that are there, of the change `$4` or an earlier one, and in the list that [`In`] has.
macro_rules! chosen {
    () => {
        " WHERE owner = $1 AND removed_at IS NULL AND version <= $4 AND ($5 = 1 OR list = $6)"
    };
}

/// What is asked, of one to-do. `seen` is the version that the client had before it, where it says so.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Adds it; one that is done does not repeat. The id is the client's: asked twice, it is added once.
    Add {
        /// Its id.
        id: Uuid,
        /// The rest of it.
        new: NewTodo,
    },
    /// Changes what is given and keeps the rest.
    Change {
        /// Which.
        id: Uuid,
        /// What is given.
        patch: Patch,
        /// Only if it is still this version.
        seen: Option<i64>,
    },
    /// Removes it.
    Remove {
        /// Which.
        id: Uuid,
        /// Only if it is still this version.
        seen: Option<i64>,
    },
}

/// What came of an [`Operation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T = Todo> {
    /// It is there now.
    Added(T),
    /// It was there already, as it is now: the request came twice.
    AlreadyThere(T),
    /// It is as asked, whether it was before or not.
    Changed(T),
    /// It is gone.
    Removed,
    /// There is no such one.
    Missing,
    /// It was added before, and removed since.
    RemovedSince,
    /// It is not as the client saw it: nothing was changed. As it is now.
    Stale(T),
    /// What is to change does not fit what there is: nothing was changed.
    Unfit(Unfit),
    /// The list that it is to be in is not the owner's: nothing was changed.
    NoList,
    /// The one that it is to come after is not the owner's: nothing was changed.
    Unplaced,
    /// The id is in use elsewhere.
    Taken,
    /// The owner has [as many as they may](super::MAX_PER_OWNER) already.
    Full,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Its number; none where nothing was changed.
    pub(crate) change: Option<i64>,
    /// What came of each operation, in their order.
    pub(crate) outcomes: Vec<Outcome>,
}

/// An owner's to-dos while they change. Nobody else changes them meanwhile.
pub(super) struct Changing<'c> {
    pub(super) store: &'c Store,
    pub(super) connection: &'c mut AnyConnection,
    pub(super) owner: &'c str,
    /// The number that this change has, if it comes to one.
    pub(super) number: i64,
    pub(super) now: Timestamp,
    pub(super) last_position: i64,
    /// Whether anything was changed.
    changed: bool,
    /// Whether anything was removed.
    removed: bool,
    /// How many to-dos are kept for undoing it.
    replaced: u64,
    /// How many to-dos there are.
    count: i64,
    /// How many there may be.
    max: i64,
}

/// A to-do as it is stored.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) todo: Todo,
    pub(super) position: i64,
    pub(super) removed_at: Option<i64>,
    /// Which change made it what it is, but for those that were undone.
    pub(super) state: i64,
}

pub(super) fn stored(row: &AnyRow) -> Result<Stored, StoreError> {
    Ok(Stored {
        todo: todo(row)?,
        position: row.try_get("position")?,
        removed_at: row.try_get("removed_at")?,
        state: row.try_get("state")?,
    })
}

impl Stored {
    /// Says of it what its author says.
    pub(super) fn say(&mut self, said: NewTodo) {
        let NewTodo { description, done, details } = said;
        (self.todo.description, self.todo.done, self.todo.details) = (description, done, details);
    }

    /// As it was, of a row of `replaced`: the columns of [`kept`].
    pub(super) fn as_before(&self, row: &AnyRow) -> Result<Self, StoreError> {
        let mut before = self.clone();
        before.say(said(row)?);
        before.todo.completed_at = completed_at(row)?;
        before.todo.updated_at = row.try_get::<Timestamp, _>("updated_at")?.into();
        before.position = row.try_get("position")?;
        before.removed_at = row.try_get("removed_at")?;
        before.state = row.try_get("state")?;
        Ok(before)
    }
}

/// What is asked of all of an owner's to-dos.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bulk {
    /// Marks them as done, or not done.
    Mark {
        /// Whether they are done.
        done: bool,
    },
    /// Removes those that are done.
    ClearCompleted,
    /// Removes them.
    Remove,
}

impl Store {
    /// Does what is asked of an owner's to-dos, all of it together and in this order. What cannot be done leaves the rest
    /// as it is, and is answered in its place.
    pub(crate) async fn apply(&self, owner: &str, operations: &[Operation]) -> Result<Applied, StoreError> {
        let mut transaction = self.db.begin().await?;
        let mut changing = Changing::begin(self, &mut transaction, owner).await?;
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            outcomes.push(changing.perform(operation).await?);
        }
        let change = changing.end().await?;
        self.conclude(transaction, owner, change).await?;
        Ok(Applied { change, outcomes })
    }

    /// Does it to all of an owner's to-dos that are there and of the change `seen` or an earlier one; says which change that
    /// was, if it was one, and how many to-dos it changed. What it adds, because they repeat, does not count.
    pub(crate) async fn apply_to_all(
        &self,
        owner: &str,
        bulk: Bulk,
        place: In,
        seen: Option<i64>,
    ) -> Result<(Option<i64>, u64), BulkError> {
        let mut transaction = self.db.begin().await?;
        let mut changing = Changing::begin(self, &mut transaction, owner).await?;
        // Nothing that this change adds.
        let seen = seen.unwrap_or(i64::MAX).min(changing.number - 1);
        let repeating = match bulk {
            Bulk::Mark { done: true } => changing.complete_repeating(place, seen).await?,
            _ => 0,
        };
        let count = changing.do_to_all(bulk, place, seen).await?;
        let change = changing.end().await?;
        self.conclude(transaction, owner, change).await?;
        Ok((change, count + repeating))
    }
}

impl Changing<'_> {
    /// As [`Store::apply_to_all`], but for what comes next of those that repeat.
    pub(super) async fn do_to_all(&mut self, bulk: Bulk, place: In, seen: i64) -> Result<u64, StoreError> {
        let (remember, change) = match bulk {
            Bulk::Mark { .. } => (
                concat!(remember!(), chosen!(), " AND done <> $7"),
                concat!(
                    "UPDATE todos SET done = $7, completed_at = CASE WHEN $7 = 1 THEN CAST($3 AS BIGINT) END,
                     updated_at = $3, version = $2, state = $2",
                    chosen!(),
                    " AND done <> $7"
                ),
            ),
            Bulk::ClearCompleted => (
                concat!(remember!(), chosen!(), " AND done = $7"),
                concat!("UPDATE todos SET removed_at = $3, version = $2, state = $2", chosen!(), " AND done = $7"),
            ),
            Bulk::Remove => (
                concat!(remember!(), chosen!(), " AND done <= $7"),
                concat!("UPDATE todos SET removed_at = $3, version = $2, state = $2", chosen!(), " AND done <= $7"),
            ),
        };
        let done = if let Bulk::Mark { done } = bulk { i64::from(done) } else { 1 };
        let (anywhere, list) = place.parameters();
        let mut count = 0;
        for statement in [remember, change] {
            let query = sqlx::query(statement).bind(self.owner).bind(self.number).bind(self.now).bind(seen);
            let query = query.bind(anywhere).bind(list.as_str()).bind(done);
            count = query.execute(&mut *self.connection).await?.rows_affected();
        }
        if count > 0 {
            let removed = if matches!(bulk, Bulk::Mark { .. }) { 0 } else { i64::try_from(count).unwrap_or(i64::MAX) };
            self.have_changed(count, removed > 0, -removed);
        }
        Ok(count)
    }
}

impl<'c> Changing<'c> {
    /// Takes the lock on the owner's row, until the transaction ends. A statement that writes comes first: SQLite then
    /// waits its turn, in place of finding out too late that it has none.
    pub(super) async fn begin(
        store: &'c Store,
        connection: &'c mut AnyConnection,
        owner: &'c str,
    ) -> Result<Self, StoreError> {
        let statement = "INSERT INTO owners (owner, last_change, last_position, forgotten) VALUES ($1, 1, 0, 0)
                         ON CONFLICT (owner) DO UPDATE SET last_change = owners.last_change + 1
                         RETURNING last_change, last_position, todo_count";
        let row: Option<(i64, i64, i64)> = sqlx::query_as(statement).bind(owner).one_written(&mut *connection).await?;
        let (number, last_position, count) = row.ok_or(StoreError::Row)?;
        let (now, max) = (store.clock.timestamp(), store.max_per_owner);
        Ok(Self {
            store,
            connection,
            owner,
            number,
            now,
            last_position,
            changed: false,
            removed: false,
            replaced: 0,
            count,
            max,
        })
    }

    /// The number of the change, if it came to one. Of what it leaves behind for undoing and for devices that were away, no
    /// more is kept for one owner than fits, however busy they are.
    pub(super) async fn end(self) -> Result<Option<i64>, StoreError> {
        if !self.changed {
            return Ok(None);
        }
        let Self { connection, owner, number, last_position, removed, replaced, count, .. } = self;
        let query = sqlx::query("UPDATE owners SET last_position = $2, todo_count = $3 WHERE owner = $1");
        query.bind(owner).bind(last_position).bind(count).execute(&mut *connection).await?;
        for statement in [
            "DELETE FROM replaced WHERE owner = $1 AND change <= $2",
            "DELETE FROM replaced_lists WHERE owner = $1 AND change <= $2",
        ] {
            let query = sqlx::query(statement).bind(owner).bind(number - MAX_HISTORY);
            query.execute(&mut *connection).await?;
        }
        forget_history(connection, owner, number, replaced).await?;
        if removed {
            forget_surplus(connection, owner).await?;
        }
        Ok(Some(number))
    }

    pub(super) async fn perform(&mut self, operation: &Operation) -> Result<Outcome, StoreError> {
        let (id, seen) = match operation {
            Operation::Add { id, new } if new.done && new.details.repeat.is_some() => {
                // It goes on with the next one, and nothing was done that there could be a next one of.
                let details = Details { repeat: None, ..new.details.clone() };
                return self.add(*id, &NewTodo { details, ..new.clone() }).await;
            }
            Operation::Add { id, new } => return self.add(*id, new).await,
            Operation::Change { id, seen, .. } | Operation::Remove { id, seen } => (*id, *seen),
        };
        let Some(found) = self.find(id).await?.filter(|found| found.todo.owner == self.owner) else {
            return Ok(Outcome::Missing);
        };
        if found.removed_at.is_some() {
            return Ok(Outcome::Missing);
        }
        if seen.is_some_and(|seen| seen != found.todo.version) {
            return Ok(Outcome::Stale(found.todo));
        }
        if let Operation::Change { patch, .. } = operation {
            return self.change(found, patch).await;
        }
        self.remove(&found).await?;
        Ok(Outcome::Removed)
    }

    /// Several to-dos have changed at once: how many, whether any was removed, and how many more there are now.
    pub(super) fn have_changed(&mut self, count: u64, removed: bool, more: i64) {
        self.changed = true;
        self.removed |= removed;
        self.replaced += count;
        self.count += more;
    }

    /// Leaves a mark in the place of a to-do.
    pub(super) async fn remove(&mut self, found: &Stored) -> Result<(), StoreError> {
        let removed_at = Some(self.now.as_millis());
        self.write(found, Stored { removed_at, state: self.number, ..found.clone() }).await.map(drop)
    }

    /// Whether the owner has more to-dos than they may, with so many `more`.
    pub(super) fn is_beyond_limit(&self, more: i64) -> bool {
        self.count + more > self.max
    }

    /// Adds it as it is, behind all others.
    pub(super) async fn add(&mut self, id: Uuid, new: &NewTodo) -> Result<Outcome, StoreError> {
        if let Some(found) = self.find(id).await? {
            return Ok(match found {
                found if found.todo.owner != self.owner => Outcome::Taken,
                Stored { removed_at: Some(_), .. } => Outcome::RemovedSince,
                found => Outcome::AlreadyThere(found.todo),
            });
        }
        if self.is_beyond_limit(1) {
            return Ok(Outcome::Full);
        }
        if let Some(list) = new.details.list
            && !self.has_list(list).await?
        {
            return Ok(Outcome::NoList);
        }
        let position = self.next_position();
        let added = self.insert(id, new, position).await?;
        // Another owner's, of whom nobody holds the lock.
        Ok(added.map_or(Outcome::Taken, Outcome::Added))
    }

    /// The position behind all others.
    pub(super) fn next_position(&mut self) -> i64 {
        self.last_position = self.now.as_millis().saturating_mul(GAP).max(self.last_position.saturating_add(GAP));
        self.last_position
    }

    /// Adds a to-do in that place, unless its id is in use.
    pub(super) async fn insert(&mut self, id: Uuid, new: &NewTodo, position: i64) -> Result<Option<Todo>, StoreError> {
        let query = sqlx::query(concat!(
            "INSERT INTO todos (id, owner, description, done, created_at, updated_at, version, state, position, details, \
             completed_at, starred, due, title, search, repeats, list, remind_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING \
             RETURNING ",
            columns!()
        ));
        let Derived { starred, repeats, list, due, remind_at, title, search } =
            Derived::of(&new.description, &new.details);
        let row = query
            .bind(id.to_string())
            .bind(self.owner)
            .bind(new.description.as_str())
            .bind(i64::from(new.done))
            .bind(self.now)
            .bind(self.number)
            .bind(position)
            .bind(details_column(&new.details)?)
            .bind(new.done.then_some(self.now))
            .bind(starred)
            .bind(due)
            .bind(title)
            .bind(search)
            .bind(repeats)
            .bind(list)
            .bind(remind_at)
            .one_written(&mut *self.connection)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let todo = todo(&row)?;
        let added = Stored { todo, position, removed_at: None, state: self.number };
        self.remember(&added, false, self.number).await?;
        self.changed = true;
        self.count += 1;
        Ok(Some(added.todo))
    }

    pub(super) async fn change(&mut self, mut found: Stored, patch: &Patch) -> Result<Outcome, StoreError> {
        let mut said = match patch.merge(found.todo.clone().into()) {
            Ok(said) => said,
            Err(error) => return Ok(Outcome::Unfit(error)),
        };
        if let Some(list) = said.details.list.filter(|list| found.todo.details.list != Some(*list))
            && !self.has_list(list).await?
        {
            return Ok(Outcome::NoList);
        }
        let mut coming = None;
        if said.done && !found.todo.done {
            coming = next_of(&said, self.now);
            // It goes on with that one.
            said.details.repeat = None;
        }
        if coming.is_some() && self.is_beyond_limit(1) {
            return Ok(Outcome::Full);
        }
        let position = match patch.after {
            None => found.position,
            Some(after) => match self.place(&mut found, after).await? {
                Some(position) => position,
                None => return Ok(Outcome::Unplaced),
            },
        };
        let mut next = Stored { position, ..found.clone() };
        next.say(said);
        // As it is already: nothing to do, and nothing to undo.
        if next.todo == found.todo && next.position == found.position {
            return Ok(Outcome::Changed(found.todo));
        }
        next.todo.completed_at = match (next.todo.done, found.todo.done) {
            (true, false) => Some(self.now.into()),
            (true, true) => found.todo.completed_at,
            (false, _) => None,
        };
        // One that only moves says nothing new.
        if next.todo != found.todo {
            next.todo.updated_at = self.now.into();
        }
        next.state = self.number;
        let changed = Stored { todo: self.write(&found, next.clone()).await?, ..next };
        if let Some(coming) = coming {
            self.add_next(&changed, &coming).await?;
        }
        Ok(Outcome::Changed(changed.todo))
    }

    /// One to-do, whosever it is, removed or not.
    pub(super) async fn find(&mut self, id: Uuid) -> Result<Option<Stored>, StoreError> {
        let query =
            sqlx::query(concat!("SELECT ", columns!(), ", position, removed_at, state FROM todos WHERE id = $1"));
        let rows = query.bind(id.to_string()).fetch_all(&mut *self.connection).await?;
        rows.first().map(stored).transpose()
    }

    /// Puts `next` in the place of `found`, which can be undone.
    pub(super) async fn write(&mut self, found: &Stored, mut next: Stored) -> Result<Todo, StoreError> {
        self.remember(found, true, next.state).await?;
        let statement = "UPDATE todos SET description = $2, done = $3, updated_at = $4, position = $5, removed_at = $6,
                         version = $7, state = $8, details = $9, completed_at = $10, starred = $11, due = $12, title = $13,
                         search = $14, repeats = $15, list = $16, remind_at = $17 WHERE id = $1";
        let Derived { starred, repeats, list, due, remind_at, title, search } =
            Derived::of(&next.todo.description, &next.todo.details);
        sqlx::query(statement)
            .bind(next.todo.id.to_string())
            .bind(next.todo.description.as_str())
            .bind(i64::from(next.todo.done))
            .bind(Timestamp::from(next.todo.updated_at))
            .bind(next.position)
            .bind(next.removed_at)
            .bind(self.number)
            .bind(next.state)
            .bind(details_column(&next.todo.details)?)
            .bind(next.todo.completed_at.map(Timestamp::from))
            .bind(starred)
            .bind(due)
            .bind(title)
            .bind(search)
            .bind(repeats)
            .bind(list)
            .bind(remind_at)
            .execute(&mut *self.connection)
            .await?;
        self.changed = true;
        self.removed |= next.removed_at.is_some();
        self.count += i64::from(next.removed_at.is_none()) - i64::from(found.removed_at.is_none());
        next.todo.version = self.number;
        Ok(next.todo)
    }

    /// Of a to-do that changes twice in one change, the first state is the one to come back to, from the last one.
    async fn remember(&mut self, before: &Stored, existed: bool, left_state: i64) -> Result<(), StoreError> {
        let statement = concat!(
            "INSERT INTO replaced (owner, change, id, made_at, existed, left_state, ",
            kept!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (owner, change, id) DO UPDATE SET left_state = excluded.left_state"
        );
        // What was added has nothing before it.
        let (description, details) = if existed {
            (before.todo.description.as_str(), details_column(&before.todo.details)?)
        } else {
            ("", details_column(&Details::default())?)
        };
        sqlx::query(statement)
            .bind(self.owner)
            .bind(self.number)
            .bind(before.todo.id.to_string())
            .bind(self.now)
            .bind(i64::from(existed))
            .bind(left_state)
            .bind(description)
            .bind(i64::from(before.todo.done))
            .bind(details)
            .bind(before.todo.completed_at.map(Timestamp::from))
            .bind(before.position)
            .bind(Timestamp::from(before.todo.updated_at))
            .bind(before.removed_at)
            .bind(before.state)
            .execute(&mut *self.connection)
            .await?;
        self.replaced += 1;
        Ok(())
    }
}

/// The column `details`.
fn details_column(details: &Details) -> Result<String, StoreError> {
    serde_json::to_string(details).map_err(|_| StoreError::Row)
}
