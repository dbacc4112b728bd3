//! A document of the provider that is fetched by one request at a time, renewed in the background once a day, and used on
//! while the provider is down.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use time::Duration;
use tokio::sync::Mutex;

use super::error::ProviderError;
use crate::platform::clock::{Clock, Timestamp};

/// After how long a document is renewed in the background.
const RENEW_AFTER: Duration = Duration::DAY;
/// After how long requests wait for a document to be renewed; the old one is still used if that fails.
const WAIT_AFTER: Duration = Duration::days(2);
/// How much time passes between two fetches of the keys that tokens caused.
const COOLDOWN: Duration = Duration::MINUTE;
/// How much time passes between a fetch that failed and the next.
const FAILURE_COOLDOWN: Duration = Duration::seconds(ProviderError::RETRY_AFTER_SECONDS);
/// The same, while there is no document yet, not even an old one: nobody can sign in, so the provider's first second
/// should find us.
const FIRST_COOLDOWN: Duration = Duration::SECOND;

type Fetch<T> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send>> + Send + Sync;

/// See the module. Clones share what was fetched.
pub(super) struct Cached<T>(Arc<Inner<T>>);

struct Inner<T> {
    fetch: Box<Fetch<T>>,
    clock: Clock,
    state: RwLock<State<T>>,
    /// Held by whoever fetches.
    fetching: Arc<Mutex<()>>,
}

/// A document, and what is known about fetching it.
struct State<T> {
    value: Option<Arc<T>>,
    /// Counts the values: who saw number 3 to be insufficient wants number 4.
    generation: u64,
    /// When the value was fetched.
    fetched: Timestamp,
    /// When a token last caused a fetch, or any fetch last failed.
    attempted: Option<Timestamp>,
    /// Why the last fetch failed, if it did.
    failure: Option<ProviderError>,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> State<T> {
    /// Whether it is too early for another fetch. A clock that jumped back ends the wait rather than prolong it.
    fn cooling(&self, now: Timestamp) -> bool {
        let wait = match (&self.failure, &self.value) {
            (Some(_), None) => FIRST_COOLDOWN,
            (Some(_), Some(_)) => FAILURE_COOLDOWN,
            (None, _) => COOLDOWN,
        };
        self.attempted.is_some_and(|at| (now - at).abs() < wait)
    }
}

impl<T: Send + Sync + 'static> Cached<T> {
    /// Nothing yet; `fetch` is how it is fetched.
    pub(super) fn new<F>(clock: Clock, fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, ProviderError>> + Send + 'static,
    {
        let state = State { value: None, generation: 0, fetched: Timestamp::default(), attempted: None, failure: None };
        Self(Arc::new(Inner {
            fetch: Box::new(move || Box::pin(fetch())),
            clock,
            state: RwLock::new(state),
            fetching: Arc::default(),
        }))
    }

    fn read<R>(&self, read: impl FnOnce(&State<T>) -> R) -> R {
        read(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, write: impl FnOnce(&mut State<T>)) {
        write(&mut self.0.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The document and its number: from memory, renewed in the background when a day old, awaited when there is none.
    pub(super) async fn get(&self) -> Result<(Arc<T>, u64), ProviderError> {
        let now = self.0.clock.timestamp();
        let (value, generation, age, cooling) =
            self.read(|s| (s.value.clone(), s.generation, (now - s.fetched).abs(), s.cooling(now)));
        let Some(value) = value else {
            return match self.renew(generation).await? {
                Some(value) => Ok((value, self.read(|s| s.generation))),
                // Only a fetch that failed can leave us without a value, and `renew` reports it.
                None => Err(ProviderError::Outbound("the provider did not answer".to_owned())),
            };
        };
        if age >= WAIT_AFTER {
            return Ok(match self.renew(generation).await {
                Ok(Some(value)) => (value, self.read(|s| s.generation)),
                Ok(None) | Err(_) => (value, generation),
            });
        }
        if age >= RENEW_AFTER && !cooling && self.0.fetching.try_lock().is_ok() {
            let this = self.clone();
            tokio::spawn(async move { this.renew(generation).await.map(drop) });
        }
        Ok((value, generation))
    }

    /// A newer document than number `seen`: `None` when there is none and it is too early to ask again.
    pub(super) async fn renew(&self, seen: u64) -> Result<Option<Arc<T>>, ProviderError> {
        let settled = |now: Timestamp| {
            self.read(|s| match &s.failure {
                _ if s.generation != seen => Some(Ok(s.value.clone())),
                Some(failure) if s.cooling(now) => Some(Err(failure.clone())),
                None if s.cooling(now) => Some(Ok(None)),
                _ => None,
            })
        };
        if let Some(result) = settled(self.0.clock.timestamp()) {
            return result;
        }
        let turn = Arc::clone(&self.0.fetching).lock_owned().await;
        if let Some(result) = settled(self.0.clock.timestamp()) {
            return result;
        }
        // In a task of its own: a client that hangs up must not throw away what everybody waits for.
        let this = self.clone();
        let task = tokio::spawn(async move {
            let result = (this.0.fetch)().await;
            let now = this.0.clock.timestamp();
            this.write(|s| match &result {
                Ok(_) => s.failure = None,
                Err(failure) => {
                    tracing::warn!(%failure, "the identity provider cannot be asked");
                    s.failure = Some(failure.clone());
                    s.attempted = Some(now);
                }
            });
            let value = Arc::new(result?);
            this.write(|s| {
                // The first fetch starts no cooldown: keys may be rotated right after it.
                s.attempted = s.value.is_some().then_some(now);
                s.value = Some(Arc::clone(&value));
                s.generation += 1;
                s.fetched = now;
            });
            drop(turn);
            Ok(Some(value))
        });
        task.await.unwrap_or_else(|_| Err(ProviderError::Outbound("the fetch was interrupted".to_owned())))
    }
}
