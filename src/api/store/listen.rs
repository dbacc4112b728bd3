//! Telling of changes: in this process, and on PostgreSQL to the other replicas.

use tokio_util::sync::CancellationToken;

use super::{Store, StoreError};
use crate::api::live::{Full, Listener, OwnerName};
use crate::platform::notifications::{self, Heard};

/// What replicas tell each other on: who, and the number of the change.
const CHANNEL: &str = "errand_todolist";

impl Store {
    /// Listens to an owner's list, unless there are `max` listeners in all.
    pub(crate) fn listen_to(&self, owner: &str, max: usize) -> Result<Listener, Full> {
        self.live.listen(OwnerName::of(owner), max)
    }

    /// Hears of the changes that other replicas make, until `shutdown`.
    pub(crate) async fn listen(&self, shutdown: &CancellationToken) {
        let hear = |heard: Heard<'_>| match heard {
            Heard::Gap => self.live.tell_of_gap(),
            Heard::Payload(told) => {
                let told = told.split_once(' ').and_then(|(owner, number)| Some((owner, number.parse().ok()?)));
                if let Some((owner, number)) = told {
                    self.live.tell(&OwnerName::told(owner), number);
                }
            }
        };
        notifications::listen(&self.url, CHANNEL, shutdown, hear).await;
    }

    /// Ends a transaction: where nothing was changed, with nothing written, not even the number. Of a change everybody is
    /// told who listens, once it can be seen.
    pub(super) async fn conclude(
        &self,
        mut transaction: sqlx::Transaction<'static, sqlx::Any>,
        owner: &str,
        change: Option<i64>,
    ) -> Result<(), sqlx::Error> {
        let Some(number) = change else { return transaction.rollback().await };
        let owner = OwnerName::of(owner);
        let told = format!("{} {number}", owner.as_str());
        notifications::notify(&mut transaction, CHANNEL, &told).await?;
        let live = self.live.clone();
        // In a task of its own: of a change whose author hangs up in this moment, the others must hear, too.
        let committed = tokio::spawn(async move {
            transaction.commit().await?;
            live.tell(&owner, number);
            Ok(())
        });
        committed.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// The number of an owner's last change; 0 before the first.
    pub(crate) async fn last_change(&self, owner: &str) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT last_change FROM owners WHERE owner = $1").bind(owner);
        let rows: Vec<i64> = query.fetch_all(&self.db).await?;
        Ok(rows.first().copied().unwrap_or_default())
    }
}
