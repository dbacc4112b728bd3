//! The rows of sessions.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize as _;
use serde_json::Value;
use sqlx::AnyPool;
use time::Duration;
use tower_sessions::Session;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, SessionStore};

use super::user_session::{ENTRY, UserSession};
use crate::identity::state::Identity;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::hash;

tokio::task_local! {
    /// Set while somebody waits to hear whether a session could be saved.
    static MUST_KEEP: ();
}

/// Saves what was put into the session of somebody who is signed in, now, and tells whether that worked.
///
/// # Errors
/// When the database does not answer, or refuses.
pub async fn keep(session: &Session) -> Result<(), tower_sessions::session::Error> {
    MUST_KEEP.scope((), session.save()).await
}

/// The rows of sessions.
#[derive(Clone)]
pub struct Store {
    db: AnyPool,
    clock: Clock,
    idle: Duration,
    pub(super) absolute: Duration,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// The store of an app's sessions.
    pub(in crate::identity) fn new(identity: &Identity) -> Self {
        let lifetime = identity.session_lifetime();
        Self {
            db: identity.db().clone(),
            clock: identity.clock().clone(),
            idle: Duration::hours(lifetime.idle_hours.into()),
            absolute: Duration::hours(lifetime.absolute_hours.into()),
        }
    }

    /// Times of creation and of the last request before which a session is over.
    pub(super) fn horizons(&self) -> (Timestamp, Timestamp) {
        let now = self.clock.timestamp();
        (now - self.absolute, now - self.idle)
    }

    /// Whether a session with such a row has not run out.
    pub(in crate::identity) fn is_alive(
        &self,
        created_at: Timestamp,
        last_seen_at: Timestamp,
        ends_at: Option<Timestamp>,
    ) -> bool {
        let (created, seen) = self.horizons();
        created_at > created && last_seen_at > seen && ends_at.is_none_or(|end| end > self.clock.timestamp())
    }

    /// Before this time no session began that is not over.
    pub(in crate::identity) fn absolute_horizon(&self) -> Timestamp {
        self.horizons().0
    }

    /// How far a row's last-seen time may lag behind: a twentieth of the idle lifetime, so that a signed-in page
    /// costs no database write.
    fn lag(&self) -> Duration {
        Duration::MINUTE.max(self.idle / 20)
    }

    /// Removes sessions that are over.
    pub(in crate::identity) async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let (created, seen) = self.horizons();
        let over = "DELETE FROM sessions WHERE created_at <= $1 OR last_seen_at <= $2 OR ends_at <= $3";
        let now = self.clock.timestamp();
        let swept = sqlx::query(over).bind(created).bind(seen).bind(now).execute(&self.db).await?;
        Ok(swept.rows_affected())
    }

    /// Who has the session `id`, and how much time is left of it if nothing is done. Unlike
    /// [`SessionStore::load`], this does not count as being seen.
    pub(in crate::identity) async fn status(&self, id: &Id) -> session_store::Result<Option<(UserSession, Duration)>> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
        // One that is not understood counts as none, here as elsewhere.
        let data: HashMap<String, Value> = decode(&row.data).unwrap_or_default();
        let Some(signed_in) = data.get(ENTRY).and_then(|customer| UserSession::deserialize(customer).ok()) else {
            return Ok(None);
        };
        let end = (row.last_seen_at + self.idle).min(self.end(&row));
        Ok(Some((signed_in, end - self.clock.timestamp())))
    }

    /// When a session ends however busy it is.
    fn end(&self, row: &Row) -> Timestamp {
        (row.created_at + self.absolute).min(row.ends_at.unwrap_or(Timestamp::MAX))
    }

    async fn row(&self, id: &Id) -> session_store::Result<Option<Row>> {
        let (created, seen) = self.horizons();
        sqlx::query_as(
            "SELECT data, created_at, last_seen_at, ends_at FROM sessions \
             WHERE id = $1 AND created_at > $2 AND last_seen_at > $3 AND (ends_at IS NULL OR ends_at > $4)",
        )
        .bind(hash::sha256_base64url(&id.to_string()))
        .bind(created)
        .bind(seen)
        .bind(self.clock.timestamp())
        .fetch_optional(&self.db)
        .await
        .map_err(|e| backend(&e))
    }
}

