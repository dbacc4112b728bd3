//! Long-running on-behalf-of, as Microsoft.Identity.Web has it (`ILongRunningWebApi`): an API that was called by a
//! customer goes on calling others for them when their access token has long expired.
//!
//! ```
//! # use errand::identity::bearer::Caller;
//! # use errand::identity::scopes::Scopes;
//! # use errand::identity::token::{AcquireError, IncomingToken};
//! # use errand::identity::tokens::long_running::LongRunning;
//! # async fn example(
//! #     work: LongRunning, caller: Caller, incoming: IncomingToken, scopes: Scopes,
//! # ) -> Result<(), AcquireError> {
//! // While the customer's request is answered: a session key, to be kept with the work.
//! let (session_key, token) = work.initiate(&caller, &incoming, &scopes).await?;
//! // Hours later, on any replica, in the customer's absence:
//! let token = work.acquire(&session_key, &caller.key, &scopes).await?;
//! // When it is done:
//! work.stop(&session_key, &caller.key).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The API's database keeps the refresh token that came with the exchange, sealed under the API's own keys, under the
//! digest of the session key. A row serves the customer and the client that it was made for and nobody else, whoever has
//! the session key. What holds for a customer's tokens at the web server holds here: a refresh token is presented by one
//! task of one replica at a time, which leased its row and read the token after that; a token that the provider has
//! replaced is stored before anybody sees the access token; and what came back for work that was stopped meanwhile is
//! revoked.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Any, AnyPool, Transaction};
use time::Duration;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{LOOK_AGAIN, PATIENCE};
use crate::identity::bearer::{Caller, Kind};
use crate::identity::client::ConfidentialClient;
use crate::identity::client::endpoint::{Times, TokenEndpointError, TokenResponse};
use crate::identity::client::request::{Grant, TokenRequest};
use crate::identity::scopes::{Naming, Scopes};
use crate::identity::token::{AccessToken, AcquireError, IncomingToken, Options};
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::{self, DatabaseError, Returning as _};
use crate::platform::seal::KeyRing;
use crate::platform::{hash, random, serve};

/// How long work is kept that nobody acquires a token for: the longest that Entra keeps a refresh token
/// that is not used.
const LIFETIME: Duration = Duration::days(90);
/// How much work one customer may have at the same time.
const MAX_PER_CUSTOMER: i64 = 100;
/// How long a lease holds; see `cache.rs`.
const LEASE: Duration = Duration::MINUTE;
/// A lease that ends so much later than one of ours would was given before the clock was set back.
const CLOCK_WAS_SET_BACK: Duration = Duration::minutes(5);

/// Names work that goes on when its customer is gone. A secret: kept with the work, never sent to a browser. Prints
/// nothing.
#[derive(Clone)]
pub struct SessionKey(SecretString);

impl SessionKey {
    /// A session key as it was kept.
    pub fn from_kept(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The key itself, to be kept with the work.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn id(&self) -> String {
        hash::sha256_base64url(self.expose())
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey")
    }
}

/// Work on behalf of customers who are away. Cheap to clone.
#[derive(Clone)]
pub struct LongRunning(Arc<Inner>);

struct Inner {
    client: ConfidentialClient,
    db: AnyPool,
    keys: KeyRing,
    clock: Clock,
    tasks: TaskTracker,
}

/// One piece of work, as the database knows it.
struct Work {
    id: String,
    customer: String,
}

/// The right to use its refresh token, for a while.
struct RefreshLease {
    lease: String,
    refresh_token: SecretString,
}

impl LongRunning {
    /// Keeps tokens in `db`, sealed under `keys`; adds the tables that it needs. `key` names the database's
    /// configuration key in messages.
    ///
    /// # Errors
    /// [`DatabaseError::Migration`].
    pub async fn open(
        key: &str,
        client: ConfidentialClient,
        db: AnyPool,
        keys: KeyRing,
        clock: Clock,
    ) -> Result<Self, DatabaseError> {
        let migrations = sqlx::migrate!("src/identity/tokens/migrations");
        database::migrate_beside(key, &db, "long_running", &migrations).await?;
        Ok(Self(Arc::new(Inner { client, db, keys, clock, tasks: TaskTracker::new() })))
    }

