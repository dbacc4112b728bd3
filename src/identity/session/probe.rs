//! Whether a session goes on, for answers that take longer than a request.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError, Weak};

use axum::http::HeaderMap;
use time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tower_sessions::session::Id;
use tower_sessions::session_store;

use super::store::Store;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::cookies;

/// A session that a request named, to be looked at now and later. Looking does not count as being seen, and writes nothing. Those
/// of one session share a look: twenty pages that hear of one thing at the same moment do not ask the database twenty times.
#[derive(Clone)]
pub struct SessionProbe(Arc<Probed>);

/// A session that somebody looks at.
struct Probed {
    all: Probes,
    store: Store,
    id: Id,
    last: Mutex<Option<Look>>,
}

/// When it was looked, and what was seen.
struct Look {
    began: Instant,
    status: Option<(UserKey, Duration)>,
}

/// The sessions that somebody looks at. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::identity) struct Probes(Arc<SyncMutex<HashMap<Id, Weak<Probed>>>>);

impl Probes {
    /// How many there are.
    #[cfg(test)]
    pub(in crate::identity) fn count(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Id, Weak<Probed>>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Probed {
    fn drop(&mut self) {
        let mut all = self.all.all();
        // Another one may have taken its place since nobody held this one.
        if all.get(&self.id).is_some_and(|known| known.strong_count() == 0) {
            all.remove(&self.id);
        }
    }
}

impl fmt::Debug for SessionProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionProbe")
    }
}

impl Identity {
    /// The session that a request names, if it names one; that there is one is not said.
    pub fn session_probe(&self, headers: &HeaderMap) -> Option<SessionProbe> {
        let id = cookies::read(headers, &self.cookie_name(""))?.parse::<Id>().ok()?;
        let probes = self.probes();
        let mut all = probes.all();
        if let Some(known) = all.get(&id).and_then(Weak::upgrade) {
            return Some(SessionProbe(known));
        }
        let probed = Probed { all: probes.clone(), store: Store::new(self), id, last: Mutex::default() };
        let probed = Arc::new(probed);
        all.insert(id, Arc::downgrade(&probed));
        Some(SessionProbe(probed))
    }
}

impl SessionProbe {
    /// Whose it is, and how much time is left of it if nothing is done; `None` when it is over, or never was. As it is now: a look
    /// that is shared began after this was called.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self) -> session_store::Result<Option<(UserKey, Duration)>> {
        let asked = Instant::now();
        let mut last = self.0.last.lock().await;
        if let Some(look) = last.as_ref().filter(|look| look.began >= asked) {
            return Ok(look.status.clone());
        }
        let began = Instant::now();
        let status = self.0.store.status(&self.0.id).await?.map(|(signed_in, left)| (signed_in.key, left));
        *last = Some(Look { began, status: status.clone() });
        Ok(status)
    }
}
