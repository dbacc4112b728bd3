//! Lists of to-dos: what changes them, as a change of their owner's. What is said of to-dos in [`change`](super::change) and
//! [`undo`](super::undo) is so of lists, too.

use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::change::{Bulk, Changing, GAP, Outcome};
use super::listing::In;
use super::transfer::{BroughtList, ids_here, times_of};
use super::{Store, StoreError, Whose};
use crate::platform::clock::Timestamp;
use crate::todo::{ListName, ListPatch, TodoList};

/// How many lists one owner may have, beside the one that everybody has.
pub(crate) const MAX_LISTS: usize = 200;

/// The columns of a list. A macro, because statements are made of literals.
macro_rules! list_columns {
    () => {
        "id, owner, name, position, created_at, updated_at, removed_at, version, state"
    };
}

/// What is asked, of one list. `seen` is the version that the client had before it, where it says so.
#[derive(Clone, Debug)]
pub(crate) enum ListOperation {
    /// Adds it, behind all others. The id is the client's: asked twice, it is added once.
    Add {
        /// Its id.
        id: Uuid,
        /// What it is called.
        name: ListName,
    },
    /// Changes what is given.
    Change {
        /// Which.
        id: Uuid,
        /// What is given.
        patch: ListPatch,
        /// Only if it is still this version.
        seen: Option<i64>,
    },
    /// Removes it, and the to-dos that are in it.
    Remove {
        /// Which.
        id: Uuid,
        /// Only if it is still this version.
        seen: Option<i64>,
        /// Only if none of these to-dos is of a later change than this one.
        todos_seen: Option<i64>,
    },
}

/// A list as it is stored.
#[derive(Clone)]
struct StoredList {
    list: TodoList,
    position: i64,
    removed_at: Option<i64>,
    /// Which change made it what it is, but for those that were undone.
    state: i64,
}

fn stored(row: &AnyRow) -> Result<StoredList, StoreError> {
    Ok(StoredList {
        list: TodoList {
            id: row.try_get::<String, _>("id")?.parse().map_err(|_| StoreError::Row)?,
            owner: row.try_get("owner")?,
            name: row.try_get::<String, _>("name")?.try_into().map_err(|_| StoreError::Row)?,
            created_at: row.try_get::<Timestamp, _>("created_at")?.into(),
            updated_at: row.try_get::<Timestamp, _>("updated_at")?.into(),
            version: row.try_get("version")?,
        },
        position: row.try_get("position")?,
        removed_at: row.try_get("removed_at")?,
        state: row.try_get("state")?,
    })
}

/// What came of undoing a change of lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UndoneLists {
    /// The lists that are as they were before, but for their version.
    pub(crate) restored: Vec<TodoList>,
    /// Those that the change had added, and which are removed now.
    pub(crate) removed: Vec<Uuid>,
    /// Those that were changed since, or have to-dos by now, and are left as they are.
    pub(crate) changed_since: Vec<Uuid>,
}

impl Store {
    /// An owner's lists, in their order.
    pub(crate) async fn lists(&self, owner: &str) -> Result<Vec<TodoList>, StoreError> {
        let query = sqlx::query(concat!(
            "SELECT ",
            list_columns!(),
            " FROM lists WHERE owner = $1 AND removed_at IS NULL ORDER BY position, id"
        ));
        let rows = query.bind(owner).fetch_all(&self.db).await?;
        rows.iter().map(|row| stored(row).map(|stored| stored.list)).collect()
    }

    /// One list.
    pub(crate) async fn get_list(&self, whose: Whose<'_>, id: Uuid) -> Result<Option<TodoList>, StoreError> {
        let (owner, any) = whose.parameters();
        let query = sqlx::query(concat!(
            "SELECT ",
            list_columns!(),
            " FROM lists WHERE id = $1 AND removed_at IS NULL AND (owner = $2 OR $3 = 1)"
        ));
        let rows = query.bind(id.to_string()).bind(owner).bind(any).fetch_all(&self.db).await?;
        rows.first().map(|row| stored(row).map(|stored| stored.list)).transpose()
    }

    /// The name of a row, removed or not.
    #[cfg(test)]
    pub(crate) async fn list_name(&self, id: Uuid) -> Option<String> {
        let query = sqlx::query_scalar("SELECT name FROM lists WHERE id = $1").bind(id.to_string());
        query.fetch_optional(&self.db).await.expect("works")
    }