    /// Exchanges the token that `caller` called with, and begins work on their behalf: the session key under which more
    /// tokens are had later, and the first one.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when the customer must act; [`AcquireError::Unavailable`] otherwise: also for
    /// an app's token, which names nobody to act for, when the provider sends no refresh token, and when the customer has
    /// too much work going on.
    pub async fn initiate(
        &self,
        caller: &Caller,
        incoming: &IncomingToken,
        scopes: &Scopes,
    ) -> Result<(SessionKey, AccessToken), AcquireError> {
        if caller.kind != Kind::User || !incoming.is_users() {
            return Err(misconfigured("an app's token names no user to act on behalf of"));
        }
        if incoming.expires_at() <= self.0.clock.timestamp() {
            return Err(interaction(scopes, "the caller's token has expired"));
        }
        let (this, customer) = (self.clone(), caller.key.clone());
        let (incoming, scopes) = (incoming.clone(), scopes.clone());
        self.in_task(async move { this.begin(customer, &incoming, &scopes).await }).await
    }

    async fn begin(
        &self,
        customer: String,
        incoming: &IncomingToken,
        scopes: &Scopes,
    ) -> Result<(SessionKey, AccessToken), AcquireError> {
        let inner = &self.0;
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM long_running_work WHERE customer = $1 AND client_id = $2 AND expires_at > $3",
        )
        .bind(&customer)
        .bind(inner.client.client_id())
        .bind(inner.clock.timestamp())
        .fetch_one(&inner.db)
        .await?;
        if count >= MAX_PER_CUSTOMER {
            return Err(AcquireError::Busy("the customer has too much work going on: stop some of it"));
        }
        let scope = format!("{scopes} offline_access");
        let claims = inner.client.claims(None)?;
        let grant = Grant::OnBehalfOf { assertion: incoming.expose(), scopes: &scope };
        let request = TokenRequest { grant, claims: claims.as_deref() };
        let response = inner.client.request(&request).await.map_err(|error| {
            tracing::warn!(%error, %scopes, "no work can begin on a customer's behalf");
            error.into_acquire_error(scopes, None)
        })?;
        let refresh_token = response.successor().ok_or_else(|| {
            misconfigured("the provider sent no refresh token: let the API's registration have offline_access")
        })?;
        let session_key = SessionKey(SecretString::from(random::token()));
        let work = Work { id: session_key.id(), customer };
        let taken = async {
            let token = response.token().ok_or_else(|| misconfigured("the provider sent an unusable access token"))?;
            let mut transaction = inner.db.begin().await?;
            sqlx::query(
                "INSERT INTO long_running_work (id, customer, client_id, sealed, expires_at) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&work.id)
            .bind(&work.customer)
            .bind(inner.client.client_id())
            .bind(inner.keys.seal(&self.refresh_context(&work), refresh_token.expose_secret()))
            .bind(self.ends_at(&response))
            .execute(&mut *transaction)
            .await?;
            self.insert(&mut transaction, &work, scopes, &token, response.times(inner.clock.timestamp())).await?;
            transaction.commit().await?;
            Ok(token)
        };
        match taken.await {
            Ok(first) => Ok((session_key, first)),
            Err(error) => {
                // Nobody will ever ask for it.
                inner.client.revoke_in_background(refresh_token);
                Err(error)
            }
        }
    }

    /// An access token for work that [`LongRunning::initiate`] began: from the database, or renewed. `customer` is the
    /// [`Caller::key`] of whoever it is done for.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when the customer must call again: the provider has ended the grant, the work
    /// was stopped or has expired, or it is another customer's or another client's.
    pub async fn acquire(
        &self,
        session_key: &SessionKey,
        customer: &str,
        scopes: &Scopes,
    ) -> Result<AccessToken, AcquireError> {
        self.acquire_with(session_key, customer, scopes, &Options::default()).await
    }

