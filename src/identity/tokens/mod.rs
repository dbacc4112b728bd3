//! Token acquisition: access tokens for the signed-in customer, from the cache or the provider.
//!
//! The cache lives in the app's database, sealed, so that any replica can serve any customer and a restart signs
//! nobody out; a few seconds of memory in front of it save the query. A customer has one refresh token; since it
//! replaces itself on use, only one task of one replica may present it at a time: a lock in this process, and a
//! lease on the row across processes, with the token read *after* both are held.

mod cache;
pub(in crate::identity) mod endpoint;

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::AnyPool;

use self::cache::{Cache, Cached, Lease};
use self::endpoint::{TokenEndpoint, TokenEndpointError, TokenResponse};
use super::scopes::Scopes;
use super::session::CustomerKey;
use crate::platform::clock::Clock;
use crate::platform::seal::KeyRing;

/// The scopes that every request carries: who it is, and to be allowed to come back while the customer is away.
pub(in crate::identity) const OPENID_SCOPES: &str = "openid profile email offline_access";
/// For how long, in milliseconds, a token must still live to be used while a new one is fetched in the background.
const STILL_GOOD: i64 = 30_000;
/// How long a caller waits for a token that somebody else is renewing.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a waiting caller looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Seconds that a token lives when the provider does not say (RFC 6749 §5.1 only recommends `expires_in`).
const DEFAULT_LIFETIME: i64 = 300;

/// An access token. Prints nothing; goes into an `Authorization` header and nowhere else.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// The value of an `Authorization` header (RFC 6750 §2.1).
    ///
    /// # Panics
    /// Never: tokens come from JSON and are checked for header characters when they are stored.
    pub fn authorization_header(&self) -> reqwest::header::HeaderValue {
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret()))
            .expect("an access token was checked for header characters before it was stored");
        value.set_sensitive(true);
        value
    }
}

/// Why there is no access token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AcquireError {
    /// The customer must go to the provider: nothing cached, the grant is over, or a permission is missing.
    #[error("the customer must sign in again or consent: {reason}")]
    InteractionRequired {
        /// What is needed.
        scopes: Scopes,
        /// A claims challenge for the authorization endpoint.
        claims: Option<String>,
        /// Why, for the log.
        reason: &'static str,
    },
    /// The provider or the database did not answer, or the provider refuses the app; the session goes on.
    #[error("no token can be had right now: {0}")]
    Unavailable(String),
}

impl From<sqlx::Error> for AcquireError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Acquires access tokens. Cheap to clone.
#[derive(Clone)]
pub struct TokenAcquisition(Arc<Inner>);

struct Inner {
    endpoint: TokenEndpoint,
    cache: Cache,
    clock: Clock,
    /// One renewal per customer at a time in this process.
    renewing: moka::future::Cache<CustomerKey, Arc<tokio::sync::Mutex<()>>>,
}

impl TokenAcquisition {
    pub(super) fn new(endpoint: TokenEndpoint, db: AnyPool, keys: KeyRing, clock: Clock) -> Self {
        let cache = Cache::new(db, keys, clock.clone(), endpoint.client_id.clone());
        let renewing = moka::future::Cache::builder().time_to_idle(Duration::from_mins(2)).build();
        Self(Arc::new(Inner { endpoint, cache, clock, renewing }))
    }

    /// An access token for `customer` with at least `scopes`, all of one resource: from the cache, or renewed with
    /// the customer's refresh token.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when only the customer can help, else [`AcquireError::Unavailable`].
    pub async fn for_user(&self, customer: &CustomerKey, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        let cached = self.0.cache.find(customer, scopes).await?;
        let now = self.0.clock.unix_millis();
        if let Some(cached) = cached {
            if cached.renew_at <= now {
                self.renew_in_background(customer, scopes).await;
            }
            if cached.renew_at > now || cached.expires_at > now + STILL_GOOD {
                return Ok(cached.token);
            }
        }
        // A task of its own: a customer who closes the tab must not interrupt a refresh token's replacement.
        let this = self.clone();
        let (customer, scopes) = (customer.clone(), scopes.clone());
        tokio::spawn(async move { this.renew(&customer, &scopes).await })
            .await
            .unwrap_or_else(|e| Err(AcquireError::Unavailable(e.to_string())))
    }

