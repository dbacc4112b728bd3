//! All of an owner's to-dos at once: brought back from a file, and deleted for good.

use std::collections::HashMap;

use sqlx::AnyConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::change::{Changing, Outcome, Stored};
use super::{Store, StoreError};
use crate::api::derived_id::derived_id;
use crate::platform::clock::Timestamp;
use crate::todo::{ListName, NewTodo};

/// How many to-dos of a file are one change.
const CHUNK: usize = 1000;

/// A to-do of a file.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    /// Its id.
    pub(crate) id: Uuid,
    /// What its author says of it.
    pub(crate) new: NewTodo,
    /// When it became done, was added, and last changed; now, where the file does not say.
    pub(crate) times: [Option<OffsetDateTime>; 3],
}

/// A list of a file.
#[derive(Clone, Debug)]
pub(crate) struct BroughtList {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it is called.
    pub(crate) name: ListName,
    /// When it was added, and renamed; now, where the file does not say.
    pub(crate) times: [Option<OffsetDateTime>; 2],
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Import {
    /// How many to-dos are there now that were not before.
    pub(crate) imported: u64,
    /// How many were there already, and are left as they are.
    pub(crate) already_there: u64,
    /// The changes that it was, each of which can be undone.
    pub(crate) changes: Vec<i64>,
}

/// Why a file does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// There are more to-dos than an owner may have. What came of the file before that was found: nothing, unless somebody
    /// else added to the list meanwhile.
    Todos(Import),
    /// There are more lists than an owner may have.
    Lists,
}

impl Store {
    /// Adds an owner's lists and to-dos behind all others, in this order, with the ids and times that they had; those that were
    /// removed meanwhile come back. Nothing is done when there are more than fit.
    pub(crate) async fn import(
        &self,
        owner: &str,
        lists: &[BroughtList],
        todos: &[Brought],
    ) -> Result<Result<Import, Unfit>, StoreError> {
        let count: Option<i64> = sqlx::query_scalar("SELECT todo_count FROM owners WHERE owner = $1")
            .bind(owner)
            .fetch_optional(&self.db)
            .await?;
        // Those that are there already take no more room; who has so many knows which to leave out.
        let more = i64::try_from(todos.len()).unwrap_or(i64::MAX);
        if count.unwrap_or_default().saturating_add(more) > self.max_per_owner && !self.has_room(owner, todos).await? {
            return Ok(Err(Unfit::Todos(Import::default())));
        }
        let mut import = Import::default();
        let Some(lists) = self.import_lists(owner, lists, &mut import).await? else { return Ok(Err(Unfit::Lists)) };
        for chunk in todos.chunks(CHUNK) {
            let mut transaction = self.db.begin().await?;
            let mut changing = Changing::begin(self, &mut transaction, owner).await?;
            let (mut imported, mut already_there) = (0, 0);
            for brought in chunk {
                match changing.bring(brought, &lists).await? {
                    Outcome::Added(_) => imported += 1,
                    Outcome::AlreadyThere(_) => already_there += 1,
                    // Somebody else added to the list meanwhile: nothing of this chunk is kept.
                    _ => return Ok(Err(Unfit::Todos(import))),
                }
            }
            let change = changing.end().await?;
            self.conclude(transaction, owner, change).await?;
            import.imported += imported;
            import.already_there += already_there;
            import.changes.extend(change);
        }
        Ok(Ok(import))
    }

    /// Adds the lists, in one change, and answers which id each has here; `None` where there are more than fit.
    async fn import_lists(
        &self,
        owner: &str,
        lists: &[BroughtList],
        import: &mut Import,
    ) -> Result<Option<HashMap<Uuid, Uuid>>, StoreError> {
        let mut ids = HashMap::new();
        if lists.is_empty() {
            return Ok(Some(ids));
        }
        let mut transaction = self.db.begin().await?;
        let mut changing = Changing::begin(self, &mut transaction, owner).await?;
        for list in lists {
            let Some(here) = changing.bring_list(list).await? else { return Ok(None) };
            ids.insert(list.id, here);
        }
        let change = changing.end().await?;
        self.conclude(transaction, owner, change).await?;
        import.changes.extend(change);
        Ok(Some(ids))
    }

