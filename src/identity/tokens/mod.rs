//! Token acquisition: access tokens for the signed-in customer, from the cache or the provider.
//!
//! The cache lives in the app's database, sealed, so that any replica can serve any customer and a restart signs
//! nobody out; a few seconds of memory in front of it save the query. A customer has one refresh token; since it
//! replaces itself on use, only one task of one replica may present it at a time: a lock in this process, and a
//! lease on the row across processes, with the token read *after* both are held.

mod batches;
mod cache;
pub mod long_running;
mod rows;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::{AnyConnection, AnyPool};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use self::cache::{Cache, Cached, Lease};
use self::rows::SharedError;
use super::client::endpoint::{Times, TokenEndpointError, TokenResponse};
use super::client::request::{Grant, TokenRequest};
use super::client::{ConfidentialClient, Permit};
use super::id_token::{self, Expected, IdTokenError, Of};
use super::scopes::{Naming, Scopes};
use super::token::{PAUSE, STILL_GOOD};
use super::user_key::UserKey;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::seal::KeyRing;
use crate::platform::{hash, serve};

pub use super::token::{AccessToken, AcquireError, Options};

/// The scopes that every request carries: who it is, and to be allowed to come back while the customer is away.
pub(in crate::identity) const OPENID_SCOPES: &str = "openid profile email offline_access";
/// How long a caller waits for a token that somebody else is renewing.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the ID token of a renewal may take to be checked, when its key must be fetched.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// How long a program that ends waits for renewals: as long as one takes while provider and database are slow.
const FINISH_LIMIT: Duration = Duration::from_secs(40);
/// For how long a refresh token is not presented again after a refusal in the provider's own words.
const REFUSED: Duration = Duration::from_mins(5);
/// How often a waiting caller looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Acquires access tokens. Cheap to clone.
#[derive(Clone)]
pub struct TokenAcquisition(Arc<Inner>);

struct Inner {
    client: ConfidentialClient,
    cache: Cache,
    clock: Clock,
    /// The renewals.
    tasks: TaskTracker,
    /// One renewal per customer at a time in this process.
    renewing: moka::future::Cache<UserKey, Arc<RenewalSlot>>,
}

/// Serialises the renewals of one customer in this process.
#[derive(Default)]
struct RenewalSlot {
    /// Locked while a renewal is under way; holds the last successful renewal past the cache.
    renewing: tokio::sync::Mutex<Option<LastForcedRefresh>>,
    /// When a renewal in the background last failed.
    failed_at: Mutex<Option<Timestamp>>,
    /// The last refusal of which nobody knows what it means.
    refused: Mutex<Option<Refused>>,
}

/// A refresh token that the provider did not take.
#[derive(Clone)]
struct Refused {
    /// Its digest.
    token: String,
    at: Timestamp,
    error: AcquireError,
}

/// A successful renewal past the cache.
struct LastForcedRefresh {
    finished: Instant,
    options: Options,
    scopes: Scopes,
}

/// Whose tokens a transaction forgot, and their refresh tokens.
#[must_use = "after the commit, `revoke_after_commit`: they are still in memory and valid at the provider"]
pub(super) struct ForgottenTokens(Vec<(UserKey, Option<SecretString>)>);

/// What a renewal must return.
struct RenewalRequest<'a> {
    scopes: &'a Scopes,
    options: &'a Options,
    /// Whether a token from the cache will not do.
    bypass_cache: bool,
}

impl TokenAcquisition {
    /// Tokens in `db` (a database with [`super::MIGRATIONS`]), sealed under `keys`.
    pub fn new(client: ConfidentialClient, db: AnyPool, keys: KeyRing, clock: Clock) -> Self {
        let naming = client.provider().scope_naming();
        let cache = Cache::new(db, keys, clock.clone(), client.client_id().to_owned(), naming);
        let renewing = moka::future::Cache::builder().time_to_idle(REFUSED).build();
        Self(Arc::new(Inner { client, cache, clock, renewing, tasks: TaskTracker::new() }))
    }

    /// An access token for `customer` with at least `scopes`, all of one resource: from the cache, or renewed with
    /// the customer's refresh token.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when only the customer can help; the others say who else.
    pub async fn for_user(&self, customer: &UserKey, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        let cached = self.0.cache.find(customer, scopes).await?;
        let now = self.0.clock.timestamp();
        if let Some(cached) = cached {
            if cached.renew_at <= now {
                self.renew_in_background(customer, scopes).await;
            }
            if cached.renew_at > now || cached.expires_at > now + STILL_GOOD {
                return Ok(cached.token);
            }
        }
        self.renew_in_task(customer, scopes, &Options::default()).await
    }

