//! An app as its provider knows it (a confidential client, RFC 6749 §2.1): its registration and credentials, and the
//! tokens that it gets without a session: as itself, and on behalf of a caller. Needs no database.

pub(in crate::identity) mod endpoint;
pub mod probe;
pub(in crate::identity) mod request;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use openidconnect::core::CoreClientAuthMethod;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use self::endpoint::{MAX_ANSWER, TokenEndpointError, TokenResponse};
use self::request::{Authentication, Grant, TokenRequest};
use super::config::ClientConfig;
use super::credential::{Audiences, Credentials, Loaded, Proof};
use super::http::{Answers, Http};
use super::provider::{Metadata, Provider};
use super::scopes::Scopes;
use super::token::{AccessToken, AcquireError, IncomingToken, Options, PAUSE, STILL_GOOD};
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::config::{ConfigError, Mode};
use crate::platform::{hash, serve};

/// How many requests one app has at the token endpoint at the same time.
const AT_ONCE: usize = 128;
/// How long, all tries together, a token request may take. A lease on a refresh token lasts longer.
const LIMIT: Duration = Duration::from_secs(12);
/// How long revoking a token may take.
const REVOCATION_LIMIT: Duration = Duration::from_secs(5);
/// Tokens that are remembered at most, of an app and on behalf of callers together.
const REMEMBERED: u64 = 10_000;

/// The app as its provider knows it. Cheap to clone; clones share what was acquired.
#[derive(Clone)]
pub struct ConfidentialClient(Arc<Inner>);

struct Inner {
    provider: Provider,
    http: reqwest::Client,
    clock: Clock,
    client_id: String,
    credentials: Credentials,
    capabilities: Vec<String>,
    trusted_audiences: Vec<String>,
    permits: Arc<Semaphore>,
    /// Keyed by what was asked for and, on behalf of a caller, by the digest of their token: see [`AppTokenRequest::key`].
    slots: moka::future::Cache<String, Arc<TokenSlot>>,
}

/// One token, and who is getting the next.
#[derive(Default)]
struct TokenSlot {
    known: RwLock<Option<CachedToken>>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
    /// When a renewal in the background last failed.
    failed_at: Mutex<Option<Timestamp>>,
}

#[derive(Clone)]
struct CachedToken {
    /// Counts the tokens of a slot: who saw number 3 and wants a new one is served by number 4.
    number: u64,
    /// The claims challenge that it was acquired for.
    claims: Option<String>,
    token: AccessToken,
    renew_at: Timestamp,
    expires_at: Timestamp,
}

impl TokenSlot {
    fn read(&self) -> Option<CachedToken> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, token: AccessToken, claims: Option<String>, renew_at: Timestamp, expires_at: Timestamp) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let number = known.as_ref().map_or(1, |known| known.number + 1);
        *known = Some(CachedToken { number, claims, token, renew_at, expires_at });
    }
}

/// A token without a session: for the app itself or on behalf of a caller.
struct AppTokenRequest {
    assertion: Option<IncomingToken>,
    scopes: Scopes,
    claims: Option<String>,
}

impl AppTokenRequest {
    /// The whole digest of the caller's token is part of it, so that nobody is ever served another caller's token; the
    /// issuer and this client are the [`ConfidentialClient`]'s own.
    fn key(&self) -> String {
        let caller = self.assertion.as_ref().map(|token| hash::sha256_base64url(token.expose())).unwrap_or_default();
        format!("{caller}\n{}", self.scopes)
    }

    fn expires_at(&self) -> Timestamp {
        self.assertion.as_ref().map_or(Timestamp::MAX, IncomingToken::expires_at)
    }
}

