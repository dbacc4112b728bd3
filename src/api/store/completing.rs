//! Completing to-dos that repeat: with what comes next, in the same change, so that undoing takes both back.

use super::StoreError;
use super::change::{Changing, Outcome, Stored};
use super::listing::In;
use super::repeating::{BulkError, MAX_REPEATING};
use crate::todo::{NewTodo, Patch};

impl Changing<'_> {
    /// Marks those of an owner's to-dos as done that repeat and are of the change `seen` or an earlier one, and adds what
    /// comes next of each. Says how many they were.
    pub(super) async fn complete_repeating(&mut self, place: In, seen: i64) -> Result<u64, BulkError> {
        let query = "SELECT id FROM todos WHERE owner = $1 AND removed_at IS NULL AND done = 0 AND repeats = 1
                     AND version <= $2 AND ($4 = 1 OR list = $5) ORDER BY position, id LIMIT CAST($3 AS BIGINT)";
        let limit = i64::try_from(MAX_REPEATING + 1).unwrap_or(i64::MAX);
        let (anywhere, list) = place.parameters();
        let query = sqlx::query_scalar(query).bind(self.owner).bind(seen).bind(limit).bind(anywhere).bind(list);
        let ids: Vec<String> = query.fetch_all(&mut *self.connection).await?;
        if ids.len() > MAX_REPEATING {
            return Err(BulkError::TooManyRepeat);
        }
        let done = Patch { done: Some(true), ..Patch::default() };
        for id in &ids {
            // One by one: what is added before one may move it on.
            let id = id.parse().map_err(|_| StoreError::Row)?;
            let found = self.find(id).await?.ok_or(StoreError::Row)?;
            if matches!(self.change(found, &done).await?, Outcome::Full) {
                return Err(BulkError::Full);
            }
        }
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }

    /// Adds what comes next of a to-do that was done, right behind it.
    pub(super) async fn add_next(&mut self, done: &Stored, next: &NewTodo) -> Result<(), StoreError> {
        let position = self.position_behind((done.position, done.todo.id)).await?;
        let id = self.store.make_id();
        // Nobody else makes such an id.
        self.insert(id, next, position).await?.ok_or(StoreError::Row).map(drop)
    }
}
