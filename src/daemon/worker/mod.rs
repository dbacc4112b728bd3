//! `errand worker`: work for customers while they are away, with their own cached tokens. Each morning, at the hour that
//! they chose in the time zone where they live, a mail with what is open.
//!
//! # What it promises
//!
//! - **At most one mail** per customer and day, however many workers run and whenever one of them dies: a customer is
//!   claimed in one UPDATE, and the digest is marked as sent before the mail is given away. A worker that dies in between,
//!   or a mail server that takes the mail and does not say so, costs that one mail; the other order would repeat it.
//! - **No loop.** A customer whose tokens need them in person is skipped until they have signed in again
//!   (`digest::Store::resume`), with no further request to the provider.
//! - **Patience until noon.** When provider, API or mail server are down it is tried again after one minute, two, four … at
//!   most half an hour apart, and given up for that day five hours after it was due.
//! - Nothing open: no mail, and done for that day.
//!
//! And where `[worker.reminders]` is configured, a mail for each reminder of an open to-do when its moment has come, at most
//! once: it is taken before its mail is given away, and a worker that dies in between costs that mail. After an outage,
//! those that are up to a day late are mailed, and older ones never.

pub mod config;
mod mail;
mod reminders;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::config::{Checked, Config, WebConfig};
use self::reminders::{Reminders, Tools};
use crate::digest::{Claimed, Outcome, Store};
use crate::identity;
use crate::identity::downstream::{Call, DownstreamApi, DownstreamError};
use crate::identity::session::UserKey;
use crate::identity::tokens::{AcquireError, TokenAcquisition};
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::config::{ConfigError, Mode};
use crate::platform::database::{self, DatabaseError};
use crate::platform::mail::Mailer;
use crate::platform::{link, outbound};
use crate::todo::Todo;

/// How many customers are looked up at once.
const BATCH: i64 = 100;
/// How long getting one customer's list may take: well below a claim.
const PATIENCE: Duration = Duration::from_mins(1);
/// The first pause before a digest is tried again, in milliseconds; it doubles.
const PAUSE: time::Duration = time::Duration::minutes(1);
/// The longest pause, in milliseconds.
const MAX_PAUSE: time::Duration = time::Duration::minutes(30);
/// After this many consecutive failures for different customers the cause is not the customer: the rest wait for the next look.
const HOPELESS: u32 = 10;

/// Why the worker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The web server's database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What a look for due digests came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Mails that went out.
    pub sent: u32,
    /// Customers with nothing open.
    pub nothing_open: u32,
    /// Customers who must sign in first.
    pub skipped: u32,
    /// Digests that will be tried again.
    pub postponed: u32,
    /// Digests that were given up for the day.
    pub given_up: u32,
    /// Whether digests that are due were left, because the mail server, or provider and API, are not to be had.
    pub broken_off: bool,
    /// Reminders that were mailed.
    pub reminders: u32,
}

/// When a digest may be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hours {
    /// In the morning.
    Morning,
    /// At any time, for a developer who asked for it.
    Any,
}

/// What became of one customer's digest.
enum Done {
    Settled(Outcome),
    Skipped,
    Postponed,
    /// Somebody else has it, it is not wanted any more, or the worker stops.
    NotOurs,
}

/// The worker. Cheap to clone.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    digests: Store,
    tokens: TokenAcquisition,
    todolist: DownstreamApi,
    reminders: Option<Reminders>,
    mailer: Mailer,
    public_url: Url,
    clock: Clock,
    look_every: Duration,
    at_once: usize,
}