    /// Does what is asked of one of an owner's lists; says which change that was, if it was one.
    pub(crate) async fn apply_to_list(
        &self,
        owner: &str,
        operation: &ListOperation,
    ) -> Result<(Option<i64>, Outcome<TodoList>), StoreError> {
        let mut transaction = self.db.begin().await?;
        let mut changing = Changing::begin(self, &mut transaction, owner).await?;
        let outcome = changing.perform_on_list(operation).await?;
        let change = changing.end().await?;
        self.conclude(transaction, owner, change).await?;
        Ok((change, outcome))
    }
}

impl Changing<'_> {
    /// Whether the owner has such a list.
    pub(super) async fn has_list(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM lists WHERE id = $1 AND owner = $2 AND removed_at IS NULL";
        let query = sqlx::query(query).bind(id.to_string()).bind(self.owner);
        Ok(!query.fetch_all(&mut *self.connection).await?.is_empty())
    }

    async fn perform_on_list(&mut self, operation: &ListOperation) -> Result<Outcome<TodoList>, StoreError> {
        let (id, seen) = match operation {
            ListOperation::Add { id, name } => return self.add_list(*id, name).await,
            ListOperation::Change { id, seen, .. } | ListOperation::Remove { id, seen, .. } => (*id, *seen),
        };
        let found = self.find_list(id).await?.filter(|found| found.list.owner == self.owner);
        let Some(found) = found.filter(|found| found.removed_at.is_none()) else { return Ok(Outcome::Missing) };
        if seen.is_some_and(|seen| seen != found.list.version) {
            return Ok(Outcome::Stale(found.list));
        }
        match operation {
            ListOperation::Add { .. } => Ok(Outcome::AlreadyThere(found.list)),
            ListOperation::Change { patch, .. } => self.change_list(found, patch).await,
            ListOperation::Remove { todos_seen, .. } => {
                if let Some(seen) = todos_seen
                    && self.newest_in(id).await? > *seen
                {
                    return Ok(Outcome::Stale(found.list));
                }
                self.do_to_all(Bulk::Remove, In::List(Some(id)), i64::MAX).await?;
                let removed_at = Some(self.now.as_millis());
                let next = StoredList { removed_at, state: self.number, ..found.clone() };
                self.write_list(&found, next).await?;
                Ok(Outcome::Removed)
            }
        }
    }

    async fn add_list(&mut self, id: Uuid, name: &ListName) -> Result<Outcome<TodoList>, StoreError> {
        if let Some(found) = self.find_list(id).await? {
            return Ok(match found {
                found if found.list.owner != self.owner => Outcome::Taken,
                StoredList { removed_at: Some(_), .. } => Outcome::RemovedSince,
                found => Outcome::AlreadyThere(found.list),
            });
        }
        let places = self.list_places().await?;
        if places.len() >= MAX_LISTS {
            return Ok(Outcome::Full);
        }
        let (now, owner) = (self.now.into(), self.owner.to_owned());
        let list = TodoList { id, owner, name: name.clone(), created_at: now, updated_at: now, version: self.number };
        let position = places.last().map_or(GAP, |(position, _)| position + GAP);
        let added = StoredList { list, position, removed_at: None, state: self.number };
        let statement = "INSERT INTO lists (id, owner, name, position, created_at, updated_at, version, state)
                         VALUES ($1, $2, $3, $4, $5, $5, $6, $6) ON CONFLICT (id) DO NOTHING";
        let query = sqlx::query(statement).bind(id.to_string()).bind(self.owner).bind(name.as_str()).bind(position);
        let query = query.bind(self.now).bind(self.number);
        // Another owner's, of whom nobody holds the lock.
        if query.execute(&mut *self.connection).await?.rows_affected() == 0 {
            return Ok(Outcome::Taken);
        }
        self.remember_list(&added, false, self.number).await?;
        self.have_changed(0, false, 0);
        Ok(Outcome::Added(added.list))
    }

    /// Adds a list of a file, and answers the id that it has here; `None` where there are as many as there may be.
    pub(super) async fn bring_list(&mut self, list: &BroughtList) -> Result<Option<Uuid>, StoreError> {
        let BroughtList { id, name, times } = list;
        for id in ids_here(self.owner, *id) {
            let list = match self.add_list(id, name).await? {
                Outcome::Taken => continue,
                Outcome::AlreadyThere(list) => return Ok(Some(list.id)),
                Outcome::Added(list) => list,
                Outcome::RemovedSince => {
                    let is_full = self.list_places().await?.len() >= MAX_LISTS;
                    let Some(found) = self.find_list(id).await?.filter(|_| !is_full) else { return Ok(None) };
                    let list = TodoList { name: name.clone(), ..found.list.clone() };
                    let next = StoredList { list, removed_at: None, state: self.number, ..found.clone() };
                    self.write_list(&found, next).await?
                }
                _ => return Ok(None),
            };
            let [created_at, updated_at] = times_of(*times, self.now);
            let query = sqlx::query("UPDATE lists SET created_at = $2, updated_at = $3 WHERE id = $1");
            let query = query.bind(list.id.to_string()).bind(created_at).bind(updated_at);
            query.execute(&mut *self.connection).await?;
            return Ok(Some(list.id));
        }
        Ok(None)
    }

    async fn change_list(
        &mut self,
        mut found: StoredList,
        ListPatch { name, after }: &ListPatch,
    ) -> Result<Outcome<TodoList>, StoreError> {
        let position = match after {
            None => found.position,
            Some(after) => match self.place_list(&mut found, *after).await? {
                Some(position) => position,
                None => return Ok(Outcome::Unplaced),
            },
        };
        let mut next = StoredList { position, ..found.clone() };
        if let Some(name) = name.as_ref().filter(|name| **name != found.list.name) {
            next.list.name = name.clone();
            // One that only moves is called what it was called.
            next.list.updated_at = self.now.into();
        } else if next.position == found.position {
            return Ok(Outcome::Changed(next.list));
        }
        next.state = self.number;
        self.write_list(&found, next).await.map(Outcome::Changed)
    }

    /// The position of a list behind the list `after`, or before all others; its own, where it is there already. `None` where
    /// the owner has no such list, or it is this one.
    async fn place_list(&mut self, found: &mut StoredList, after: Option<Uuid>) -> Result<Option<i64>, StoreError> {
        let own = (found.position, found.list.id);
        let low = match after {
            None => None,
            Some(after) if after == own.1 => return Ok(None),
            Some(after) => match self.find_list(after).await?.filter(|before| before.list.owner == self.owner) {
                Some(before) => Some((before.position, after)),
                None => return Ok(None),
            },
        };
        let places = self.list_places().await?;
        let next = places.into_iter().find(|place| place.1 != own.1 && low.is_none_or(|low| low < *place));
        if low.is_none_or(|low| low < own) && next.is_none_or(|next| own < next) {
            return Ok(Some(own.0));
        }
        Ok(Some(match (low, next) {
            (Some(low), None) => low.0 + GAP,
            (None, Some(next)) => next.0 - GAP,
            (None, None) => own.0,
            (Some(low), Some(next)) if next.0 - low.0 >= 2 => low.0 + (next.0 - low.0) / 2,
            (Some(low), Some(_)) => {
                self.make_room_for_list(low).await?;
                if low < own {
                    found.position += GAP;
                }
                low.0 + GAP / 2
            }
        }))
    }

    /// Where the lists are that are not removed, in their order.
    async fn list_places(&mut self) -> Result<Vec<(i64, Uuid)>, StoreError> {
        let query = "SELECT position, id FROM lists WHERE owner = $1 AND removed_at IS NULL ORDER BY position, id";
        let rows: Vec<(i64, String)> = sqlx::query_as(query).bind(self.owner).fetch_all(&mut *self.connection).await?;
        let place = |(position, id): (i64, String)| Ok((position, id.parse().map_err(|_| StoreError::Row)?));
        rows.into_iter().map(place).collect()
    }

    /// Whether the owner has more lists than they may.
    pub(super) async fn has_too_many_lists(&mut self) -> Result<bool, StoreError> {
        Ok(self.list_places().await?.len() > MAX_LISTS)
    }

    /// As of to-dos: all that comes behind a place moves on, and what undoing would put there.
    async fn make_room_for_list(&mut self, (position, id): (i64, Uuid)) -> Result<(), StoreError> {
        for statement in [
            "UPDATE lists SET position = position + $4 WHERE owner = $1 AND (position, id) > (CAST($2 AS BIGINT), $3)",
            "UPDATE replaced_lists SET position = position + $4 WHERE owner = $1 \
             AND (position, id) > (CAST($2 AS BIGINT), $3)",
        ] {
            let query = sqlx::query(statement).bind(self.owner).bind(position).bind(id.to_string()).bind(GAP);
            query.execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    async fn find_list(&mut self, id: Uuid) -> Result<Option<StoredList>, StoreError> {
        let query = sqlx::query(concat!("SELECT ", list_columns!(), " FROM lists WHERE id = $1"));
        let rows = query.bind(id.to_string()).fetch_all(&mut *self.connection).await?;
        rows.first().map(stored).transpose()
    }

    /// The last change of the to-dos in a list; 0 where there are none.
    async fn newest_in(&mut self, list: Uuid) -> Result<i64, StoreError> {
        let query = "SELECT COALESCE(MAX(version), 0) FROM todos WHERE owner = $1 AND list = $2 AND removed_at IS NULL";
        let query = sqlx::query_scalar(query).bind(self.owner).bind(list.to_string());
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Puts `next` in the place of `found`, which can be undone.
    async fn write_list(&mut self, found: &StoredList, mut next: StoredList) -> Result<TodoList, StoreError> {
        self.remember_list(found, true, next.state).await?;
        let statement = "UPDATE lists SET name = $2, position = $3, updated_at = $4, removed_at = $5, version = $6,
                         state = $7 WHERE id = $1";
        sqlx::query(statement)
            .bind(next.list.id.to_string())
            .bind(next.list.name.as_str())
            .bind(next.position)
            .bind(Timestamp::from(next.list.updated_at))
            .bind(next.removed_at)
            .bind(self.number)
            .bind(next.state)
            .execute(&mut *self.connection)
            .await?;
        self.have_changed(0, next.removed_at.is_some(), 0);
        next.list.version = self.number;
        Ok(next.list)
    }

    async fn remember_list(&mut self, before: &StoredList, existed: bool, left_state: i64) -> Result<(), StoreError> {
        let statement = "INSERT INTO replaced_lists
                         (owner, change, id, made_at, existed, left_state, name, position, updated_at, removed_at, state)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                         ON CONFLICT (owner, change, id) DO UPDATE SET left_state = excluded.left_state";
        sqlx::query(statement)
            .bind(self.owner)
            .bind(self.number)
            .bind(before.list.id.to_string())
            .bind(self.now)
            .bind(i64::from(existed))
            .bind(left_state)
            .bind(before.list.name.as_str())
            .bind(before.position)
            .bind(Timestamp::from(before.list.updated_at))
            .bind(before.removed_at)
            .bind(before.state)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Brings back what a change replaced of lists, as far as nothing changed it since. One that the change added stays
    /// while there are to-dos in it.
    pub(super) async fn undo_lists(&mut self, change: i64) -> Result<UndoneLists, StoreError> {
        let query = "SELECT id, existed, left_state, name, position, updated_at, removed_at, state FROM replaced_lists
                     WHERE owner = $1 AND change = $2 ORDER BY id";
        let rows = sqlx::query(query).bind(self.owner).bind(change).fetch_all(&mut *self.connection).await?;
        let mut undone = UndoneLists::default();
        for was in &rows {
            let id: Uuid = was.try_get::<String, _>("id")?.parse().map_err(|_| StoreError::Row)?;
            let Some(found) = self.find_list(id).await? else { continue };
            let existed = was.try_get::<i64, _>("existed")? != 0;
            let mut next = found.clone();
            if existed {
                next.list.name = was.try_get::<String, _>("name")?.try_into().map_err(|_| StoreError::Row)?;
                next.list.updated_at = was.try_get::<Timestamp, _>("updated_at")?.into();
                next.position = was.try_get("position")?;
                next.removed_at = was.try_get("removed_at")?;
                next.state = was.try_get("state")?;
            } else {
                // Of a state of its own: this is no deletion that is to be undone next.
                (next.removed_at, next.state) = (Some(self.now.as_millis()), -change);
            }
            let is_there = next.removed_at.is_none();
            let is_changed = found.state != was.try_get::<i64, _>("left_state")?;
            if is_changed || (!is_there && found.removed_at.is_none() && self.newest_in(id).await? > 0) {
                undone.changed_since.push(id);
                continue;
            }
            let list = self.write_list(&found, next).await?;
            if is_there {
                undone.restored.push(list);
            } else {
                undone.removed.push(id);
            }
        }
        Ok(undone)
    }
}