impl ConfidentialClient {
    /// Checks the registration at `key` and reads its credentials. Does not ask the provider.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key: no client id, no credential, or one that cannot be used.
    pub fn new(
        key: &str,
        config: &ClientConfig,
        mode: Mode,
        http: reqwest::Client,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let client_id = config.client_id.clone().unwrap_or_default();
        if client_id.trim().is_empty() {
            let remedy = "give the application (client) id of the registration";
            return Err(ConfigError::refused(&format!("{key}.client_id"), "is missing or empty", remedy));
        }
        let credentials = Credentials::read(&format!("{key}.client_credentials"), &config.client_credentials, &clock)?;
        let provider =
            Provider::new(&config.provider(), mode, http.clone(), clock.clone()).map_err(|error| error.at(key))?;
        Ok(Self(Arc::new(Inner {
            provider,
            http,
            clock,
            client_id,
            credentials,
            capabilities: config.client_capabilities.clone(),
            trusted_audiences: config.trusted_audiences.clone(),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            slots: moka::future::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_hours(1))
                .build(),
        })))
    }

    /// The provider.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Application (client) id.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Which audiences ID and logout tokens may have besides this client.
    pub(in crate::identity) fn trusted_audiences(&self) -> &[String] {
        &self.0.trusted_audiences
    }

    /// An access token for the app itself (`client_credentials`, RFC 6749 §4.4): from memory, or acquired. At Entra
    /// the scope is `{resource}/.default`.
    ///
    /// # Errors
    /// [`AcquireError`], but never [`AcquireError::InteractionRequired`]: there is nobody who could be asked to act.
    pub async fn for_app(&self, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        self.for_app_with(scopes, &Options::default()).await
    }

    /// [`ConfidentialClient::for_app`] with options.
    ///
    /// # Errors
    /// As [`ConfidentialClient::for_app`].
    pub async fn for_app_with(&self, scopes: &Scopes, options: &Options) -> Result<AccessToken, AcquireError> {
        let wanted = AppTokenRequest { assertion: None, scopes: scopes.clone(), claims: options.claims.clone() };
        self.acquire(wanted, options.bypass_cache()).await.map_err(|error| match error {
            AcquireError::InteractionRequired { reason, .. } => AcquireError::misconfigured(reason),
            error => error,
        })
    }

    /// An access token for the user who sent `incoming`, for an API further on (on-behalf-of, RFC 7523 §2.1 with
    /// Entra's `requested_token_use`): from memory, or acquired. It is never used beyond the expiry of either token.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when the user must act; [`AcquireError::Misconfigured`] also when `incoming` is
    /// an app's, for which there is no user.
    pub async fn on_behalf_of(&self, incoming: &IncomingToken, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        self.on_behalf_of_with(incoming, scopes, &Options::default()).await
    }

    /// [`ConfidentialClient::on_behalf_of`] with options.
    ///
    /// # Errors
    /// As [`ConfidentialClient::on_behalf_of`].
    pub async fn on_behalf_of_with(
        &self,
        incoming: &IncomingToken,
        scopes: &Scopes,
        options: &Options,
    ) -> Result<AccessToken, AcquireError> {
        if !incoming.is_users() {
            let reason = "an app's token names no user to act on behalf of";
            return Err(AcquireError::misconfigured(reason));
        }
        let wanted = AppTokenRequest {
            assertion: Some(incoming.clone()),
            scopes: scopes.clone(),
            claims: options.claims.clone(),
        };
        self.acquire(wanted, options.bypass_cache()).await
    }

    /// `claims` of a request (OpenID Connect Core §5.5): what this app can handle, merged with a challenge. `None`: no
    /// such parameter.
    ///
    /// # Errors
    /// [`MalformedClaims`] when the challenge is not a JSON object.
    pub fn claims(&self, challenge: Option<&str>) -> Result<Option<String>, MalformedClaims> {
        merge_claims(&self.0.capabilities, challenge)
    }

    async fn acquire(&self, wanted: AppTokenRequest, fresh: bool) -> Result<AccessToken, AcquireError> {
        let inner = &self.0;
        let now = inner.clock.timestamp();
        let key = wanted.key();
        if wanted.expires_at() <= now {
            return Err(AcquireError::InteractionRequired {
                scopes: wanted.scopes,
                claims: None,
                consent: false,
                reason: "the caller's token has expired",
            });
        }
        let slot = match inner.slots.get(&key).await {
            Some(slot) => slot,
            None => inner.slots.get_with(key, async { Arc::default() }).await,
        };
        if !fresh && let Some(known) = slot.read().filter(|known| known.expires_at > now) {
            if known.renew_at > now {
                return Ok(known.token);
            }
            if known.expires_at > now + STILL_GOOD {
                self.renew_in_background(slot, wanted);
                return Ok(known.token);
            }
        }
        let before = slot.read().map_or(0, |known| known.number);
        let _held = slot.fetching.lock().await;
        // Another task may have refreshed the token while this one waited for the lock.
        let now = inner.clock.timestamp();
        if let Some(known) = slot.read().filter(|known| known.renew_at > now)
            && (!fresh || known.number > before && (wanted.claims.is_none() || wanted.claims == known.claims))
        {
            return Ok(known.token);
        }
        self.fetch(&slot, &wanted).await
    }

    fn renew_in_background(&self, slot: Arc<TokenSlot>, wanted: AppTokenRequest) {
        let failed = *slot.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|failed| (self.0.clock.timestamp() - failed).abs() < PAUSE) {
            return;
        }
        let this = self.clone();
        let renewal = async move {
            let Ok(_held) = slot.fetching.try_lock() else { return };
            if let Err(error) = this.fetch(&slot, &wanted).await {
                tracing::warn!(%error, "an access token could not be renewed; the old one serves until it expires");
                *slot.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(this.0.clock.timestamp());
            }
        };
        tokio::spawn(serve::with_correlation_id(serve::correlation_id(), renewal));
    }

    /// Asks the provider. The caller holds the slot's lock.
    async fn fetch(&self, slot: &TokenSlot, wanted: &AppTokenRequest) -> Result<AccessToken, AcquireError> {
        let scopes = wanted.scopes.to_string();
        let claims = self.claims(wanted.claims.as_deref())?;
        let grant = match &wanted.assertion {
            None => Grant::ClientCredentials { scopes: &scopes },
            Some(incoming) => Grant::OnBehalfOf { assertion: incoming.expose(), scopes: &scopes },
        };
        let request = TokenRequest { grant, claims: claims.as_deref() };
        let response = self.request(&request).await.map_err(|error| {
            tracing::warn!(%error, scopes, "no access token could be acquired");
            error.into_acquire_error(&wanted.scopes, wanted.claims.as_deref())
        })?;
        let token = response
            .token()
            .ok_or_else(|| AcquireError::misconfigured("the provider sent an access token that cannot be used"))?;
        let times = response.times(self.0.clock.timestamp());
        let expires_at = times.expires_at.min(wanted.expires_at());
        slot.write(token.clone(), wanted.claims.clone(), times.renew_at.min(expires_at), expires_at);
        Ok(token)
    }

    /// A turn at the token endpoint, for a caller who must have it before they take something that others wait for.
    pub(in crate::identity) async fn permit(&self) -> Permit {
        // The semaphore is never closed.
        Permit(Arc::clone(&self.0.permits).acquire_owned().await.ok())
    }

    /// Sends a token request with the app's authentication.
    pub(in crate::identity) async fn request(
        &self,
        request: &TokenRequest<'_>,
    ) -> Result<TokenResponse, TokenEndpointError> {
        let permit = tokio::time::timeout(LIMIT, self.permit()).await.map_err(|_| TokenEndpointError::Busy)?;
        self.request_with_permit(&permit, request).await
    }

    /// [`ConfidentialClient::request`] of a caller whose turn it is.
    pub(in crate::identity) async fn request_with_permit(
        &self,
        _: &Permit,
        request: &TokenRequest<'_>,
    ) -> Result<TokenResponse, TokenEndpointError> {
        tokio::time::timeout(LIMIT, async {
            let metadata = self.0.provider.metadata().await?;
            let response = self.send(&metadata, &Message::Token(request)).await?;
            response.ok_or_else(|| TokenEndpointError::Request("there is no answer to it".to_owned()))
        })
        .await
        .unwrap_or(Err(TokenEndpointError::Busy))
    }

    /// Revokes a refresh token (RFC 7009), where the provider offers that, in a task of its own: nobody waits for it, and
    /// nothing depends on it, because the token is gone from here already.
    pub(in crate::identity) fn revoke_in_background(&self, refresh_token: SecretString) {
        let this = self.clone();
        let revoke = async move {
            let metadata = this.0.provider.metadata().await?;
            let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(()) };
            let parameters = [("token", refresh_token.expose_secret()), ("token_type_hint", "refresh_token")];
            this.send(&metadata, &Message::Other { endpoint, parameters: &parameters }).await.map(drop)
        };
        let limited = serve::with_correlation_id(serve::correlation_id(), async {
            match tokio::time::timeout(REVOCATION_LIMIT, revoke).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a refresh token could not be revoked at the provider"),
                Err(_) => tracing::warn!("the provider did not revoke a refresh token in time"),
            }
        });
        tokio::spawn(limited);
    }

    /// Has the provider end its own session, where it does that for an app ([`Metadata::session_revocation_supported`]), in a
    /// task of its own: nobody waits for it. Where it does not, the browser proves itself to us only.
    pub(in crate::identity) fn end_session_in_background(&self, sid: String) {
        let this = self.clone();
        let end = async move {
            let metadata = this.0.provider.metadata().await?;
            let endpoint = metadata.revocation_endpoint.as_ref().filter(|_| metadata.session_revocation_supported);
            let Some(endpoint) = endpoint else { return Ok(()) };
            let parameters = [("token", sid.as_str()), ("token_type_hint", "sid")];
            this.send(&metadata, &Message::Other { endpoint, parameters: &parameters }).await.map(drop)
        };
        let limited = serve::with_correlation_id(serve::correlation_id(), async {
            match tokio::time::timeout(REVOCATION_LIMIT, end).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a session could not be ended at the provider"),
                Err(_) => tracing::warn!("the provider did not end a session in time"),
            }
        });
        tokio::spawn(limited);
    }

    /// Sends a message with the app's authentication: with the first credential that the provider accepts.
    async fn send(
        &self,
        metadata: &Metadata,
        message: &Message<'_>,
    ) -> Result<Option<TokenResponse>, TokenEndpointError> {
        let mut problem = None;
        for credential in self.0.credentials.in_order() {
            let mut loaded = match credential.current().await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::error!(credential = credential.key(), error, "a client credential cannot be used");
                    problem.get_or_insert(TokenEndpointError::Credential(format!("`{}` {error}", credential.key())));
                    continue;
                }
            };
            let mut answer = self.send_with(&loaded, metadata, message).await;
            if matches!(answer, Err(TokenEndpointError::BadCredential { .. }))
                && let Some(newer) = credential.reload(&loaded).await
            {
                loaded = newer;
                answer = self.send_with(&loaded, metadata, message).await;
            }
            match answer {
                Err(error @ (TokenEndpointError::BadCredential { .. } | TokenEndpointError::Credential(_))) => {
                    tracing::error!(credential = credential.key(), %error, "a client credential was refused");
                    credential.refused();
                    problem = Some(error);
                }
                answer => {
                    if answer.is_ok() {
                        credential.accepted();
                    }
                    return answer;
                }
            }
        }
        Err(problem.unwrap_or_else(|| TokenEndpointError::Credential("there is no client credential".to_owned())))
    }

    async fn send_with(
        &self,
        credential: &Loaded,
        metadata: &Metadata,
        message: &Message<'_>,
    ) -> Result<Option<TokenResponse>, TokenEndpointError> {
        let Inner { http, clock, client_id, .. } = &*self.0;
        let endpoint = &metadata.token_endpoint;
        let audiences = Audiences { token_endpoint: endpoint.as_str(), issuer: &metadata.issuer };
        let proof =
            credential.proof(client_id, audiences, clock.unix_seconds()).map_err(TokenEndpointError::Credential)?;
        let authentication = match proof {
            Proof::Secret(secret) => {
                let methods = &metadata.token_endpoint_auth_methods_supported;
                if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                {
                    Authentication::Post(secret)
                } else {
                    Authentication::Basic(secret)
                }
            }
            Proof::Assertion(assertion) => Authentication::Assertion(assertion),
        };
        let mut http = Http::new(http, Answers::OfTokenEndpoint, MAX_ANSWER);
        if let Some(credentials) = authentication.header(client_id) {
            http = http.with_basic(credentials);
        }
        match message {
            Message::Token(request) => {
                request::tokens(&http, endpoint, client_id, &authentication, request).await.map(Some)
            }
            Message::Other { endpoint, parameters } => {
                request::extension(&http, endpoint, client_id, &authentication, parameters).await.map(|_| None)
            }
        }
    }
}