impl Worker {
    /// Checks the configuration and opens the web server's database. Waits neither for provider, API nor mail server.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: &Config,
        web: &WebConfig,
        mode: Mode,
        http: &reqwest::Client,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let Checked { mailer, public_url, keys, todolist, client, reminders } =
            config.checked(web, mode, http, &clock)?;
        if reminders.is_none() {
            tracing::warn!("no reminders are mailed, which customers may set: [worker.reminders] is missing");
        }
        let key = "web.database_url";
        let db: AnyPool = database::open(key, &web.database_url, &identity::MIGRATIONS).await?;
        let digests = Store::open(key, db.clone(), clock.clone()).await?;
        let tokens = TokenAcquisition::new(client, db, keys, clock.clone());
        Ok(Self(Arc::new(Inner {
            digests,
            tokens,
            todolist,
            reminders: reminders.map(|(client, todolist)| Reminders { client, todolist }),
            mailer,
            public_url,
            clock,
            look_every: Duration::from_secs(config.look_every_seconds.into()),
            at_once: usize::try_from(config.customers_at_once).unwrap_or(usize::MAX),
        })))
    }

    /// Looks for due digests every half minute, until `shutdown`; customers whose mail is on its way are seen through.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            match self.once(&shutdown).await {
                Ok(report) if report == Report::default() => {}
                Ok(Report { sent, nothing_open, skipped, postponed, given_up, broken_off, reminders }) => {
                    tracing::info!(sent, nothing_open, skipped, postponed, given_up, broken_off, reminders, "digests");
                }
                Err(error) => tracing::error!(%error, "digests cannot be looked up; trying again soon"),
            }
            tokio::select! {
                () = tokio::time::sleep(self.0.look_every) => {}
                () = shutdown.cancelled() => return self.finish().await,
            }
        }
    }

    /// Waits for renewals of tokens that go on although nobody waits for them any more.
    pub async fn finish(&self) {
        self.0.tokens.finish().await;
    }

    /// Sends what is due now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn once(&self, shutdown: &CancellationToken) -> Result<Report, sqlx::Error> {
        let report = self.pass(Hours::Morning, shutdown).await?;
        let Inner { digests, mailer, public_url, clock, reminders, .. } = &*self.0;
        let Some(reminders) = reminders else { return Ok(report) };
        let tools = Tools { digests, mailer, public_url, clock };
        Ok(Report { reminders: reminders.mail_due(&tools, shutdown).await, ..report })
    }

    /// Sends everybody who wants a digest one at once, whatever the time, and whether there was one today or not: for
    /// developers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&self, shutdown: &CancellationToken) -> Result<Report, sqlx::Error> {
        self.0.digests.make_all_due().await?;
        self.pass(Hours::Any, shutdown).await
    }

    async fn pass(&self, hours: Hours, shutdown: &CancellationToken) -> Result<Report, sqlx::Error> {
        let mut report = Report::default();
        let mut seen: HashSet<String> = HashSet::new();
        let mut failures = 0;
        loop {
            let due = self.0.digests.due(BATCH).await?;
            let due: Vec<String> = due.into_iter().filter(|customer| seen.insert(customer.clone())).collect();
            if due.is_empty() {
                return Ok(report);
            }
            // Before anything is claimed: while nobody takes mail, digests stay due.
            if let Err(error) = self.0.mailer.check().await {
                tracing::warn!(%error, "digests are due, and wait for the mail server");
                return Ok(Report { broken_off: true, ..report });
            }
            let mut due = due.into_iter();
            let mut working = JoinSet::new();
            loop {
                while working.len() < self.0.at_once
                    && failures < HOPELESS
                    && !shutdown.is_cancelled()
                    && let Some(customer) = due.next()
                {
                    let (this, shutdown) = (self.clone(), shutdown.clone());
                    working.spawn(async move { this.digest(&customer, hours, &shutdown).await });
                }
                let Some(done) = working.join_next().await else { break };
                match done {
                    Ok(Ok(done)) => {
                        failures = if matches!(done, Done::Postponed) { failures + 1 } else { 0 };
                        report.count(&done);
                    }
                    Ok(Err(error)) => {
                        failures += 1;
                        tracing::error!(%error, "how far a digest has come cannot be written down");
                    }
                    Err(error) => tracing::error!(%error, "a digest failed"),
                }
            }
            if failures >= HOPELESS {
                let broken_off = due.next().is_some() || !self.0.digests.due(1).await?.is_empty();
                tracing::warn!(broken_off, "provider or API are down, it seems: other digests wait");
                return Ok(Report { broken_off, ..report });
            }
            if shutdown.is_cancelled() {
                return Ok(report);
            }
        }
    }

    /// One customer's digest.
    async fn digest(&self, customer: &str, hours: Hours, shutdown: &CancellationToken) -> Result<Done, sqlx::Error> {
        let Inner { digests, clock, .. } = &*self.0;
        let Some(claimed) = digests.claim(customer).await? else { return Ok(Done::NotOurs) };
        let is_late = |at: Timestamp| hours == Hours::Morning && at >= claimed.too_late_at;
        if is_late(clock.timestamp()) {
            return self.give_up(&claimed, "it was too late when the worker came to it").await;
        }
        let open = tokio::select! {
            open = tokio::time::timeout(PATIENCE, self.open_todos(customer)) => {
                open.unwrap_or_else(|_| Err(Trouble::Later { reason: format!("took more than {PATIENCE:?}"), wait: Duration::ZERO }))
            }
            () = shutdown.cancelled() => {
                digests.release(&claimed).await?;
                return Ok(Done::NotOurs);
            }
        };
        let open = match open {
            Ok(open) => open,
            Err(Trouble::Customer(reason)) => {
                tracing::info!(reason, "a customer must sign in before there are digests again");
                digests.skip(&claimed, reason).await?;
                return Ok(Done::Skipped);
            }
            Err(Trouble::Later { reason, wait }) => {
                let at = self.again_at(&claimed, wait);
                if is_late(at) {
                    return self.give_up(&claimed, &reason).await;
                }
                tracing::warn!(reason, tries = claimed.tries + 1, "a digest could not be made; trying again later");
                digests.retry(&claimed, at).await?;
                return Ok(Done::Postponed);
            }
        };
        if open.is_empty() {
            let settled = digests.settle(&claimed, Outcome::NothingOpen).await?;
            return Ok(if settled { Done::Settled(Outcome::NothingOpen) } else { Done::NotOurs });
        }
        self.send(&claimed, &open, is_late).await
    }

    /// Marks the digest as sent, then sends it. From here on, nothing interrupts.
    async fn send(
        &self,
        claimed: &Claimed,
        open: &[Todo],
        is_late: impl Fn(Timestamp) -> bool,
    ) -> Result<Done, sqlx::Error> {
        let Inner { digests, mailer, public_url, .. } = &*self.0;
        let message = mail::compose(claimed, open, public_url);
        if !digests.settle(claimed, Outcome::Sent).await? {
            return Ok(Done::NotOurs);
        }
        match mailer.send(&message).await {
            Ok(()) => Ok(Done::Settled(Outcome::Sent)),
            Err(error) if error.may_be_sent() => {
                tracing::error!(%error, "a digest may not have been sent; it is not sent again, since it may have been");
                Ok(Done::Settled(Outcome::Sent))
            }
            Err(error) => {
                let at = self.again_at(claimed, Duration::ZERO);
                if error.is_transient() && !is_late(at) {
                    tracing::warn!(%error, tries = claimed.tries + 1, "a digest was not sent; trying again later");
                    digests.take_back(claimed, at).await?;
                    return Ok(Done::Postponed);
                }
                tracing::error!(%error, "a digest was not sent, and is given up for today");
                digests.not_sent(claimed).await?;
                Ok(Done::Settled(Outcome::GivenUp))
            }
        }
    }

    async fn give_up(&self, claimed: &Claimed, reason: &str) -> Result<Done, sqlx::Error> {
        tracing::error!(reason, "a digest is given up for today");
        let settled = self.0.digests.settle(claimed, Outcome::GivenUp).await?;
        Ok(if settled { Done::Settled(Outcome::GivenUp) } else { Done::NotOurs })
    }

    /// When to try again; not before `wait` has passed.
    fn again_at(&self, claimed: &Claimed, wait: Duration) -> Timestamp {
        let pause = PAUSE.saturating_mul(1 << claimed.tries.min(10)).min(MAX_PAUSE);
        let wait = time::Duration::try_from(wait).unwrap_or(time::Duration::MAX);
        self.0.clock.timestamp() + pause.max(wait)
    }

    /// What is open on the customer's list.
    async fn open_todos(&self, customer: &str) -> Result<Vec<Todo>, Trouble> {
        let customer = UserKey::stored(customer);
        let later = |reason: String| Trouble::Later { reason, wait: Duration::ZERO };
        let (mut open, mut query) = (Vec::new(), vec![("done".to_owned(), "false".to_owned())]);
        loop {
            let call = Call { query: &link::pairs(&query), scopes: "read", ..Call::default() };
            let answer = self.0.todolist.call_for_user(&self.0.tokens, &customer, &call).await?;
            let mut todos: Vec<Todo> =
                outbound::json("the ToDoList API", &answer.body).map_err(|error| later(error.to_string()))?;
            open.append(&mut todos);
            match link::next(&answer.headers) {
                None => return Ok(open.into_iter().filter(|todo| !todo.done).collect()),
                Some(next) if next == query => {
                    return Err(later("the API names a page as the one after itself".to_owned()));
                }
                Some(next) => query = next,
            }
        }
    }
}

