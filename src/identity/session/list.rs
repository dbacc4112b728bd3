//! Where a customer is signed in.

use tower_sessions::Session;

use super::store::{Store, handle};
use super::user_session::UserSession;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::clock::Timestamp;

/// One of a customer's sessions, as their account page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// Names the session in [`Ending::One`](super::Ending::One); opens nothing.
    pub handle: String,
    /// `Firefox on Linux`.
    pub browser: String,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When its last request came; may lag by a twentieth of the idle lifetime.
    pub last_seen_at: Timestamp,
    /// Whether it is the session that asks.
    pub current: bool,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    browser: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

impl Identity {
    /// Where the customer is signed in: their sessions that are not over, the one seen last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(
        &self,
        customer: &UserSession,
        session: &Session,
    ) -> Result<Vec<SessionSummary>, sqlx::Error> {
        let (created, seen) = Store::new(self).horizons();
        let rows: Vec<SessionRow> = sqlx::query_as(
            "SELECT id, browser, created_at, last_seen_at FROM sessions WHERE customer = $1 \
             AND created_at > $2 AND last_seen_at > $3 AND (ends_at IS NULL OR ends_at > $4) \
             ORDER BY last_seen_at DESC, id LIMIT 100",
        )
        .bind(customer.key.as_str())
        .bind(created)
        .bind(seen)
        .bind(self.clock().timestamp())
        .fetch_all(self.db())
        .await?;
        let current = handle(session);
        let summary = |SessionRow { id, browser, created_at, last_seen_at }| {
            let current = current.as_ref() == Some(&id);
            SessionSummary { handle: id, browser, signed_in_at: created_at, last_seen_at, current }
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Whose session a request brings, where no handler has it as its [`Session`]. Does not count as being seen.
    pub async fn customer_of(&self, headers: &axum::http::HeaderMap) -> Option<UserKey> {
        let (customer, _) = self.session_probe(headers)?.status().await.ok()??;
        Some(customer)
    }

    /// Whether the customer is signed in anywhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_signed_in(&self, customer: &UserKey) -> Result<bool, sqlx::Error> {
        let (created, seen) = Store::new(self).horizons();
        let sessions: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM sessions WHERE customer = $1 AND created_at > $2 AND last_seen_at > $3 \
             AND (ends_at IS NULL OR ends_at > $4) LIMIT 1",
        )
        .bind(customer.as_str())
        .bind(created)
        .bind(seen)
        .bind(self.clock().timestamp())
        .fetch_all(self.db())
        .await?;
        Ok(!sessions.is_empty())
    }
}
