//! Tells the open pages of a customer that their list has changed.
//!
//! For each customer with an open page this web server reads one stream of the API, with a token of theirs, and tells all
//! of their pages what it hears: the number of the last change. That is all a page needs to know whether to fetch the list,
//! so nothing has to be kept for one that reads slowly, or was away. The API's stream ends with the token; the next one
//! begins after the last change that was heard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::identity::Identity;
use crate::identity::downstream::{Call, DownstreamApi, DownstreamError};
use crate::identity::session::UserKey;
use crate::identity::tokens::AcquireError;
use crate::platform::event_stream::{self, DEAD};
use crate::platform::pause::Backoff;

/// How many pages of one customer may listen at this web server.
const MAX_PER_CUSTOMER: usize = 20;
/// The first and the longest pause before the API is asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(30)];
/// A stream that lived this long worked.
const WORKED: Duration = Duration::from_secs(10);
/// How long a page waits for the API to be heard, before it is told to wait with its connection open.
const PATIENCE: Duration = Duration::from_secs(3);
/// The API's set of scopes for looking.
const READ: &str = "read";

/// What pages hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The last change, once the API was heard.
    pub(super) last: Option<i64>,
    /// How often the API said that everything must be fetched.
    pub(super) resets: u64,
    /// The API cannot be asked any more: its customer must sign in first.
    pub(super) is_over: bool,
}

impl News {
    /// Takes over what the API said, and says whether it is new.
    fn hear(&mut self, heard: &event_stream::Heard) -> bool {
        let is_reset = heard.event == "reset";
        if !is_reset && self.last.is_some_and(|last| heard.id <= last) {
            return false;
        }
        self.resets += u64::from(is_reset);
        self.last = Some(heard.id);
        true
    }
}

/// All customers with an open page. Cheap to clone.
#[derive(Clone)]
pub(super) struct Live(Arc<Inner>);

struct Inner {
    identity: Identity,
    todolist: DownstreamApi,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    count: usize,
    customers: HashMap<UserKey, Customer>,
}

/// A customer with an open page.
struct Customer {
    news: watch::Sender<News>,
    /// Reads the API's stream.
    reader: AbortHandle,
}

impl Drop for Customer {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Live {
    /// Nobody listens yet.
    pub(super) fn new(identity: Identity, todolist: DownstreamApi) -> Self {
        Self(Arc::new(Inner { identity, todolist, pages: Mutex::default() }))
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Nothing panics while it holds the lock.
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens for a page of this customer's. `None` where too many do already: of theirs, or `max` in all.
    pub(super) fn listen(&self, customer: &UserKey, max: usize) -> Option<Listener> {
        let mut pages = self.pages();
        if pages.count >= max {
            return None;
        }
        // What is over begins anew: they may have signed in since.
        let is_known = pages.customers.get(customer).is_some_and(|known| !known.news.borrow().is_over);
        if !is_known {
            let news = watch::Sender::new(News::default());
            let reader = tokio::spawn(read(self.clone(), customer.clone(), news.clone())).abort_handle();
            pages.customers.insert(customer.clone(), Customer { news, reader });
        }
        let news = &pages.customers.get(customer)?.news;
        if news.receiver_count() >= MAX_PER_CUSTOMER {
            return None;
        }
        let (news, told) = (news.clone(), news.subscribe());
        pages.count += 1;
        Some(Listener { live: self.clone(), customer: customer.clone(), news, told })
    }
}

/// A page that listens; until it is dropped.
pub(super) struct Listener {
    live: Live,
    customer: UserKey,
    news: watch::Sender<News>,
    told: watch::Receiver<News>,
}

impl Listener {
    /// What was told last.
    pub(super) fn news(&mut self) -> News {
        *self.told.borrow_and_update()
    }

    /// Waits until something is told.
    pub(super) async fn told(&mut self) {
        // There is a sender here.
        let _ = self.told.changed().await;
    }

    /// Waits for a while until the API was heard, or cannot be.
    pub(super) async fn first_news(&mut self) -> News {
        let first = timeout(PATIENCE, self.told.wait_for(|news| news.last.is_some() || news.is_over)).await;
        first.ok().and_then(Result::ok).map(|news| *news).unwrap_or_default()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut pages = self.live.pages();
        pages.count -= 1;
        let known = pages.customers.get(&self.customer).filter(|known| known.news.same_channel(&self.news));
        // This one is still counted.
        if known.is_some_and(|known| known.news.receiver_count() <= 1) {
            pages.customers.remove(&self.customer);
        }
    }
}

/// Reads a customer's stream of the API, and the next one when it ends, for as long as somebody listens.
async fn read(live: Live, customer: UserKey, news: watch::Sender<News>) {
    let mut backoff = Backoff::new(PAUSES[0], PAUSES[1]);
    let mut is_said = false;
    loop {
        let began = Instant::now();
        let wait = match read_one(&live.0, &customer, &news).await {
            Ok(()) => {
                is_said = false;
                if began.elapsed() > WORKED {
                    backoff.reset();
                }
                None
            }
            Err(DownstreamError::Acquire(AcquireError::InteractionRequired { reason, .. })) => {
                tracing::debug!(reason, "a customer's changes are not followed: they must sign in first");
                news.send_modify(|news| news.is_over = true);
                return;
            }
            Err(error) => {
                if is_said {
                    tracing::debug!(%error, "the changes of a list cannot be followed");
                } else {
                    tracing::warn!(%error, "the changes of a list cannot be followed; trying again");
                }
                is_said = true;
                if let DownstreamError::Problem(problem) = error { problem.retry_after } else { None }
            }
        };
        sleep(backoff.pause().max(wait.unwrap_or_default().min(PAUSES[1]))).await;
    }
}

/// Reads one stream to its end, whatever that is. Fails where there is none.
async fn read_one(live: &Inner, customer: &UserKey, news: &watch::Sender<News>) -> Result<(), DownstreamError> {
    let since = news.borrow().last.map(|last| last.to_string());
    let query: Vec<(&str, &str)> = since.as_deref().map(|since| ("since", since)).into_iter().collect();
    let call = Call { method: Some(Method::GET), path: &["events"], query: &query, scopes: READ, ..Call::default() };
    let mut stream = live.todolist.stream_for_user(live.identity.tokens(), customer, &call).await?;
    let mut reader = event_stream::Reader::default();
    loop {
        match stream.next(DEAD).await {
            Ok(Some(bytes)) => reader.read(&bytes, |heard| {
                news.send_if_modified(|news| news.hear(&heard));
            }),
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::debug!(%error, "a stream of changes has broken off");
                return Ok(());
            }
        }
    }
}