    /// The app itself, for tokens that are nobody's: [`ConfidentialClient::for_app`].
    pub fn client(&self) -> &ConfidentialClient {
        &self.0.client
    }

    /// [`TokenAcquisition::for_user`] with options. A token for a claims challenge is cached like any other.
    ///
    /// # Errors
    /// As [`TokenAcquisition::for_user`].
    pub async fn for_user_with(
        &self,
        customer: &UserKey,
        scopes: &Scopes,
        options: &Options,
    ) -> Result<AccessToken, AcquireError> {
        if options.bypass_cache() {
            self.renew_in_task(customer, scopes, options).await
        } else {
            self.for_user(customer, scopes).await
        }
    }

    /// Keeps a customer's tokens after their session merely ran out, for work on their behalf while they are away; or
    /// no longer. Signing out always deletes the tokens; the setting is kept for the next sign-in.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`] when the database does not answer.
    pub async fn set_offline_use(&self, customer: &UserKey, wanted: bool) -> Result<(), AcquireError> {
        Ok(self.0.cache.set_offline_use(customer, wanted).await?)
    }

    /// Renews in a task of its own: a customer who closes the tab must not interrupt a refresh token's replacement.
    async fn renew_in_task(
        &self,
        customer: &UserKey,
        scopes: &Scopes,
        options: &Options,
    ) -> Result<AccessToken, AcquireError> {
        let this = self.clone();
        let (customer, scopes, options) = (customer.clone(), scopes.clone(), options.clone());
        let renewal = async move { this.renew(&customer, &scopes, &options).await };
        self.0
            .tasks
            .spawn(serve::with_correlation_id(serve::correlation_id(), renewal))
            .await
            .unwrap_or_else(|error| Err(AcquireError::unavailable(error)))
    }

    /// Renews while the old token still serves, unless that is under way or did not work a moment ago.
    async fn renew_in_background(&self, customer: &UserKey, scopes: &Scopes) {
        let slot = self.slot(customer).await;
        let failed = *slot.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.timestamp();
        if slot.renewing.try_lock().is_err() || failed.is_some_and(|failed| (now - failed).abs() < PAUSE) {
            return;
        }
        let this = self.clone();
        let (customer, scopes) = (customer.clone(), scopes.clone());
        let renewal = async move {
            if let Err(error) = this.renew(&customer, &scopes, &Options::default()).await {
                tracing::warn!(%error, "an access token could not be renewed; the old one serves until it expires");
                *slot.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(this.0.clock.timestamp());
            }
        };
        self.0.tasks.spawn(serve::with_correlation_id(serve::correlation_id(), renewal));
    }

    async fn slot(&self, customer: &UserKey) -> Arc<RenewalSlot> {
        self.0.renewing.get_with_by_ref(customer, async { Arc::default() }).await
    }

    /// Exchanges an authorization code: not in the turns of renewals, whose customers must not wait behind strangers.
    pub(super) async fn redeem(&self, request: &TokenRequest<'_>) -> Result<TokenResponse, TokenEndpointError> {
        self.0.client.request_with_permit(&Permit::of_its_own(), request).await
    }

    /// Remembers the tokens of a sign-in. `subject` is `sub` of its ID token, which those of renewals must repeat.
    pub(super) async fn remember(
        &self,
        customer: &UserKey,
        subject: &str,
        response: &TokenResponse,
        asked: &Scopes,
    ) -> Result<(), AcquireError> {
        if let Some(refresh_token) = &response.successor() {
            // RFC 6749 §5.1: no scope in the answer means as asked for.
            let granted = response.granted().unwrap_or_else(|| asked.clone());
            self.0.cache.put_refresh_token(customer, subject, &granted, refresh_token).await?;
        }
        if let Some(cached) = self.usable(response, asked, asked) {
            self.0.cache.put(customer, &cached).await?;
        }
        Ok(())
    }

    /// What is lost for a customer unless the next sign-in asks for it once more: at a provider that is not Entra, the grant
    /// of a sign-in takes the place of the one before, with nothing but what that sign-in asked for. Entra gives a token for
    /// all that was ever consented to.
    pub(super) async fn granted(&self, customer: &UserKey) -> Result<Scopes, sqlx::Error> {
        Ok(match self.naming() {
            Naming::Entra => Scopes::default(),
            Naming::Opaque => self.0.cache.granted(customer).await?.unwrap_or_default().of_apis(),
        })
    }

