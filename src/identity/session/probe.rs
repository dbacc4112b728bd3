//! Whether a session goes on, for answers that take longer than a request.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use time::Duration;
use tower_sessions::session::Id;
use tower_sessions::session_store;

use super::looks::Looked;
use super::store::Store;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::cookies;

/// A session that a request named, to be looked at now and later. Looking does not count as being seen, and writes nothing. Those
/// of one session share a look: twenty pages that hear of one thing at the same moment do not ask the database twenty times.
#[derive(Clone)]
pub struct SessionProbe {
    store: Store,
    session: Arc<Looked>,
}

impl fmt::Debug for SessionProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionProbe")
    }
}

impl Identity {
    /// Whether a request names a session. Where it does not, a visitor asks.
    pub fn names_session(&self, headers: &HeaderMap) -> bool {
        cookies::is_sent(headers, &self.cookie_name(""))
    }

    /// The session that a request names, if it names one; that there is one is not said.
    pub fn session_probe(&self, headers: &HeaderMap) -> Option<SessionProbe> {
        let id = cookies::read(headers, &self.cookie_name(""))?.parse::<Id>().ok()?;
        Some(SessionProbe { store: Store::new(self), session: self.looks().at(id) })
    }
}

impl SessionProbe {
    /// Whose it is, and how much time is left of it if nothing is done; `None` when it is over, or never was. As it is now: a look
    /// that is shared began after this was called.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self) -> session_store::Result<Option<(UserKey, Duration)>> {
        let look = async {
            let status = self.store.status(&self.session.id).await?;
            Ok(status.map(|(signed_in, left)| (signed_in.key, left)))
        };
        self.session.status(look).await
    }
}