    /// An API did not accept a token that should be good (its keys or its registration changed): the next
    /// [`TokenAcquisition::for_user`] brings a new one.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`] when the database does not answer.
    pub async fn discard(&self, customer: &CustomerKey, scopes: &Scopes) -> Result<(), AcquireError> {
        Ok(self.0.cache.drop_access_tokens(customer, scopes.resource()).await?)
    }

    /// Renews while the old token still serves, unless that is under way.
    async fn renew_in_background(&self, customer: &CustomerKey, scopes: &Scopes) {
        let lock = self.0.renewing.get_with_by_ref(customer, async { Arc::default() }).await;
        if lock.try_lock().is_err() {
            return;
        }
        let this = self.clone();
        let (customer, scopes) = (customer.clone(), scopes.clone());
        tokio::spawn(async move {
            if let Err(error) = this.renew(&customer, &scopes).await {
                tracing::warn!(%error, "an access token could not be renewed; the old one serves until it expires");
            }
        });
    }

    /// Exchanges an authorization code.
    pub(super) async fn redeem(&self, parameters: &[(&str, &str)]) -> Result<TokenResponse, TokenEndpointError> {
        self.0.endpoint.request(parameters).await
    }

    /// Remembers the tokens of a sign-in.
    pub(super) async fn remember(
        &self,
        customer: &CustomerKey,
        response: &TokenResponse,
        asked: &Scopes,
    ) -> Result<(), AcquireError> {
        if let Some(refresh_token) = &response.refresh_token {
            self.0.cache.put_refresh_token(customer, refresh_token).await?;
        }
        if let Some(cached) = self.usable(response, asked) {
            self.0.cache.put(customer, &cached).await?;
        }
        Ok(())
    }

    /// Forgets all tokens of a customer.
    pub(super) async fn forget(&self, customer: &CustomerKey) -> Result<(), sqlx::Error> {
        self.0.cache.forget(customer).await
    }