    /// Forgets all tokens of those of `customers` who have no session left, in the transaction that ended the sessions:
    /// either both happened or neither. After the commit comes [`TokenAcquisition::revoke_after_commit`].
    pub(super) async fn forget_in(
        &self,
        connection: &mut AnyConnection,
        customers: &[UserKey],
    ) -> Result<ForgottenTokens, sqlx::Error> {
        // In one order, so that two transactions cannot each wait for the other.
        let customers: BTreeSet<&UserKey> = customers.iter().collect();
        let mut forgotten = Vec::new();
        for customer in customers {
            forgotten.push((customer.clone(), self.0.cache.forget(connection, customer).await?));
        }
        Ok(ForgottenTokens(forgotten))
    }

    /// Forgets all tokens of a customer, unless they still have a session.
    pub(super) async fn forget(&self, customer: &UserKey) -> Result<(), sqlx::Error> {
        let mut transaction = self.0.cache.begin().await?;
        let forgotten = self.forget_in(&mut transaction, std::slice::from_ref(customer)).await?;
        transaction.commit().await?;
        self.revoke_after_commit(forgotten);
        Ok(())
    }

    /// What is left to do after [`TokenAcquisition::forget_in`]: forgets them in memory, too, and has the refresh tokens
    /// revoked at the provider, where it offers that; nobody waits for it.
    pub(super) fn revoke_after_commit(&self, ForgottenTokens(forgotten): ForgottenTokens) {
        for (customer, refresh_token) in forgotten {
            self.0.cache.forget_in_memory(&customer);
            if let Some(refresh_token) = refresh_token {
                self.0.client.revoke_in_background(refresh_token);
            }
        }
    }

    /// Waits for the renewals that are under way although nobody waits for them any more: a process that ended in the
    /// middle of one would lose the successor of a refresh token. Once no more requests come.
    pub async fn finish(&self) {
        self.0.tasks.close();
        if !self.0.tasks.is_empty() {
            tracing::info!("waiting for access tokens that are being renewed");
        }
        if timeout(FINISH_LIMIT, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("renewals are still under way after {} s, and are left alone", FINISH_LIMIT.as_secs());
        }
    }

