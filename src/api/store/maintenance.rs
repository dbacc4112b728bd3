//! Forgetting what nobody can ask for any more.

use super::{Store, StoreError};
use time::Duration;

/// For how long a change can be undone, and the text of a removed to-do is kept.
pub(crate) const UNDO_TIME: Duration = Duration::days(1);
/// For how long a device that was away is told which to-dos were removed.
const ABSENCE: Duration = Duration::days(30);

impl Store {
    /// Forgets what could be undone a day ago, the texts of to-dos that were removed by then, and that they were there at
    /// all after thirty days.
    pub(crate) async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.timestamp();
        let (undo, absence) = (now - UNDO_TIME, now - ABSENCE);
        sqlx::query("DELETE FROM replaced WHERE made_at < $1").bind(undo).execute(&self.db).await?;
        let statement = "UPDATE todos SET description = '-' WHERE removed_at < $1 AND description <> '-'";
        sqlx::query(statement).bind(undo).execute(&self.db).await?;
        // First who is told to fetch everything, then what they are not told.
        let statement = "UPDATE owners SET forgotten = (SELECT MAX(version) FROM todos WHERE todos.owner = owners.owner
                         AND removed_at < $1) WHERE forgotten < (SELECT MAX(version) FROM todos
                         WHERE todos.owner = owners.owner AND removed_at < $1)";
        sqlx::query(statement).bind(absence).execute(&self.db).await?;
        sqlx::query("DELETE FROM todos WHERE removed_at < $1").bind(absence).execute(&self.db).await?;
        Ok(())
    }
}
