//! Looks at sessions, shared by all who ask about the same session at the same moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError, Weak};

use time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tower_sessions::session::Id;
use tower_sessions::session_store;

use crate::identity::user_key::UserKey;

/// Whose a session is, and how much time is left of it; `None` when it is over.
pub(super) type Status = Option<(UserKey, Duration)>;

/// The sessions that somebody looks at. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::identity) struct Looks(Arc<SyncMutex<HashMap<Id, Weak<Looked>>>>);

/// A session that somebody looks at.
pub(super) struct Looked {
    all: Looks,
    pub(super) id: Id,
    last: Mutex<Option<Look>>,
}

/// When it was looked, and what was seen.
struct Look {
    began: Instant,
    /// Or why nothing was.
    status: Result<Status, String>,
}

impl Looks {
    /// The one place where all who look at the session look.
    pub(super) fn at(&self, id: Id) -> Arc<Looked> {
        let mut all = self.all();
        if let Some(known) = all.get(&id).and_then(Weak::upgrade) {
            return known;
        }
        let looked = Arc::new(Looked { all: self.clone(), id, last: Mutex::default() });
        all.insert(id, Arc::downgrade(&looked));
        looked
    }

    /// How many there are.
    #[cfg(test)]
    pub(in crate::identity) fn count(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Id, Weak<Looked>>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looked {
    fn drop(&mut self) {
        let mut all = self.all.all();
        // Another one may have taken its place since nobody held this one.
        if all.get(&self.id).is_some_and(|known| known.strong_count() == 0) {
            all.remove(&self.id);
        }
    }
}

impl Looked {
    /// What `look` sees; or what somebody else saw whose look began after this was called.
    pub(super) async fn status(
        &self,
        look: impl Future<Output = session_store::Result<Status>>,
    ) -> session_store::Result<Status> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(shared) = last.as_ref().filter(|shared| shared.began >= asked) {
            return shared.status.clone().map_err(session_store::Error::Backend);
        }
        let began = Instant::now();
        let status = look.await;
        let shared = status.as_ref().map(Clone::clone).map_err(ToString::to_string);
        *last = Some(Look { began, status: shared });
        status
    }
}
