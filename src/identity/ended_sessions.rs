//! The rows of sessions that were ended from elsewhere (see [`super::ended`]).

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use crate::platform::clock::Timestamp;

/// Who ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EndedBy {
    /// The customer, in another browser.
    Browser,
    /// The provider, at which the customer signed out, or somebody signed them out.
    Provider,
}

impl EndedBy {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Provider => "provider",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        if text == "browser" { Self::Browser } else { Self::Provider }
    }
}

/// Notes that the session whose row was called `id` was ended.
pub(super) async fn note_one(
    connection: &mut AnyConnection,
    id: &str,
    by: EndedBy,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO ended_sessions (id, ended_by, ended_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(by.as_str())
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