/// A session's row, as far as it is read.
#[derive(sqlx::FromRow)]
struct Row {
    data: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    ends_at: Option<Timestamp>,
}

/// What a session's row is called.
pub(in crate::identity) fn handle(session: &Session) -> Option<String> {
    session.id().map(|id| hash::sha256_base64url(&id.to_string()))
}

fn backend(error: &sqlx::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

fn encode(data: &HashMap<String, Value>) -> session_store::Result<String> {
    serde_json::to_string(data).map_err(|e| session_store::Error::Encode(e.to_string()))
}

fn decode(data: &str) -> session_store::Result<HashMap<String, Value>> {
    serde_json::from_str(data).map_err(|e| session_store::Error::Decode(e.to_string()))
}

#[async_trait::async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let Some(customer) = record.data.get(ENTRY) else {
            let reason = "a session begins with sign-in; anonymous visitors have no row";
            return Err(session_store::Error::Backend(reason.to_owned()));
        };
        let customer = UserSession::deserialize(customer).map_err(|e| session_store::Error::Encode(e.to_string()))?;
        let now = self.clock.timestamp();
        // 128 random bits do not collide; were they to, the key refuses the second row.
        sqlx::query(
            "INSERT INTO sessions \
             (id, customer, issuer, subject, sid, browser, data, created_at, last_seen_at, ends_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(hash::sha256_base64url(&record.id.to_string()))
        .bind(customer.key.as_str())
        .bind(customer.claim("iss").unwrap_or_default())
        .bind(customer.claim("sub").unwrap_or_default())
        .bind(customer.claim("sid"))
        .bind(&customer.browser)
        .bind(encode(&record.data)?)
        .bind(now)
        .bind(now)
        .bind(customer.ends_at)
        .execute(&self.db)
        .await
        .map_err(|e| backend(&e))?;
        Ok(())
    }

    /// Updates the row if it still exists: sign-out wins over any request in flight. A failure is reported to
    /// [`keep`] only: when tower-sessions saves by itself, once a request is answered, the answer would be thrown away
    /// for an empty one with status 500, and what it could not note can be done without.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let saved = sqlx::query("UPDATE sessions SET data = $1 WHERE id = $2")
            .bind(encode(&record.data)?)
            .bind(hash::sha256_base64url(&record.id.to_string()))
            .execute(&self.db)
            .await;
        match saved {
            Ok(_) => Ok(()),
            Err(error) if MUST_KEEP.try_with(|()| ()).is_ok() => Err(backend(&error)),
            Err(error) => {
                tracing::error!(%error, "what a session has to remember could not be saved");
                Ok(())
            }
        }
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
        let now = self.clock.timestamp();
        if now - row.last_seen_at > self.lag() {
            let touched = sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1")
                .bind(now)
                .bind(hash::sha256_base64url(&id.to_string()))
                .execute(&self.db)
                .await;
            // A full disk must not keep anybody from reading.
            if let Err(error) = touched {
                tracing::warn!(%error, "the time of a session's last request could not be noted");
            }
        }
        let expiry_date = self.end(&row).into();
        match decode(&row.data) {
            Ok(data) => Ok(Some(Record { id: *id, data, expiry_date })),
            // It would lock its browser out, and its browser forgets it now: nobody could end it any more.
            Err(error) => {
                tracing::error!(%error, "a session's row is broken, and is removed");
                self.delete(id).await?;
                Ok(None)
            }
        }
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(hash::sha256_base64url(&id.to_string()))
            .execute(&self.db)
            .await
            .map_err(|e| backend(&e))?;
        Ok(())
    }
}