/// Why there is no list.
enum Trouble {
    /// Only the customer can help.
    Customer(&'static str),
    /// It may work later, but not before that has passed.
    Later { reason: String, wait: Duration },
}

impl From<DownstreamError> for Trouble {
    fn from(error: DownstreamError) -> Self {
        match error {
            DownstreamError::Acquire(AcquireError::InteractionRequired { reason, .. }) => Self::Customer(reason),
            DownstreamError::Problem(problem) => {
                Self::Later { reason: problem.to_string(), wait: problem.retry_after.unwrap_or_default() }
            }
            error => Self::Later { reason: error.to_string(), wait: Duration::ZERO },
        }
    }
}

impl Report {
    fn count(&mut self, done: &Done) {
        let counter = match done {
            Done::Settled(Outcome::Sent) => &mut self.sent,
            Done::Settled(Outcome::NothingOpen) => &mut self.nothing_open,
            Done::Settled(Outcome::GivenUp) => &mut self.given_up,
            Done::Skipped => &mut self.skipped,
            Done::Postponed => &mut self.postponed,
            Done::NotOurs => return,
        };
        *counter += 1;
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sent, nothing_open, skipped, postponed, given_up, broken_off, reminders } = self;
        write!(
            f,
            "{sent} sent, {nothing_open} with nothing open, {skipped} skipped until they sign in, {postponed} to be tried \
             again, {given_up} given up for today; {reminders} reminders"
        )?;
        if *broken_off { f.write_str("; broken off, the others wait") } else { Ok(()) }
    }
}
