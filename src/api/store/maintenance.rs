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
/// How many of one owner's removed to-dos are remembered, beside those that undoing could bring back.
pub(crate) const MAX_REMOVED: i64 = 2_000;
/// For how long a device that was away is told which to-dos were removed.
const ABSENCE: Duration = Duration::days(30);

impl Store {
    /// Forgets what could be undone a day ago, the texts of to-dos that were removed by then, and that they were there at
    /// all after thirty days.
    pub(crate) async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.timestamp();
        let (undo, absence) = (now - UNDO_TIME, now - ABSENCE);
        for statement in [
            "DELETE FROM replaced WHERE made_at < $1",
            "DELETE FROM replaced_lists WHERE made_at < $1",
            "UPDATE todos SET description = '-', details = '{}', title = '-', search = '-'
             WHERE removed_at < $1 AND (search <> '-' OR details <> '{}')",
            "UPDATE lists SET name = '-' WHERE removed_at < $1 AND name <> '-'",
        ] {
            sqlx::query(statement).bind(undo).execute(&self.db).await?;
        }
        // First who is told to fetch everything, then what they are not told.
        for statement in [
            "UPDATE owners SET forgotten = (SELECT MAX(version) FROM todos WHERE todos.owner = owners.owner
             AND removed_at < $1) WHERE owner IN (SELECT owner FROM todos WHERE removed_at < $1)
             AND forgotten < (SELECT MAX(version) FROM todos WHERE todos.owner = owners.owner AND removed_at < $1)",
            "UPDATE owners SET forgotten = (SELECT MAX(version) FROM lists WHERE lists.owner = owners.owner
             AND removed_at < $1) WHERE owner IN (SELECT owner FROM lists WHERE removed_at < $1)
             AND forgotten < (SELECT MAX(version) FROM lists WHERE lists.owner = owners.owner AND removed_at < $1)",
            "DELETE FROM todos WHERE removed_at < $1",
            "DELETE FROM lists WHERE removed_at < $1",
        ] {
            sqlx::query(statement).bind(absence).execute(&self.db).await?;
        }
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
    for statement in [
        "DELETE FROM replaced WHERE owner = $1 AND change <= $2 AND change < $3",
        "DELETE FROM replaced_lists WHERE owner = $1 AND change <= $2 AND change < $3",
    ] {
        let query = sqlx::query(statement).bind(owner).bind(last).bind(change);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Forgets the oldest of an owner's removed to-dos and lists, if there are more than are remembered; but none that a change
/// which is kept could bring back. How many those are is bounded by [`MAX_REPLACED`] and [`MAX_HISTORY`].
pub(super) async fn forget_surplus(connection: &mut AnyConnection, owner: &str) -> Result<(), StoreError> {
    for (find, kept, delete) in [
        (
            "SELECT version FROM todos WHERE owner = $1 AND removed_at IS NOT NULL ORDER BY version DESC
             LIMIT 1 OFFSET CAST($2 AS BIGINT)",
            "SELECT MIN(change) FROM replaced WHERE owner = $1",
            "DELETE FROM todos WHERE owner = $1 AND removed_at IS NOT NULL AND version <= $2",
        ),
        (
            "SELECT version FROM lists WHERE owner = $1 AND removed_at IS NOT NULL ORDER BY version DESC
             LIMIT 1 OFFSET CAST($2 AS BIGINT)",
            "SELECT MIN(change) FROM replaced_lists WHERE owner = $1",
            "DELETE FROM lists WHERE owner = $1 AND removed_at IS NOT NULL AND version <= $2",
        ),
    ] {
        let surplus = sqlx::query_scalar(find).bind(owner).bind(MAX_REMOVED).fetch_all(&mut *connection).await?;
        let Some(version): Option<i64> = surplus.into_iter().next() else { continue };
        // What changed last before the oldest change that is kept, none of those that are kept knows of.
        let kept_from: Option<i64> = sqlx::query_scalar(kept).bind(owner).fetch_one(&mut *connection).await?;
        let version = kept_from.map_or(version, |change| version.min(change - 1));
        let forgotten = sqlx::query(delete).bind(owner).bind(version).execute(&mut *connection).await?;
        if forgotten.rows_affected() > 0 {
            let statement = "UPDATE owners SET forgotten = $2 WHERE owner = $1 AND forgotten < $2";
            sqlx::query(statement).bind(owner).bind(version).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
