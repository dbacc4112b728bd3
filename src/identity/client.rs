//! An app as its provider knows it (a confidential client, RFC 6749 §2.1): its registration and credentials, and the
//! tokens that it gets without a session: as itself, and on behalf of a caller. Needs no database.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, HeaderValue};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::bearer::IncomingToken;
use super::config::ClientConfig;
use super::credential::Credentials;
use super::provider::Provider;
use super::scopes::Scopes;
use super::tokens::endpoint::{MAX_ANSWER, TokenEndpointError, TokenResponse};
use super::tokens::{AccessToken, AcquireError, Options};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::{outbound, random};

/// How many requests one app has at the token endpoint at the same time.
const AT_ONCE: usize = 128;
/// How long, all tries together, a token request may take. A lease on a refresh token lasts longer.
const LIMIT: Duration = Duration::from_secs(12);
/// Tokens that are remembered at most, of an app and on behalf of callers together.
const REMEMBERED: u64 = 10_000;
/// For how long, in milliseconds, a token must still live to be used while a new one is fetched in the background.
const STILL_GOOD: i64 = 30_000;

/// RFC 6749 §2.3.1: client id and secret are form-encoded before they are joined for HTTP Basic.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

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
    turns: Arc<Semaphore>,
    /// Keyed by what was asked for and, on behalf of a caller, by the digest of their token: see [`Wanted::key`].
    slots: moka::future::Cache<String, Arc<Slot>>,
}

/// One token, and who is getting the next.
#[derive(Default)]
struct Slot {
    known: RwLock<Option<Known>>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    token: AccessToken,
    renew_at: i64,
    expires_at: i64,
}

