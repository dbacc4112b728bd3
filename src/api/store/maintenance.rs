//! Forgetting what nobody can ask for any more.

use sqlx::AnyConnection;
use time::Duration;

use super::{Store, StoreError};

/// For how long a change can be undone, and the text of a removed to-do is kept.
const UNDO_TIME: Duration = Duration::days(1);
/// How many of one owner's changes can be undone.
pub(super) const MAX_HISTORY: i64 = 500;
/// How many of one owner's removed to-dos are remembered.
pub(crate) const MAX_REMOVED: i64 = 2_000;
/// For how long a device that was away is told which to-dos were removed.
const ABSENCE: Duration = Duration::days(30);

impl Store {
    /// Forgets what could be undone a day ago, the texts of to-dos that were removed by then, and that they were there at
    /// all after thirty days.
    pub(crate) async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.timestamp();
        let (undo, absence) = (now - UNDO_TIME, now - ABSENCE);
        sqlx::query("DELETE FROM replaced WHERE made_at < $1").bind(undo).execute(&self.db).await?;
        let statement = "UPDATE todos SET description = '-', details = '{}', search = '-'
                         WHERE removed_at < $1 AND (search <> '-' OR details <> '{}')";
        sqlx::query(statement).bind(undo).execute(&self.db).await?;
        // First who is told to fetch everything, then what they are not told.
        let statement = "UPDATE owners SET forgotten = (SELECT MAX(version) FROM todos WHERE todos.owner = owners.owner
                         AND removed_at < $1) WHERE owner IN (SELECT owner FROM todos WHERE removed_at < $1)
                         AND forgotten < (SELECT MAX(version) FROM todos WHERE todos.owner = owners.owner
                         AND removed_at < $1)";
        sqlx::query(statement).bind(absence).execute(&self.db).await?;
        sqlx::query("DELETE FROM todos WHERE removed_at < $1").bind(absence).execute(&self.db).await?;
        Ok(())
    }
}

/// Forgets the oldest of an owner's removed to-dos, if there are more than are remembered.
pub(super) async fn forget_surplus(connection: &mut AnyConnection, owner: &str) -> Result<(), StoreError> {
    let statement = "SELECT version FROM todos WHERE owner = $1 AND removed_at IS NOT NULL ORDER BY version DESC
                     LIMIT 1 OFFSET CAST($2 AS BIGINT)";
    let surplus = sqlx::query_scalar(statement).bind(owner).bind(MAX_REMOVED).fetch_all(&mut *connection).await?;
    let Some(version): Option<i64> = surplus.into_iter().next() else { return Ok(()) };
    for statement in [
        "DELETE FROM todos WHERE owner = $1 AND removed_at IS NOT NULL AND version <= $2",
        "UPDATE owners SET forgotten = $2 WHERE owner = $1 AND forgotten < $2",
    ] {
        sqlx::query(statement).bind(owner).bind(version).execute(&mut *connection).await?;
    }
    Ok(())
}