    /// [`LongRunning::acquire`] with options.
    ///
    /// # Errors
    /// As [`LongRunning::acquire`].
    pub async fn acquire_with(
        &self,
        session_key: &SessionKey,
        customer: &str,
        scopes: &Scopes,
        options: &Options,
    ) -> Result<AccessToken, AcquireError> {
        let work = Work { id: session_key.id(), customer: customer.to_owned() };
        if !options.bypass_cache()
            && let Some(token) = self.find(&work, scopes).await?
        {
            return Ok(token);
        }
        let (this, scopes, options) = (self.clone(), scopes.clone(), options.clone());
        // The caller may be cancelled; the refresh token's successor must be stored all the same.
        self.in_task(async move { this.renew(&work, &scopes, &options).await }).await
    }

    /// Ends work: forgets its tokens, and revokes the refresh token at the provider. `false`: there was none of this
    /// customer's.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`] when the database does not answer.
    pub async fn stop(&self, session_key: &SessionKey, customer: &str) -> Result<bool, AcquireError> {
        let work = Work { id: session_key.id(), customer: customer.to_owned() };
        let stopped: Option<String> = sqlx::query_scalar(
            "DELETE FROM long_running_work WHERE id = $1 AND customer = $2 AND client_id = $3 RETURNING sealed",
        )
        .bind(&work.id)
        .bind(&work.customer)
        .bind(self.0.client.client_id())
        .one_written(&self.0.db)
        .await?;
        let Some(sealed) = stopped else { return Ok(false) };
        if let Ok(token) = self.0.keys.open(&self.refresh_context(&work), &sealed) {
            self.0.client.revoke_in_background(SecretString::from(token));
        }
        Ok(true)
    }

    /// Removes work that nobody asked for in a long time, and access tokens that have expired. To be called now and then.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`] when the database does not answer.
    pub async fn sweep(&self) -> Result<(), AcquireError> {
        for statement in [
            "DELETE FROM long_running_access_tokens WHERE expires_at < $1",
            "DELETE FROM long_running_work WHERE expires_at < $1",
        ] {
            sqlx::query(statement).bind(self.0.clock.timestamp()).execute(&self.0.db).await?;
        }
        Ok(())
    }

    /// Waits for renewals that are under way: a program that ends must not lose a refresh token's successor.
    pub async fn finish(&self) {
        self.0.tasks.close();
        let _ = tokio::time::timeout(super::FINISH_LIMIT, self.0.tasks.wait()).await;
        self.0.tasks.reopen();
    }

    async fn in_task<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, AcquireError>> + Send + 'static,
    ) -> Result<T, AcquireError> {
        let task = serve::with_correlation_id(serve::correlation_id(), task);
        self.0.tasks.spawn(task).await.unwrap_or_else(|error| Err(AcquireError::unavailable(error)))
    }