    /// Whether those fit that are not there yet.
    async fn has_room(&self, owner: &str, todos: &[Brought]) -> Result<bool, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM todos WHERE owner = $1 AND removed_at IS NULL")
            .bind(owner)
            .fetch_all(&self.db)
            .await?;
        let there: std::collections::HashSet<&str> = ids.iter().map(String::as_str).collect();
        let is_there = |id: Uuid| there.contains(id.to_string().as_str());
        let new = todos.iter().filter(|it| !is_there(it.id) && !is_there(own_id(owner, it.id))).count();
        Ok(i64::try_from(there.len() + new).unwrap_or(i64::MAX) <= self.max_per_owner)
    }

    /// Deletes all that there is of an owner's list, and what is kept for undoing. Of the owner the row stays that numbers the
    /// changes, so that devices learn of it.
    pub(crate) async fn erase(&self, owner: &str) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        let changing = Changing::begin(self, &mut transaction, owner).await?;
        let number = changing.number;
        erase(changing.connection, owner, number).await?;
        self.conclude(transaction, owner, Some(number)).await?;
        Ok(())
    }
}

async fn erase(connection: &mut AnyConnection, owner: &str, number: i64) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM replaced WHERE owner = $1",
        "DELETE FROM replaced_lists WHERE owner = $1",
        "DELETE FROM todos WHERE owner = $1",
        "DELETE FROM lists WHERE owner = $1",
    ] {
        sqlx::query(statement).bind(owner).execute(&mut *connection).await?;
    }
    // Whoever has seen anything is told to fetch everything.
    let statement = "UPDATE owners SET forgotten = $2, todo_count = 0, last_position = 0 WHERE owner = $1";
    sqlx::query(statement).bind(owner).bind(number).execute(&mut *connection).await?;
    Ok(())
}

/// The ids that what a file calls so may have here, until one is free: that of another owner is in use, where the file is of
/// somebody else, or of another account of theirs. The second one is the same each time, so that a file that is sent again
/// brings nothing twice.
pub(super) fn ids_here(owner: &str, id: Uuid) -> [Uuid; 3] {
    [id, own_id(owner, id), Uuid::new_v4()]
}

fn own_id(owner: &str, id: Uuid) -> Uuid {
    derived_id(&["of an owner", owner, &id.to_string()])
}

/// When something was added and last changed; now, where a file does not say.
pub(super) fn times_of([created_at, updated_at]: [Option<OffsetDateTime>; 2], now: Timestamp) -> [Timestamp; 2] {
    let created_at = created_at.map_or(now, Timestamp::from);
    [created_at, updated_at.map_or(created_at, Timestamp::from)]
}

impl Changing<'_> {
    /// Adds a to-do of a file, as it is there.
    async fn bring(&mut self, brought: &Brought, lists: &HashMap<Uuid, Uuid>) -> Result<Outcome, StoreError> {
        let Brought { id, new, times } = brought;
        let mut new = new.clone();
        if let Some(list) = new.details.list {
            let here = lists.get(&list).copied().unwrap_or(list);
            // Of another account, or removed, and not in the file: it comes to the list that everybody has.
            new.details.list = if self.has_list(here).await? { Some(here) } else { None };
        }
        let mut outcome = Outcome::Taken;
        for id in ids_here(self.owner, *id) {
            outcome = match self.add(id, &new).await? {
                Outcome::Taken => continue,
                Outcome::RemovedSince => self.bring_back(id, &new).await?,
                outcome => outcome,
            };
            break;
        }
        let Outcome::Added(todo) = &outcome else { return Ok(outcome) };
        let [completed_at, created_at, updated_at] = *times;
        let [created_at, updated_at] = times_of([created_at, updated_at], self.now);
        let statement = "UPDATE todos SET completed_at = $2, created_at = $3, updated_at = $4 WHERE id = $1";
        sqlx::query(statement)
            .bind(todo.id.to_string())
            .bind(todo.done.then(|| completed_at.map_or(self.now, Timestamp::from)))
            .bind(created_at)
            .bind(updated_at)
            .execute(&mut *self.connection)
            .await?;
        Ok(outcome)
    }

    /// Brings back a to-do that was removed, as the file has it.
    async fn bring_back(&mut self, id: Uuid, new: &NewTodo) -> Result<Outcome, StoreError> {
        if self.is_beyond_limit(1) {
            return Ok(Outcome::Full);
        }
        let Some(found) = self.find(id).await? else { return Ok(Outcome::Missing) };
        let position = self.next_position();
        let mut next = Stored { position, removed_at: None, state: self.number, ..found.clone() };
        next.say(new.clone());
        Ok(Outcome::Added(self.write(&found, next).await?))
    }
}
