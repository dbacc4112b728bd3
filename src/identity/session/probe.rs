//! Whether a session goes on, for answers that take longer than a request.

use axum::http::HeaderMap;
use time::Duration;
use tower_sessions::session::Id;
use tower_sessions::session_store;

use super::store::Store;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::cookies;

/// A session that a request named, to be looked at now and later. Looking does not count as being seen, and writes nothing.
#[derive(Clone, Debug)]
pub struct SessionProbe {
    store: Store,
    id: Id,
}

impl Identity {
    /// The session that a request names, if it names one; that there is one is not said.
    pub fn session_probe(&self, headers: &HeaderMap) -> Option<SessionProbe> {
        let id = cookies::read(headers, &self.cookie_name(""))?.parse::<Id>().ok()?;
        Some(SessionProbe { store: Store::new(self), id })
    }
}

impl SessionProbe {
    /// Whose it is, and how much time is left of it if nothing is done; `None` when it is over, or never was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self) -> session_store::Result<Option<(UserKey, Duration)>> {
        Ok(self.store.status(&self.id).await?.map(|(signed_in, left)| (signed_in.key, left)))
    }
}
