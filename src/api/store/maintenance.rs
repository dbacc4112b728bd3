//! Forgetting what nobody can ask for any more.

use sqlx::AnyConnection;
use time::Duration;

use super::{Store, StoreError};

/// For how long a change can be undone, and the text of a removed to-do is kept.
const UNDO_TIME: Duration = Duration::days(1);
/// How many of one owner's changes can be undone.
pub(super) const MAX_HISTORY: i64 = 500;
/// How many to-dos are kept for that, of all of one owner's changes together; and of the last one, however many they are.
pub(crate) const MAX_REPLACED: i64 = 100_000;
/// Changes of so few leave no more than that, with all that are kept.
const FEW: u64 = MAX_REPLACED.unsigned_abs() / MAX_HISTORY.unsigned_abs();
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
        let statement = "UPDATE todos SET description = '-', details = '{}', title = '-', search = '-'
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

/// Forgets an owner's oldest changes, if there are more to-dos in them than are kept: `replaced` are of this one.
pub(super) async fn forget_history(
    connection: &mut AnyConnection,
    owner: &str,
    change: i64,
    replaced: u64,
) -> Result<(), StoreError> {
    if replaced <= FEW {
        return Ok(());
    }
    let statement =
        "SELECT change FROM replaced WHERE owner = $1 ORDER BY change DESC LIMIT 1 OFFSET CAST($2 AS BIGINT)";
    let surplus = sqlx::query_scalar(statement).bind(owner).bind(MAX_REPLACED).fetch_all(&mut *connection).await?;
    let Some(last): Option<i64> = surplus.into_iter().next() else { return Ok(()) };
    let query = sqlx::query("DELETE FROM replaced WHERE owner = $1 AND change <= $2 AND change < $3");
    query.bind(owner).bind(last).bind(change).execute(&mut *connection).await?;
    Ok(())
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
