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

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sqlx::AnyPool;

use self::cache::{Cache, Cached, Lease};
use self::endpoint::{Times, TokenEndpointError, TokenResponse};
use super::bearer::IncomingToken;
use super::client::ConfidentialClient;
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

/// An access token. Prints nothing; goes into an `Authorization` header and nowhere else.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// A token, if it can go into a header.
    pub(in crate::identity) fn parse(token: &SecretString) -> Option<Self> {
        let text = token.expose_secret();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())).then(|| Self(token.clone()))
    }

    /// The token itself, to be sealed.
    fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value of an `Authorization` header (RFC 6750 §2.1).
    ///
    /// # Panics
    /// Never: tokens are checked for header characters when they come.
    pub fn authorization_header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret()))
            .expect("an access token was checked for header characters when it came");
        value.set_sensitive(true);
        value
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken")
    }
}

/// How a token is acquired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A claims challenge, as JSON: a token that was cached does not have what it asks for, so the cache is bypassed.
    pub claims: Option<String>,
    /// Acquires a new token although a cached one seems good.
    pub force_refresh: bool,
}

impl Options {
    pub(in crate::identity) fn bypass_cache(&self) -> bool {
        self.force_refresh || self.claims.is_some()
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
        /// What is missing is the customer's permission, not their sign-in.
        consent: bool,
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
    client: ConfidentialClient,
    cache: Cache,
    clock: Clock,
    /// One renewal per customer at a time in this process.
    renewing: moka::future::Cache<CustomerKey, Arc<tokio::sync::Mutex<()>>>,
}

impl TokenAcquisition {
    /// Tokens in `db` (a database with [`super::MIGRATIONS`]), sealed under `keys`.
    pub fn new(client: ConfidentialClient, db: AnyPool, keys: KeyRing, clock: Clock) -> Self {
        let cache = Cache::new(db, keys, clock.clone(), client.client_id().to_owned());
        let renewing = moka::future::Cache::builder().time_to_idle(Duration::from_mins(2)).build();
        Self(Arc::new(Inner { client, cache, clock, renewing }))
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

    /// The app itself, for tokens that are nobody's: [`ConfidentialClient::for_app`].
    pub fn client(&self) -> &ConfidentialClient {
        &self.0.client
    }

    /// [`TokenAcquisition::for_user`] with options.
    ///
    /// # Errors
    /// As [`TokenAcquisition::for_user`].
    pub async fn for_user_with(
        &self,
        customer: &CustomerKey,
        scopes: &Scopes,
        options: &Options,
    ) -> Result<AccessToken, AcquireError> {
        if options.claims.is_some() {
            return Err(AcquireError::Unavailable("claims challenges are not answered yet".to_owned()));
        }
        if options.force_refresh {
            self.discard(customer, scopes).await?;
        }
        self.for_user(customer, scopes).await
    }

    /// [`TokenAcquisition::for_user`], as the value of an `Authorization` header.
    ///
    /// # Errors
    /// As [`TokenAcquisition::for_user`].
    pub async fn authorization_header_for_user(
        &self,
        customer: &CustomerKey,
        scopes: &Scopes,
    ) -> Result<HeaderValue, AcquireError> {
        Ok(self.for_user(customer, scopes).await?.authorization_header())
    }

    /// [`ConfidentialClient::for_app`], as the value of an `Authorization` header.
    ///
    /// # Errors
    /// As [`ConfidentialClient::for_app`].
    pub async fn authorization_header_for_app(&self, scopes: &Scopes) -> Result<HeaderValue, AcquireError> {
        Ok(self.0.client.for_app(scopes).await?.authorization_header())
    }

    /// [`ConfidentialClient::on_behalf_of`], as the value of an `Authorization` header.
    ///
    /// # Errors
    /// As [`ConfidentialClient::on_behalf_of`].
    pub async fn authorization_header_on_behalf_of(
        &self,
        incoming: &IncomingToken,
        scopes: &Scopes,
    ) -> Result<HeaderValue, AcquireError> {
        Ok(self.0.client.on_behalf_of(incoming, scopes).await?.authorization_header())
    }

    /// Keeps a customer's tokens after their session merely ran out, for work on their behalf while they are away; or
    /// no longer. Signing out drops the tokens in any case; the wish is kept for the next sign-in.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`] when the database does not answer.
    pub async fn set_offline_use(&self, customer: &CustomerKey, wanted: bool) -> Result<(), AcquireError> {
        Ok(self.0.cache.set_offline_use(customer, wanted).await?)
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
        self.0.client.request(parameters).await
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
        if let Err(error) = inner.client.provider().metadata().await {
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
        // RFC 6749 §6: one resource per request, as Entra demands, and nothing beyond the grant. Entra wants all that sign-in
        // asked for. Others may have granted less of it (`offline_access` needs `prompt=consent` at some) and refuse a
        // renewal that names the rest; what the new refresh token is good for does not depend on this list.
        let metadata = inner.client.provider().metadata().await;
        let metadata = metadata.map_err(|error| AcquireError::Unavailable(error.to_string()))?;
        let openid = if metadata.tenant.is_some() { OPENID_SCOPES } else { "openid" };
        let answer = inner
            .client
            .request(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", lease.refresh_token.expose_secret()),
                ("scope", &format!("{openid} {scopes}")),
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
            Err(TokenEndpointError::Over { error, codes }) => {
                tracing::info!(error, ?codes, "a refresh token is over");
                inner.cache.drop_refresh_token(customer, lease).await?;
                Ok(None)
            }
            // A wish for consent or more proof leaves the grant as it is.
            Err(error @ TokenEndpointError::Interaction { .. }) => {
                tracing::info!(%error, "the provider wants the customer");
                Err(error.into_acquire_error(scopes, None))
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
        let token = response.token()?;
        // RFC 6749 §5.1: no scope in the answer means as asked for.
        let granted = response.scope.as_deref().map_or_else(|| asked.clone(), Scopes::parse);
        let resource = asked.resource();
        let scopes: Scopes = granted
            .iter()
            .filter(|scope| !OPENID_SCOPES.split(' ').any(|s| s == *scope))
            .filter(|scope| resource.is_empty() || scope.starts_with(resource))
            .collect();
        let Times { renew_at, expires_at } = response.times(self.0.clock.unix_millis());
        Some(Cached { scopes, token, renew_at, expires_at })
    }
}

fn interaction(scopes: &Scopes, claims: Option<String>, reason: &'static str) -> AcquireError {
    AcquireError::InteractionRequired { scopes: scopes.clone(), claims, consent: false, reason }
}