    /// Removes tokens that have expired, and those of customers without a session.
    pub(super) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.0.cache.sweep().await
    }

    /// Renews with the refresh token, unless somebody else just did.
    async fn renew(&self, customer: &CustomerKey, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        let inner = &self.0;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let busy = || AcquireError::Unavailable("somebody else is still renewing".to_owned());
        let lock = inner.renewing.get_with_by_ref(customer, async { Arc::default() }).await;
        let _held = tokio::time::timeout_at(deadline, lock.lock()).await.map_err(|_| busy())?;
        // Asked for now, so that a provider that is slow to introduce itself does not use up the lease.
        if let Err(error) = inner.endpoint.provider.metadata().await {
            return Err(AcquireError::Unavailable(error.to_string()));
        }
        loop {
            if let Some(cached) = inner.cache.find_in_database(customer, scopes).await?
                && cached.renew_at > inner.clock.unix_millis()
            {
                return Ok(cached.token);
            }
            match inner.cache.lease(customer).await? {
                Lease::Taken(lease) => {
                    let outcome = self.renew_under(customer, scopes, &lease).await;
                    // Whatever happened, nobody waits for a lease that is not used any more.
                    if outcome.is_err() {
                        inner.cache.release(customer, &lease).await?;
                    }
                    if let Some(token) = outcome? {
                        return Ok(token);
                    }
                }
                Lease::NoRefreshToken => {
                    return Err(interaction(scopes, None, "there is no refresh token"));
                }
                Lease::Busy if tokio::time::Instant::now() > deadline => return Err(busy()),
                Lease::Busy => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Renews while nobody else may. `None`: the refresh token was replaced meanwhile (by a sign-in on another device),
    /// or is over and gone; either way the caller looks again.
    async fn renew_under(
        &self,
        customer: &CustomerKey,
        scopes: &Scopes,
        lease: &cache::Held,
    ) -> Result<Option<AccessToken>, AcquireError> {
        let inner = &self.0;
        // Somebody may have renewed between our look and the lease.
        if let Some(cached) = inner.cache.find_in_database(customer, scopes).await?
            && cached.renew_at > inner.clock.unix_millis()
        {
            inner.cache.release(customer, lease).await?;
            return Ok(Some(cached.token));
        }
        // RFC 6749 §6. One resource per request, as Entra demands.
        let answer = inner
            .endpoint
            .request(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", lease.refresh_token.expose_secret()),
                ("scope", &format!("{OPENID_SCOPES} {scopes}")),
            ])
            .await;
        match answer {
            Ok(response) => {
                let cached = self.usable(&response, scopes);
                if !self.settle(customer, lease, &response, cached.as_ref()).await? {
                    // Signed out, or in again, while we were asking: what came back belongs to nobody.
                    return Ok(None);
                }
                let cached = cached.ok_or_else(|| {
                    AcquireError::Unavailable("the provider sent an access token that cannot be used".to_owned())
                })?;
                if cached.scopes.cover(scopes) {
                    Ok(Some(cached.token))
                } else {
                    Err(interaction(scopes, None, "the provider granted less than was asked for"))
                }
            }
            Err(TokenEndpointError::Interaction { error, codes, claims }) => {
                tracing::info!(error, ?codes, "a refresh token is over, or the provider wants the customer");
                // Only a fatal error ends the grant; a wish for consent or more proof leaves it as it is.
                if error == "invalid_grant" || error == "bad_token" {
                    inner.cache.drop_refresh_token(customer, lease).await?;
                    return Ok(None);
                }
                Err(interaction(scopes, claims, "the provider wants the customer"))
            }
            Err(error) => {
                tracing::error!(%error, "an access token could not be renewed");
                Err(AcquireError::Unavailable(error.to_string()))
            }
        }
    }

    /// Stores what a renewal brought. The provider has replaced the refresh token by now: presenting the old one again
    /// would look like theft and end all of the customer's grants. So it is tried again when the database fails, and in
    /// the end the old one is dropped rather than kept.
    async fn settle(
        &self,
        customer: &CustomerKey,
        lease: &cache::Held,
        response: &TokenResponse,
        cached: Option<&Cached>,
    ) -> Result<bool, AcquireError> {
        let successor = response.refresh_token.as_ref();
        let mut tries = 1;
        loop {
            match self.0.cache.settle(customer, lease, successor, cached).await {
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

    /// The access token of a response, with its times; `None` when it cannot go into a header.
    fn usable(&self, response: &TokenResponse, asked: &Scopes) -> Option<Cached> {
        let token = response.access_token.expose_secret();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        // RFC 6749 §5.1: no scope in the answer means as asked for.
        let granted = response.scope.as_deref().map_or_else(|| asked.clone(), Scopes::parse);
        let resource = asked.resource();
        let scopes: Scopes = granted
            .iter()
            .filter(|scope| !OPENID_SCOPES.split(' ').any(|s| s == *scope))
            .filter(|scope| resource.is_empty() || scope.starts_with(resource))
            .collect();
        let now = self.0.clock.unix_millis();
        let lifetime = response.expires_in.unwrap_or(DEFAULT_LIFETIME).clamp(0, 24 * 3600) * 1000;
        // Renew five minutes early, or at half time when it lives shorter than ten.
        let renew_at = now + lifetime - (lifetime / 2).min(300_000);
        Some(Cached { scopes, token: AccessToken(response.access_token.clone()), renew_at, expires_at: now + lifetime })
    }
}

fn interaction(scopes: &Scopes, claims: Option<String>, reason: &'static str) -> AcquireError {
    AcquireError::InteractionRequired { scopes: scopes.clone(), claims, reason }
}