impl Slot {
    fn read(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, known: Option<Known>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// A token without a session: for the app itself or on behalf of a caller.
struct Wanted {
    assertion: Option<IncomingToken>,
    scopes: Scopes,
    claims: Option<String>,
}

impl Wanted {
    /// The whole digest of the caller's token is part of it, so that nobody is ever served another caller's token; the
    /// issuer and this client are the [`ConfidentialClient`]'s own.
    fn key(&self) -> String {
        let caller = self.assertion.as_ref().map(|token| random::digest(token.expose())).unwrap_or_default();
        format!("{caller}\n{}", self.scopes)
    }

    fn expires_at(&self) -> i64 {
        self.assertion.as_ref().map_or(i64::MAX, IncomingToken::expires_at)
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
        let credentials = Credentials::read(&format!("{key}.client_credentials"), &config.client_credentials)?;
        let provider = Provider::new(key, &config.provider(), mode, http.clone(), clock.clone())?;
        Ok(Self(Arc::new(Inner {
            provider,
            http,
            clock,
            client_id,
            credentials,
            capabilities: config.client_capabilities.clone(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
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

    /// An access token for the app itself (`client_credentials`, RFC 6749 §4.4): from memory, or acquired. At Entra
    /// the scope is `{resource}/.default`.
    ///
    /// # Errors
    /// [`AcquireError::Unavailable`]: there is nobody who could be asked to act.
    pub async fn for_app(&self, scopes: &Scopes) -> Result<AccessToken, AcquireError> {
        self.for_app_with(scopes, &Options::default()).await
    }

    /// [`ConfidentialClient::for_app`] with options.
    ///
    /// # Errors
    /// As [`ConfidentialClient::for_app`].
    pub async fn for_app_with(&self, scopes: &Scopes, options: &Options) -> Result<AccessToken, AcquireError> {
        let wanted = Wanted { assertion: None, scopes: scopes.clone(), claims: options.claims.clone() };
        self.acquire(wanted, options.bypass_cache()).await.map_err(|error| match error {
            AcquireError::InteractionRequired { reason, .. } => AcquireError::Unavailable(reason.to_owned()),
            error @ AcquireError::Unavailable(_) => error,
        })
    }

    /// An access token for the user who sent `incoming`, for an API further on (on-behalf-of, RFC 7523 §2.1 with
    /// Entra's `requested_token_use`): from memory, or acquired. It is never used beyond the expiry of either token.
    ///
    /// # Errors
    /// [`AcquireError::InteractionRequired`] when the user must act, [`AcquireError::Unavailable`] otherwise; also when
    /// `incoming` is an app's, for which there is no user.
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
            return Err(AcquireError::Unavailable(reason.to_owned()));
        }
        let wanted =
            Wanted { assertion: Some(incoming.clone()), scopes: scopes.clone(), claims: options.claims.clone() };
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

    async fn acquire(&self, wanted: Wanted, fresh: bool) -> Result<AccessToken, AcquireError> {
        let inner = &self.0;
        let now = inner.clock.unix_millis();
        if wanted.expires_at() <= now {
            return Err(AcquireError::InteractionRequired {
                scopes: wanted.scopes,
                claims: None,
                consent: false,
                reason: "the caller's token has expired",
            });
        }
        let slot = inner.slots.get_with(wanted.key(), async { Arc::default() }).await;
        if !fresh && let Some(known) = slot.read().filter(|known| known.expires_at > now) {
            if known.renew_at > now {
                return Ok(known.token);
            }
            if known.expires_at > now + STILL_GOOD {
                self.renew_in_background(slot, wanted);
                return Ok(known.token);
            }
        }
        let before = slot.read().map(|known| known.expires_at);
        let _held = slot.fetching.lock().await;
        // Whoever waited takes what the one before brought.
        let now = inner.clock.unix_millis();
        if let Some(known) = slot.read().filter(|known| known.renew_at > now)
            && (!fresh || before != Some(known.expires_at))
        {
            return Ok(known.token);
        }
        self.fetch(&slot, &wanted).await
    }

    fn renew_in_background(&self, slot: Arc<Slot>, wanted: Wanted) {
        let this = self.clone();
        tokio::spawn(async move {
            let Ok(_held) = slot.fetching.try_lock() else { return };
            if let Err(error) = this.fetch(&slot, &wanted).await {
                tracing::warn!(%error, "an access token could not be renewed; the old one serves until it expires");
            }
        });
    }

    /// Asks the provider; whoever calls this holds the slot's lock.
    async fn fetch(&self, slot: &Slot, wanted: &Wanted) -> Result<AccessToken, AcquireError> {
        let scopes = wanted.scopes.to_string();
        let claims = self.claims(wanted.claims.as_deref())?;
        let mut parameters = vec![("scope", scopes.as_str())];
        match &wanted.assertion {
            None => parameters.push(("grant_type", "client_credentials")),
            Some(incoming) => parameters.extend([
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", incoming.expose()),
                ("requested_token_use", "on_behalf_of"),
            ]),
        }
        parameters.extend(claims.as_deref().map(|claims| ("claims", claims)));
        let response = self.request(&parameters).await.map_err(|error| {
            tracing::warn!(%error, scopes, "no access token could be acquired");
            error.into_acquire_error(&wanted.scopes, wanted.claims.as_deref())
        })?;
        let token = response.token().ok_or_else(|| {
            AcquireError::Unavailable("the provider sent an access token that cannot be used".to_owned())
        })?;
        let times = response.times(self.0.clock.unix_millis());
        let expires_at = times.expires_at.min(wanted.expires_at());
        slot.write(Some(Known { token: token.clone(), renew_at: times.renew_at.min(expires_at), expires_at }));
        Ok(token)
    }

    /// Sends a token request with the app's authentication.
    pub(in crate::identity) async fn request(
        &self,
        parameters: &[(&str, &str)],
    ) -> Result<TokenResponse, TokenEndpointError> {
        match tokio::time::timeout(LIMIT, self.ask(parameters)).await {
            Ok(answer) => answer,
            Err(_) => Err(TokenEndpointError::Busy),
        }
    }

    async fn ask(&self, parameters: &[(&str, &str)]) -> Result<TokenResponse, TokenEndpointError> {
        let inner = &self.0;
        let metadata = inner.provider.metadata().await?;
        let _turn = inner.turns.acquire().await.map_err(|_| TokenEndpointError::Busy)?;
        let user = utf8_percent_encode(&inner.client_id, FORM).to_string();
        let password = utf8_percent_encode(inner.credentials.secret(), FORM).to_string();
        let request = inner
            .http
            .post(metadata.token_endpoint.clone())
            .basic_auth(user, Some(password))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .form(parameters);
        let (status, _, body) = outbound::send(request, MAX_ANSWER).await?;
        if status.is_success() { TokenResponse::read(&body) } else { Err(TokenEndpointError::read(status, &body)) }
    }
}

/// A claims challenge that is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claims challenge is not a JSON object")]
pub struct MalformedClaims;

impl From<MalformedClaims> for AcquireError {
    fn from(error: MalformedClaims) -> Self {
        Self::Unavailable(error.to_string())
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