/// What is sent to the provider with the app's authentication.
enum Message<'a> {
    /// To the token endpoint, which answers with tokens.
    Token(&'a TokenRequest<'a>),
    /// To one of its neighbours, whose answer says nothing more.
    Other {
        /// Which.
        endpoint: &'a Url,
        /// The form.
        parameters: &'a [(&'a str, &'a str)],
    },
}

/// A turn at the token endpoint, until it is dropped.
pub(in crate::identity) struct Permit(#[expect(dead_code, reason = "held, not read")] Option<OwnedSemaphorePermit>);

impl Permit {
    /// For requests whose number is bounded elsewhere.
    pub(in crate::identity) fn of_its_own() -> Self {
        Self(None)
    }
}

/// A claims challenge that is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claims challenge is not a JSON object")]
pub struct MalformedClaims;

impl From<MalformedClaims> for AcquireError {
    fn from(error: MalformedClaims) -> Self {
        Self::misconfigured(error)
    }
}

/// `{"access_token":{"xms_cc":{"values":["cp1"]}}}`, and the challenge, as one.
fn merge_claims(capabilities: &[String], challenge: Option<&str>) -> Result<Option<String>, MalformedClaims> {
    let mut claims: Map<String, Value> = match challenge {
        Some(challenge) => serde_json::from_str(challenge).map_err(|_| MalformedClaims)?,
        None => Map::new(),
    };
    if !capabilities.is_empty() {
        let access_token = claims.entry("access_token").or_insert_with(|| json!({}));
        let access_token = access_token.as_object_mut().ok_or(MalformedClaims)?;
        access_token.insert("xms_cc".to_owned(), json!({ "values": capabilities }));
    }
    Ok(if claims.is_empty() { None } else { Some(Value::Object(claims).to_string()) })
}