    /// An access token that is good for a while yet.
    async fn find(&self, work: &Work, scopes: &Scopes) -> Result<Option<AccessToken>, AcquireError> {
        let names = scopes.to_string();
        let now = self.0.clock.timestamp();
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT t.sealed FROM long_running_access_tokens t JOIN long_running_work w ON w.id = t.id \
             WHERE w.id = $1 AND w.customer = $2 AND w.client_id = $3 AND w.expires_at > $4 AND t.scopes = $5 \
             AND t.renew_at > $4 AND t.expires_at > $4",
        )
        .bind(&work.id)
        .bind(&work.customer)
        .bind(self.0.client.client_id())
        .bind(now)
        .bind(&names)
        .fetch_all(&self.0.db)
        .await?;
        // What cannot be opened (its key is gone from the ring) counts as absent.
        let open = |sealed: &String| {
            let token = self.0.keys.open(&self.access_context(work, &names), sealed).ok()?;
            AccessToken::parse(&SecretString::from(token))
        };
        Ok(rows.first().and_then(open))
    }

    async fn renew(&self, work: &Work, scopes: &Scopes, options: &Options) -> Result<AccessToken, AcquireError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Before the lease is taken, or it could run out in the queue.
            let permit = self.0.client.permit().await;
            if let Some(held) = self.lease(work).await? {
                if !options.bypass_cache()
                    && let Some(token) = self.find(work, scopes).await?
                {
                    self.release(work, &held).await?;
                    return Ok(token);
                }
                let claims = self.0.client.claims(options.claims.as_deref())?;
                // As in a customer's renewals: what is named narrows the grant at providers that are not Entra.
                let scope = match self.0.client.provider().scope_naming() {
                    Naming::Entra => format!("{scopes} offline_access"),
                    Naming::Opaque => String::new(),
                };
                let grant = Grant::RefreshToken { refresh_token: &held.refresh_token, scopes: &scope };
                let request = TokenRequest { grant, claims: claims.as_deref() };
                let answer = self.0.client.request_with_permit(&permit, &request).await;
                return self.accept_renewal(work, &held, scopes, options, answer).await;
            }
            drop(permit);
            if !self.exists(work).await? {
                return Err(interaction(scopes, "there is no such work of this customer's"));
            }
            if Instant::now() > deadline {
                return Err(AcquireError::Busy("others are still renewing"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            // The task that held the lease may have stored a token that will do.
            if !options.bypass_cache()
                && let Some(token) = self.find(work, scopes).await?
            {
                return Ok(token);
            }
        }
    }

    /// Checks and stores the result of a renewal.
    async fn accept_renewal(
        &self,
        work: &Work,
        held: &RefreshLease,
        scopes: &Scopes,
        options: &Options,
        answer: Result<TokenResponse, TokenEndpointError>,
    ) -> Result<AccessToken, AcquireError> {
        let response = match answer {
            Ok(response) => response,
            Err(error @ TokenEndpointError::Over { .. }) => {
                tracing::info!(%error, "work on a customer's behalf is over");
                self.remove(work, held).await?;
                return Err(error.into_acquire_error(scopes, options.claims.as_deref()));
            }
            Err(error) => {
                self.release(work, held).await?;
                tracing::warn!(%error, "an access token for work on a customer's behalf could not be renewed");
                return Err(error.into_acquire_error(scopes, options.claims.as_deref()));
            }
        };
        let successor = response.successor();
        let successor = successor.as_ref().unwrap_or(&held.refresh_token);
        let sealed = self.0.keys.seal(&self.refresh_context(work), successor.expose_secret());
        let token = response.token();
        let mut tries: u32 = 1;
        let kept = loop {
            match self.commit_renewal(work, held, &sealed, scopes, token.as_ref(), &response).await {
                Ok(false) if tries > 1 => break self.is_stored(work, &sealed).await?,
                Ok(kept) => break kept,
                // The provider has replaced the refresh token: presenting the old one again would look like theft.
                Err(error) if tries < 4 => {
                    tracing::warn!(%error, tries, "a renewal could not be stored; trying again");
                    tokio::time::sleep(LOOK_AGAIN * tries).await;
                    tries += 1;
                }
                Err(error) => {
                    self.remove(work, held).await?;
                    return Err(error.into());
                }
            }
        };
        if !kept {
            // Stopped while we were asking: what came back belongs to nobody.
            self.0.client.revoke_in_background(successor.clone());
            return Err(interaction(scopes, "the work was stopped"));
        }
        token.ok_or_else(|| misconfigured("the provider sent an access token that cannot be used"))
    }

    /// The lease on a refresh token, and the token, in one statement; `None` when somebody else has it, and when there is
    /// nothing to lease.
    async fn lease(&self, work: &Work) -> Result<Option<RefreshLease>, AcquireError> {
        let lease = random::token();
        let now = self.0.clock.timestamp();
        let leased: Option<String> = sqlx::query_scalar(
            "UPDATE long_running_work SET lease = $1, lease_until = $2 WHERE id = $3 AND customer = $4 \
             AND client_id = $5 AND expires_at > $6 AND (lease_until < $6 OR lease_until > $7) RETURNING sealed",
        )
        .bind(&lease)
        .bind(now + LEASE)
        .bind(&work.id)
        .bind(&work.customer)
        .bind(self.0.client.client_id())
        .bind(now)
        .bind(now + LEASE + CLOCK_WAS_SET_BACK)
        .one_written(&self.0.db)
        .await?;
        let Some(sealed) = leased else { return Ok(None) };
        let token = self.0.keys.open(&self.refresh_context(work), &sealed);
        let refresh_token = SecretString::from(token.as_deref().unwrap_or_default());
        let held = RefreshLease { lease, refresh_token };
        if token.is_err() {
            tracing::error!("a refresh token cannot be opened: was its encryption key removed?");
            self.remove(work, &held).await?;
            return Ok(None);
        }
        Ok(Some(held))
    }

    async fn exists(&self, work: &Work) -> Result<bool, AcquireError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM long_running_work WHERE id = $1 AND customer = $2 AND client_id = $3 AND expires_at > $4",
        )
        .bind(&work.id)
        .bind(&work.customer)
        .bind(self.0.client.client_id())
        .bind(self.0.clock.timestamp())
        .fetch_one(&self.0.db)
        .await?;
        Ok(count > 0)
    }

    async fn is_stored(&self, work: &Work, sealed: &str) -> Result<bool, AcquireError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM long_running_work WHERE id = $1 AND sealed = $2")
            .bind(&work.id)
            .bind(sealed)
            .fetch_one(&self.0.db)
            .await?;
        Ok(count > 0)
    }

    /// Stores the refresh token and the access token, and gives the lease back: all or nothing. `false`: the row is gone or
    /// somebody else's by now.
    async fn commit_renewal(
        &self,
        work: &Work,
        held: &RefreshLease,
        sealed: &str,
        scopes: &Scopes,
        token: Option<&AccessToken>,
        response: &TokenResponse,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.0.db.begin().await?;
        let updated = sqlx::query(
            "UPDATE long_running_work SET sealed = $1, lease = NULL, lease_until = 0, expires_at = $2 \
             WHERE id = $3 AND lease = $4",
        )
        .bind(sealed)
        .bind(self.ends_at(response))
        .bind(&work.id)
        .bind(&held.lease)
        .execute(&mut *transaction)
        .await?;
        if updated.rows_affected() != 1 {
            return Ok(false);
        }
        if let Some(token) = token {
            self.insert(&mut transaction, work, scopes, token, response.times(self.0.clock.timestamp())).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn insert(
        &self,
        transaction: &mut Transaction<'static, Any>,
        work: &Work,
        scopes: &Scopes,
        token: &AccessToken,
        times: Times,
    ) -> Result<(), sqlx::Error> {
        let names = scopes.to_string();
        sqlx::query(
            "INSERT INTO long_running_access_tokens (id, scopes, sealed, renew_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id, scopes) \
             DO UPDATE SET sealed = excluded.sealed, renew_at = excluded.renew_at, expires_at = excluded.expires_at",
        )
        .bind(&work.id)
        .bind(&names)
        .bind(self.0.keys.seal(&self.access_context(work, &names), token.expose()))
        .bind(times.renew_at)
        .bind(times.expires_at)
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }

    async fn release(&self, work: &Work, held: &RefreshLease) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE long_running_work SET lease = NULL, lease_until = 0 WHERE id = $1 AND lease = $2")
            .bind(&work.id)
            .bind(&held.lease)
            .execute(&self.0.db)
            .await?;
        Ok(())
    }

    async fn remove(&self, work: &Work, held: &RefreshLease) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM long_running_work WHERE id = $1 AND lease = $2")
            .bind(&work.id)
            .bind(&held.lease)
            .execute(&self.0.db)
            .await?;
        Ok(())
    }

    /// When the work ends unless a token is acquired for it before: with the refresh token, where the provider says when
    /// that is.
    fn ends_at(&self, response: &TokenResponse) -> Timestamp {
        self.0.clock.timestamp() + response.refresh_lifetime().map_or(LIFETIME, |lifetime| lifetime.min(LIFETIME))
    }

    /// What a sealed refresh token is bound to: moved to another row, or another customer's, it does not open.
    fn refresh_context(&self, work: &Work) -> String {
        format!("long-running refresh token\n{}\n{}\n{}", work.id, work.customer, self.0.client.client_id())
    }

    fn access_context(&self, work: &Work, scopes: &str) -> String {
        let client = self.0.client.client_id();
        format!("long-running access token\n{}\n{}\n{client}\n{scopes}", work.id, work.customer)
    }
}

fn interaction(scopes: &Scopes, reason: &'static str) -> AcquireError {
    super::interaction(scopes, None, false, reason)
}

fn misconfigured(reason: &str) -> AcquireError {
    AcquireError::misconfigured(reason)
}