    /// Removes tokens that have expired, and those of customers without a session.
    pub(super) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.0.cache.sweep().await
    }

    /// Renews with the refresh token, unless somebody else just did.
    async fn renew(&self, customer: &UserKey, scopes: &Scopes, options: &Options) -> Result<AccessToken, AcquireError> {
        let inner = &self.0;
        let arrived = Instant::now();
        let deadline = arrived + PATIENCE;
        let slot = self.slot(customer).await;
        // Whoever waits looks again before they take a lease: what they waited for may be what they want.
        let (mut last, mut came_late) = match slot.renewing.try_lock() {
            Ok(last) => (last, false),
            Err(_) => (timeout_at(deadline, slot.renewing.lock()).await.map_err(|_| busy())?, true),
        };
        // Of many callers whose token was rejected, one renews for all: a caller that arrived before the new token existed
        // cannot have been rejected with it.
        let served = last.as_ref().is_some_and(|last| {
            arrived <= last.finished && last.options == *options && last.scopes.cover(scopes, self.naming())
        });
        let wanted = RenewalRequest { scopes, options, bypass_cache: options.bypass_cache() && !served };
        // Asked for now, so that a provider that is slow to introduce itself does not use up the lease.
        if let Err(error) = inner.client.provider().metadata().await {
            return Err(AcquireError::of_provider(error));
        }
        loop {
            if came_late && let Some(token) = self.renewed_meanwhile(customer, &wanted).await? {
                return Ok(token);
            }
            came_late = true;
            // Before the lease: waiting in the queue must not use it up.
            let permit = timeout_at(deadline, inner.client.permit()).await.map_err(|_| busy())?;
            match inner.cache.lease(customer, scopes, deadline).await? {
                Lease::Taken(lease) => {
                    let outcome = self.renew_under(customer, &wanted, &lease, &slot, &permit).await;
                    // Whatever happened, nobody waits for a lease that is not used any more.
                    if outcome.is_err() {
                        inner.cache.release(customer, &lease).await?;
                    }
                    if let Some(token) = outcome? {
                        if wanted.bypass_cache {
                            *last = Some(LastForcedRefresh {
                                finished: Instant::now(),
                                options: options.clone(),
                                scopes: scopes.clone(),
                            });
                        }
                        return Ok(token);
                    }
                }
                Lease::NoRefreshToken => {
                    return Err(interaction(scopes, options.claims.clone(), false, "there is no refresh token"));
                }
                Lease::Busy if Instant::now() > deadline => return Err(busy()),
                Lease::Busy => {
                    drop(permit);
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// A token that another replica stored meanwhile, if a cached token will do.
    async fn renewed_meanwhile(
        &self,
        customer: &UserKey,
        wanted: &RenewalRequest<'_>,
    ) -> Result<Option<AccessToken>, AcquireError> {
        if wanted.bypass_cache {
            return Ok(None);
        }
        Ok(self.current(self.0.cache.find_in_database(customer, wanted.scopes).await?))
    }

    /// A token that need not be renewed yet.
    fn current(&self, cached: Option<Cached>) -> Option<AccessToken> {
        cached.filter(|cached| cached.renew_at > self.0.clock.timestamp()).map(|cached| cached.token)
    }

    /// Renews while nobody else may. `None`: the refresh token was replaced meanwhile (by a sign-in on another device),
    /// or is over and gone; either way the caller looks again.
    async fn renew_under(
        &self,
        customer: &UserKey,
        wanted: &RenewalRequest<'_>,
        lease: &cache::RefreshLease,
        slot: &RenewalSlot,
        permit: &Permit,
    ) -> Result<Option<AccessToken>, AcquireError> {
        let inner = &self.0;
        let scopes = wanted.scopes;
        // Somebody may have renewed between our look and the lease.
        if !wanted.bypass_cache
            && let Some(token) = self.current(inner.cache.find_under(lease, customer, scopes)?)
        {
            inner.cache.release(customer, lease).await?;
            return Ok(Some(token));
        }
        // Until the customer signs in again, this refresh token would be refused again: the refusal is reused for a while.
        let now = inner.clock.timestamp();
        let refused = slot.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(refused) = refused
            && refused.token == digest(&lease.refresh_token)
            && (now - refused.at).abs() < REFUSED
        {
            return Err(refused.error);
        }
        // Entra issues a token for one resource, which must be named. Elsewhere nothing is named (RFC 6749 §6): the token is
        // for all that was granted. Some providers narrow the successor of the refresh token to the scopes that were named.
        let scope = match self.naming() {
            Naming::Entra => format!("{OPENID_SCOPES} {scopes}"),
            Naming::Opaque => String::new(),
        };
        let claims = inner.client.claims(wanted.options.claims.as_deref())?;
        let grant = Grant::RefreshToken { refresh_token: &lease.refresh_token, scopes: &scope };
        let request = TokenRequest { grant, claims: claims.as_deref() };
        match inner.client.request_with_permit(permit, &request).await {
            Ok(response) => self.accept_renewal(customer, wanted, lease, &response).await,
            Err(error) if matches!(error, TokenEndpointError::Over { .. }) || error.refuses_grant() => {
                tracing::info!(%error, "a refresh token is over");
                inner.cache.drop_refresh_token(customer, lease).await?;
                Ok(None)
            }
            // Consent or step-up does not invalidate the refresh token: it is kept.
            Err(error @ TokenEndpointError::Interaction { .. }) => {
                tracing::info!(%error, "the provider wants the customer");
                Err(error.into_acquire_error(scopes, wanted.options.claims.as_deref()))
            }
            Err(error) => {
                tracing::error!(%error, "an access token could not be renewed");
                let is_unknown = error.is_unknown_refusal();
                let error = error.into_acquire_error(scopes, None);
                if is_unknown {
                    let refused = Refused { token: digest(&lease.refresh_token), at: now, error: error.clone() };
                    *slot.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
                }
                Err(error)
            }
        }
    }

    /// Checks and stores the result of a renewal.
    async fn accept_renewal(
        &self,
        customer: &UserKey,
        wanted: &RenewalRequest<'_>,
        lease: &cache::RefreshLease,
        response: &TokenResponse,
    ) -> Result<Option<AccessToken>, AcquireError> {
        let inner = &self.0;
        let unusable = || AcquireError::misconfigured("the provider sent an access token that cannot be used");
        // RFC 6749 §5.1, §6: no scope in the answer means as asked for; where nothing was named, all that was granted.
        let unsaid = lease.granted.as_ref().filter(|_| self.naming() == Naming::Opaque).unwrap_or(wanted.scopes);
        let mut cached = self.usable(response, wanted.scopes, unsaid).ok_or_else(unusable);
        if let Some(id_token) = &response.id_token {
            let expected = Expected {
                client_id: inner.client.client_id(),
                trusted_audiences: inner.client.trusted_audiences(),
                of: Of::Renewal(&lease.subject),
                access_token: response.raw_token(),
                now: inner.clock.unix_seconds(),
            };
            let check = id_token::verify(inner.client.provider(), id_token.expose_secret(), &expected);
            // Not for longer: the successor of the refresh token is in no database yet.
            match timeout(CHECK_LIMIT, check).await.unwrap_or(Err(IdTokenError::TimedOut)) {
                Ok(_) => {}
                Err(error) if error.is_somebody_elses() => {
                    tracing::error!(%error, "a renewal brought an ID token of somebody else: the customer is signed out");
                    inner.cache.drop_customer(customer).await?;
                    let reason = "a renewal brought an ID token of somebody else";
                    return Err(interaction(wanted.scopes, None, false, reason));
                }
                // OpenID Connect Core §12.2: the ID token is optional in a refresh response; an unreadable one counts as absent.
                Err(error) if error.is_unreadable() => {
                    tracing::warn!(%error, "the ID token of a renewal cannot be read and counts as absent");
                }
                // Nothing can be said about it: the refresh token's successor is kept, the access token is not used.
                Err(error) => {
                    tracing::error!(%error, "the ID token of a renewal cannot be checked");
                    cached = Err(AcquireError::unavailable(error));
                }
            }
        }
        if !self.commit_renewal(customer, wanted, lease, response, cached.as_ref().ok()).await? {
            // Signed out, or in again, while we were asking: what came back belongs to nobody.
            if let Some(successor) = response.successor() {
                inner.client.revoke_in_background(successor);
            }
            return Ok(None);
        }
        if let Some(left) = response.refresh_lifetime() {
            let ends_at = inner.clock.timestamp() + left;
            if let Err(error) = inner.cache.extend_sessions(customer, ends_at).await {
                tracing::warn!(%error, "a session will end sooner than it could");
            }
        }
        let cached = cached?;
        if cached.scopes.cover(wanted.scopes, self.naming()) {
            Ok(Some(cached.token))
        } else {
            let reason = "the provider granted less than was asked for";
            Err(interaction(wanted.scopes, wanted.options.claims.clone(), true, reason))
        }
    }

    /// Stores the result of a renewal. The provider has replaced the refresh token by now: presenting the old one again
    /// would look like theft and revoke all of the customer's grants (RFC 9700 §4.14.2). So storing is retried when the
    /// database fails, and if it keeps failing the old one is deleted rather than kept.
    async fn commit_renewal(
        &self,
        customer: &UserKey,
        wanted: &RenewalRequest<'_>,
        lease: &cache::RefreshLease,
        response: &TokenResponse,
        cached: Option<&Cached>,
    ) -> Result<bool, AcquireError> {
        let successor = response.successor();
        let sealed = self.0.cache.seal(customer, successor.as_ref().unwrap_or(&lease.refresh_token));
        let mut tries = 1;
        loop {
            match self.0.cache.commit_renewal(customer, lease, &sealed, cached, wanted.options.bypass_cache()).await {
                // A try that seemed to fail may have been the one that gave the lease back: no reason to revoke what it kept.
                Ok(false) if tries > 1 => return Ok(self.0.cache.is_stored(customer, &sealed).await?),
                Ok(kept) => return Ok(kept),
                Err(error) if tries < 4 => {
                    tracing::warn!(%error, tries, "a renewal could not be stored; trying again");
                    tokio::time::sleep(LOOK_AGAIN * tries).await;
                    tries += 1;
                }
                Err(error) => {
                    self.0.cache.drop_refresh_token(customer, lease).await?;
                    return Err(error.into());
                }
            }
        }
    }

    fn naming(&self) -> Naming {
        self.0.client.provider().scope_naming()
    }

    /// The access token of a response, with its times; `None` when it cannot go into a header. What it is for is `unsaid`
    /// where the response does not say.
    fn usable(&self, response: &TokenResponse, asked: &Scopes, unsaid: &Scopes) -> Option<Cached> {
        let token = response.token()?;
        let granted = response.granted().unwrap_or_else(|| unsaid.clone());
        let naming = self.naming();
        // An answer about `.default` may name what that stands for.
        let scopes = granted.of_apis().of_resource(&asked.resource(naming), naming).union(&asked.defaults(naming));
        let Times { renew_at, expires_at } = response.times(self.0.clock.timestamp());
        Some(Cached { scopes, token, renew_at, expires_at })
    }
}

fn digest(token: &SecretString) -> String {
    hash::sha256_base64url(token.expose_secret())
}

fn interaction(scopes: &Scopes, claims: Option<String>, consent: bool, reason: &'static str) -> AcquireError {
    AcquireError::InteractionRequired { scopes: scopes.clone(), claims, consent, reason }
}

fn busy() -> AcquireError {
    AcquireError::Busy("others are still renewing")
}

impl From<SharedError> for AcquireError {
    fn from(error: SharedError) -> Self {
        Self::unavailable(error)
    }
}
