//! An `OpenID` provider: its metadata, whether its issuer is the one we expect, its signing keys and their rotation.
//!
//! Both documents are kept for all requests, fetched by one request at a time, renewed in the background once a day,
//! and used on while the provider is down. A token that names an unknown key causes at most one fetch per cooldown,
//! however many there are, and does not hold up tokens whose key is known.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::jwt::{self, Claims, JwtError, Key, Unverified, Verified};
use super::lenient;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, is_loopback};
use crate::platform::outbound;

const HOUR: i64 = 60 * 60 * 1000;
/// After how many milliseconds a document is renewed in the background.
const RENEW_AFTER: i64 = 24 * HOUR;
/// After how many milliseconds requests wait for a document to be renewed; the old one is still used if that fails.
const WAIT_AFTER: i64 = 48 * HOUR;
/// How many milliseconds pass between two fetches of the keys that tokens caused.
const COOLDOWN: i64 = 60 * 1000;
/// How many milliseconds pass between a fetch that failed and the next.
const FAILURE_COOLDOWN: i64 = 5 * 1000;
/// The same, while there is no document yet, not even an old one: nobody can sign in, so the provider's first second
/// should find us.
const FIRST_COOLDOWN: i64 = 1000;
/// How long [`Provider::watch`] waits after the first failure, longer than [`FIRST_COOLDOWN`]; twice as long after each
/// further one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long [`Provider::watch`] waits while all is well.
const LOOK_IN: Duration = Duration::from_hours(1);
/// How many keys of a provider are looked at.
const MAX_KEYS: usize = 100;
/// The domain of Entra External ID tenants.
const CIAM: &str = ".ciamlogin.com";

/// `identity = { … }` of a program's configuration: which provider it trusts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The provider's address: `https://contoso.ciamlogin.com` (Entra External ID),
    /// `http://localhost:3002/{tenant id}/v2.0` (the embedded tenant), or any provider's issuer.
    pub authority: String,
    /// The issuer, where it differs from the authority: needed for custom domains.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The directory (tenant) id; tokens must then carry it as `tid`. Found by discovery for `*.ciamlogin.com`.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
}

/// What a provider says about itself (OpenID Connect Discovery §3, RFC 8414 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer, exactly as `iss` must be in tokens; checked against the configuration.
    pub issuer: String,
    /// Where browsers are sent to sign in.
    pub authorization_endpoint: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: Url,
    /// Where the signing keys are.
    pub jwks_uri: Url,
    /// Where browsers are sent to sign out (OpenID Connect RP-Initiated Logout §2.1).
    pub end_session_endpoint: Option<Url>,
    /// Where claims of the user are (OpenID Connect Core §5.3).
    pub userinfo_endpoint: Option<Url>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Whether the revocation endpoint ends the provider's own session, too, for an app that took part in it: the token is
    /// its `sid`, the hint `sid`. No standard has that; the embedded tenant does.
    pub session_revocation_supported: bool,
    /// How clients may prove themselves at the token endpoint; `client_secret_basic` when the provider does not say.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether authorization responses carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// What ID tokens may be signed with; `RS256` when the provider does not say.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The Entra tenant whose tokens are accepted; `None` for providers that are not Entra.
    pub tenant: Option<Uuid>,
}

/// Why a provider's metadata or keys cannot be had. The text is for logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer, too large an answer, or not JSON.
    #[error("{0}")]
    Outbound(String),
    /// An answer that is not 200.
    #[error("{place} answered {status}")]
    Status {
        /// What was asked for.
        place: String,
        /// The HTTP status.
        status: u16,
    },
    /// The document is of another issuer than the configuration's (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
    #[error(
        "the provider at {place} calls itself {found:?}, but {expected} was expected: correct `authority`, or set \
         `issuer` to what the provider uses"
    )]
    Issuer {
        /// The discovery document.
        place: String,
        /// What it says.
        found: String,
        /// What the configuration allows.
        expected: String,
    },
    /// An endpoint is not an absolute https URL (plain http is for localhost in development).
    #[error("the provider's {0} is not an absolute https URL")]
    Endpoint(&'static str),
    /// There is no key that signatures could be checked with.
    #[error("the provider publishes no signing key that can be used (RSA of 2048 bits or more, or P-256)")]
    NoKeys,
}

impl ProviderError {
    /// How many seconds it makes sense to wait before trying again.
    pub const RETRY_AFTER_SECONDS: i64 = FAILURE_COOLDOWN / 1000;
}

/// Why a token's signature was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The token itself is at fault.
    #[error(transparent)]
    Token(#[from] JwtError),
    /// The provider has no such key (RFC 7515 §4.1.4).
    #[error("the token's key is not among the provider's")]
    UnknownKey,
    /// The token names no key, and the provider has several (OpenID Connect Core §10.1).
    #[error("the token names no key, and the provider has several")]
    AmbiguousKey,
    /// The provider's keys cannot be had: whether the token is good is not known.
    #[error("the provider's keys cannot be had: {0}")]
    Provider(#[from] ProviderError),
}

/// An `OpenID` provider. Cheap to clone; clones share what was fetched.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    discovery: Url,
    policy: IssuerPolicy,
    loopback_http: bool,
    http: reqwest::Client,
    clock: Clock,
    metadata: Cached<Metadata>,
    keys: Cached<Keys>,
}

struct Keys(Vec<Key>);

impl Provider {
    /// A provider that nothing was asked of yet. `key` is the configuration's path (`web.identity`), for messages.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] when the authority is not an absolute URL, is not https (except localhost in
    /// development), or carries a query, fragment or user.
    pub fn new(
        key: &str,
        config: &ProviderConfig,
        mode: Mode,
        http: reqwest::Client,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let loopback_http = mode == Mode::Development;
        let authority = authority_url(&format!("{key}.authority"), &config.authority, loopback_http)?;
        if config.issuer.as_deref().is_some_and(|issuer| Url::parse(issuer).is_err()) {
            return Err(ConfigError::refused(
                &format!("{key}.issuer"),
                "is not an absolute URL",
                "copy `issuer` from the provider's /.well-known/openid-configuration",
            ));
        }
        Ok(Self(Arc::new(Inner {
            discovery: discovery_url(&authority),
            policy: IssuerPolicy::of(config, &authority),
            loopback_http,
            http,
            clock,
            metadata: Cached::default(),
            keys: Cached::default(),
        })))
    }

    /// What the provider says about itself: fetched once, renewed daily, and kept while the provider is down.
    ///
    /// # Errors
    /// [`ProviderError`] when it was never to be had, or is not what the configuration allows.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        get(&self.0).await
    }

    /// Asks a provider that was not asked yet for both documents, and goes on asking while it does not answer, so that
    /// the first customer does not have to wait; says in the log what is wrong, and when it is over. Then looks in once an
    /// hour, which has the documents renewed that are due. Returns at `shutdown`.
    pub async fn watch(&self, shutdown: CancellationToken) {
        self.watch_with(FIRST_PAUSE, shutdown).await;
    }

    pub(super) async fn watch_with(&self, first_pause: Duration, shutdown: CancellationToken) {
        let mut failures: u32 = 0;
        loop {
            let found = match self.metadata().await {
                Ok(metadata) => get_keys(&self.0).await.map(|_| metadata),
                Err(error) => Err(error),
            };
            let pause = match found {
                Ok(metadata) => {
                    if failures > 0 {
                        tracing::info!(issuer = metadata.issuer, failures, "the identity provider answers now");
                    }
                    failures = 0;
                    LOOK_IN
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    let pause = first_pause.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
                    let place = self.0.discovery.as_str();
                    tracing::error!(
                        %error, place, failures,
                        "the identity provider cannot be used: nobody can sign in, and no token can be checked; trying \
                         again in {} s",
                        pause.as_secs()
                    );
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Where its metadata is.
    pub fn discovery_url(&self) -> &Url {
        &self.0.discovery
    }

    /// How many keys it publishes that signatures can be checked with; never none.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn key_count(&self) -> Result<usize, ProviderError> {
        Ok(get_keys(&self.0).await?.0.0.len())
    }

    /// Checks a token's form and signature (every check that [`jwt`] lists) with the provider's keys, and returns
    /// its claims, **of which none is checked**: issuer, audience, times and kind are for the caller.
    ///
    /// # Errors
    /// [`SignatureError`]; [`SignatureError::Provider`] says nothing about the token.
    pub async fn verify_signature(&self, token: &str) -> Result<Claims, SignatureError> {
        Ok(self.verify(token).await?.claims)
    }

    /// [`Provider::verify_signature`], for callers who need the header too (`typ`).
    ///
    /// # Errors
    /// As [`Provider::verify_signature`].
    pub async fn verify(&self, token: &str) -> Result<Verified, SignatureError> {
        let token = jwt::parse(token)?;
        let (keys, generation) = get_keys(&self.0).await?;
        let refusal = match keys.verify(&token) {
            Ok(verified) => return Ok(verified),
            // A key that was rotated: its id is new, or (kid reused) the signature is another key's.
            Err(refusal @ (SignatureError::UnknownKey | SignatureError::Token(JwtError::Signature))) => refusal,
            Err(refusal) => return Err(refusal),
        };
        match renew::<Keys>(&self.0, generation).await {
            Ok(Some(keys)) => keys.verify(&token),
            Ok(None) => Err(refusal),
            // A wrong signature of a known key is the token's fault, whether or not the provider answers.
            Err(_) if refusal != SignatureError::UnknownKey => Err(refusal),
            Err(error) => Err(error.into()),
        }
    }
}

impl Keys {
    /// The one key that the header selects: by `kid`; without it, the only one there is (OpenID Connect Core §10.1).
    fn select(&self, header: &jwt::Header) -> Result<&Key, SignatureError> {
        let fitting = || self.0.iter().filter(|key| key.fits(header.algorithm));
        match &header.key_id {
            Some(id) => {
                let named = |key: &&Key| key.id.as_ref() == Some(id);
                match fitting().find(named) {
                    Some(key) => Ok(key),
                    None if self.0.iter().any(|key| named(&key)) => Err(JwtError::KeyMismatch.into()),
                    None => Err(SignatureError::UnknownKey),
                }
            }
            None => match (fitting().next(), fitting().nth(1)) {
                (Some(key), None) => Ok(key),
                (Some(_), Some(_)) => Err(SignatureError::AmbiguousKey),
                (None, _) => Err(SignatureError::UnknownKey),
            },
        }
    }

    fn verify(&self, token: &Unverified) -> Result<Verified, SignatureError> {
        Ok(token.verify(self.select(&token.header)?)?)
    }
}

/// Which issuer the discovery document may name.
#[derive(Debug, PartialEq, Eq)]
enum IssuerPolicy {
    /// This one, character by character. The tenant is the configuration's.
    Exactly { issuer: String, tenant: Option<Uuid> },
    /// Entra External ID: the issuer's host and path name the same tenant id, and it is this one if one is known.
    /// (The host of the authority is the tenant's *name*, so equality would refuse every such tenant.)
    Ciam { tenant: Option<Uuid> },
}

impl IssuerPolicy {
    fn of(config: &ProviderConfig, authority: &Url) -> Self {
        let ciam = is_ciam(authority);
        match &config.issuer {
            Some(issuer) => {
                Self::Exactly { issuer: issuer.clone(), tenant: config.tenant_id.or_else(|| ciam_tenant(issuer)) }
            }
            None if ciam => {
                let in_path = authority.path_segments().and_then(|mut path| path.next()?.parse().ok());
                Self::Ciam { tenant: config.tenant_id.or(in_path) }
            }
            None => Self::Exactly { issuer: config.authority.clone(), tenant: config.tenant_id },
        }
    }

    /// The tenant of an acceptable issuer; otherwise what was expected.
    fn check(&self, issuer: &str) -> Result<Option<Uuid>, String> {
        match self {
            Self::Exactly { issuer: expected, tenant } if issuer == expected => Ok(*tenant),
            Self::Exactly { issuer: expected, .. } => Err(format!("{expected:?}")),
            Self::Ciam { tenant: expected } => match (ciam_tenant(issuer), expected) {
                (Some(found), None) => Ok(Some(found)),
                (Some(found), Some(expected)) if found == *expected => Ok(Some(found)),
                (_, Some(id)) => Err(format!("\"https://{id}{CIAM}/{id}/v2.0\"")),
                (_, None) => Err(format!("\"https://{{tenant id}}{CIAM}/{{tenant id}}/v2.0\"")),
            },
        }
    }
}

/// The tenant id in `https://{tenant id}.ciamlogin.com/{tenant id}/v2.0`; nothing else is accepted, in any spelling.
fn ciam_tenant(issuer: &str) -> Option<Uuid> {
    let (host, path) = issuer.strip_prefix("https://")?.split_once('/')?;
    let id: Uuid = host.strip_suffix(CIAM)?.parse().ok()?;
    (issuer == format!("https://{id}{CIAM}/{id}/v2.0") && path.starts_with(&id.to_string())).then_some(id)
}

fn is_ciam(authority: &Url) -> bool {
    authority.host_str().is_some_and(|host| host.ends_with(CIAM))
}

fn authority_url(key: &str, text: &str, loopback_http: bool) -> Result<Url, ConfigError> {
    let refuse = |problem: &str, remedy: &str| Err(ConfigError::refused(key, problem, remedy));
    let Ok(url) = Url::parse(text) else {
        return refuse("is not an absolute URL", "write it like https://contoso.ciamlogin.com");
    };
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("has more than scheme, host and path", "write it like https://contoso.ciamlogin.com");
    }
    if !is_acceptable(&url, loopback_http) {
        return refuse("is not https", "use https (plain http is for localhost in development)");
    }
    Ok(url)
}

/// https, or this machine in development.
fn is_acceptable(url: &Url, loopback_http: bool) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => loopback_http && is_loopback(url),
        _ => false,
    }
}

/// Where the metadata is: `/.well-known/openid-configuration` below the authority (OpenID Connect Discovery §4).
/// For Entra External ID, a missing tenant is `{name}.onmicrosoft.com`, and a missing `/v2.0` is added: without it,
/// the tokens would be of another version.
fn discovery_url(authority: &Url) -> Url {
    let mut path: Vec<&str> = authority.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
    let domain;
    if let Some(name) = authority.host_str().and_then(|host| host.strip_suffix(CIAM)) {
        if path.is_empty() {
            domain = format!("{name}.onmicrosoft.com");
            path.push(&domain);
        }
        if path.len() == 1 {
            path.push("v2.0");
        }
    }
    path.extend([".well-known", "openid-configuration"]);
    let mut url = authority.clone();
    url.set_path(&path.join("/"));
    url
}

/// The document as it is published; members that we do not use are ignored.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default, deserialize_with = "lenient::text")]
    end_session_endpoint: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    userinfo_endpoint: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    revocation_endpoint: Option<String>,
    /// Ours: the embedded tenant has it.
    #[serde(default)]
    session_revocation_supported: Value,
    #[serde(default, deserialize_with = "lenient::texts")]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default, deserialize_with = "lenient::texts")]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl Document {
    fn check(self, place: &Url, policy: &IssuerPolicy, loopback_http: bool) -> Result<Metadata, ProviderError> {
        let tenant = policy.check(&self.issuer).map_err(|expected| ProviderError::Issuer {
            place: place.to_string(),
            found: self.issuer.chars().take(200).collect(),
            expected,
        })?;
        let required = |name: &'static str, text: String| match Url::parse(&text) {
            Ok(url) if is_acceptable(&url, loopback_http) => Ok(url),
            _ => Err(ProviderError::Endpoint(name)),
        };
        let optional = |name, text: Option<String>| text.map(|text| required(name, text)).transpose();
        Ok(Metadata {
            authorization_endpoint: required("authorization_endpoint", self.authorization_endpoint)?,
            token_endpoint: required("token_endpoint", self.token_endpoint)?,
            jwks_uri: required("jwks_uri", self.jwks_uri)?,
            end_session_endpoint: optional("end_session_endpoint", self.end_session_endpoint)?,
            userinfo_endpoint: optional("userinfo_endpoint", self.userinfo_endpoint)?,
            revocation_endpoint: optional("revocation_endpoint", self.revocation_endpoint)?,
            session_revocation_supported: self.session_revocation_supported == Value::Bool(true),
            token_endpoint_auth_methods_supported: self
                .token_endpoint_auth_methods_supported
                .unwrap_or_else(|| vec!["client_secret_basic".to_owned()]),
            authorization_response_iss_parameter_supported: self.authorization_response_iss_parameter_supported,
            id_token_signing_alg_values_supported: self
                .id_token_signing_alg_values_supported
                .unwrap_or_else(|| vec!["RS256".to_owned()]),
            issuer: self.issuer,
            tenant,
        })
    }
}

/// Something that is fetched from the provider and kept.
trait Fetched: Sized + Send + Sync + 'static {
    fn cache(inner: &Inner) -> &Cached<Self>;
    fn fetch(inner: Arc<Inner>) -> impl Future<Output = Result<Self, ProviderError>> + Send;
}

impl Fetched for Metadata {
    fn cache(inner: &Inner) -> &Cached<Self> {
        &inner.metadata
    }

    async fn fetch(inner: Arc<Inner>) -> Result<Self, ProviderError> {
        let document: Document = fetch_json(&inner.http, &inner.discovery).await?;
        document.check(&inner.discovery, &inner.policy, inner.loopback_http)
    }
}

impl Fetched for Keys {
    fn cache(inner: &Inner) -> &Cached<Self> {
        &inner.keys
    }

    async fn fetch(inner: Arc<Inner>) -> Result<Self, ProviderError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let metadata: Arc<Metadata> = get(&inner).await?;
        let set: Set = fetch_json(&inner.http, &metadata.jwks_uri).await?;
        let keys: Vec<Key> = set.keys.iter().filter_map(Key::from_jwk).take(MAX_KEYS).collect();
        if keys.is_empty() { Err(ProviderError::NoKeys) } else { Ok(Self(keys)) }
    }
}

async fn fetch_json<T: serde::de::DeserializeOwned>(http: &reqwest::Client, url: &Url) -> Result<T, ProviderError> {
    let request = http.get(url.clone()).header(reqwest::header::ACCEPT, "application/json");
    let outbound_error = |e: outbound::OutboundError| ProviderError::Outbound(e.to_string());
    let (status, _, body) = outbound::send(request, outbound::MAX_BODY).await.map_err(outbound_error)?;
    if status != reqwest::StatusCode::OK {
        return Err(ProviderError::Status { place: url.to_string(), status: status.as_u16() });
    }
    outbound::json(url.as_str(), &body).map_err(outbound_error)
}

/// A document, and what is known about fetching it.
struct Cached<T> {
    state: RwLock<State<T>>,
    /// Held by whoever fetches.
    fetching: Arc<Mutex<()>>,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// Counts the values: who saw number 3 to be insufficient wants number 4.
    generation: u64,
    /// When the value was fetched, in milliseconds since the epoch.
    fetched: i64,
    /// When a token last caused a fetch, or any fetch last failed.
    attempted: Option<i64>,
    /// Why the last fetch failed, if it did.
    failure: Option<ProviderError>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        let state = State { value: None, generation: 0, fetched: 0, attempted: None, failure: None };
        Self { state: RwLock::new(state), fetching: Arc::default() }
    }
}

impl<T> Cached<T> {
    fn read<R>(&self, read: impl FnOnce(&State<T>) -> R) -> R {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, write: impl FnOnce(&mut State<T>)) {
        write(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl<T> State<T> {
    /// Whether it is too early for another fetch. A clock that jumped back ends the wait rather than prolong it.
    fn cooling(&self, now: i64) -> bool {
        let wait = match (&self.failure, &self.value) {
            (Some(_), None) => FIRST_COOLDOWN,
            (Some(_), Some(_)) => FAILURE_COOLDOWN,
            (None, _) => COOLDOWN,
        };
        self.attempted.is_some_and(|at| now.abs_diff(at) < wait.unsigned_abs())
    }
}

async fn get<T: Fetched>(inner: &Arc<Inner>) -> Result<Arc<T>, ProviderError> {
    Ok(get_numbered(inner).await?.0)
}

async fn get_keys(inner: &Arc<Inner>) -> Result<(Arc<Keys>, u64), ProviderError> {
    get_numbered(inner).await
}

/// The document and its number: from memory, renewed in the background when a day old, awaited when there is none.
async fn get_numbered<T: Fetched>(inner: &Arc<Inner>) -> Result<(Arc<T>, u64), ProviderError> {
    let cache = T::cache(inner);
    let now = inner.clock.unix_millis();
    let (value, generation, age, cooling) =
        cache.read(|s| (s.value.clone(), s.generation, now.abs_diff(s.fetched), s.cooling(now)));
    let Some(value) = value else {
        return match renew::<T>(inner, generation).await? {
            Some(value) => Ok((value, cache.read(|s| s.generation))),
            // Only a fetch that failed can leave us without a value, and `renew` reports it.
            None => Err(ProviderError::Outbound("the provider did not answer".to_owned())),
        };
    };
    if age >= WAIT_AFTER.unsigned_abs() {
        return Ok(match renew::<T>(inner, generation).await {
            Ok(Some(value)) => (value, cache.read(|s| s.generation)),
            Ok(None) | Err(_) => (value, generation),
        });
    }
    if age >= RENEW_AFTER.unsigned_abs() && !cooling && cache.fetching.try_lock().is_ok() {
        let inner = Arc::clone(inner);
        tokio::spawn(async move { renew::<T>(&inner, generation).await.map(drop) });
    }
    Ok((value, generation))
}

/// A newer document than number `seen`: `None` when there is none and it is too early to ask again.
async fn renew<T: Fetched>(inner: &Arc<Inner>, seen: u64) -> Result<Option<Arc<T>>, ProviderError> {
    let settled = |now: i64| {
        T::cache(inner).read(|s| match &s.failure {
            _ if s.generation != seen => Some(Ok(s.value.clone())),
            Some(failure) if s.cooling(now) => Some(Err(failure.clone())),
            None if s.cooling(now) => Some(Ok(None)),
            _ => None,
        })
    };
    if let Some(result) = settled(inner.clock.unix_millis()) {
        return result;
    }
    let turn = Arc::clone(&T::cache(inner).fetching).lock_owned().await;
    if let Some(result) = settled(inner.clock.unix_millis()) {
        return result;
    }
    // In a task of its own: a client that hangs up must not throw away what everybody waits for.
    let task = tokio::spawn({
        let inner = Arc::clone(inner);
        async move {
            let result = T::fetch(Arc::clone(&inner)).await;
            let now = inner.clock.unix_millis();
            T::cache(&inner).write(|s| match &result {
                Ok(_) => s.failure = None,
                Err(failure) => {
                    tracing::warn!(%failure, "the identity provider cannot be asked");
                    s.failure = Some(failure.clone());
                    s.attempted = Some(now);
                }
            });
            let value = Arc::new(result?);
            T::cache(&inner).write(|s| {
                // The first fetch starts no cooldown: keys may be rotated right after it.
                s.attempted = s.value.is_some().then_some(now);
                s.value = Some(Arc::clone(&value));
                s.generation += 1;
                s.fetched = now;
            });
            drop(turn);
            Ok(Some(value))
        }
    });
    task.await.unwrap_or_else(|_| Err(ProviderError::Outbound("the fetch was interrupted".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f1f0f6c-54c8-4a0c-9b65-6d9a2a3c1e11";
    const OTHER: &str = "11111111-54c8-4a0c-9b65-6d9a2a3c1e11";

    fn config(authority: &str, issuer: Option<&str>, tenant_id: Option<&str>) -> ProviderConfig {
        ProviderConfig {
            authority: authority.to_owned(),
            issuer: issuer.map(str::to_owned),
            tenant_id: tenant_id.map(|id| id.parse().expect("a GUID")),
        }
    }

    fn accepts(config: &ProviderConfig, issuer: &str) -> Result<Option<Uuid>, String> {
        IssuerPolicy::of(config, &Url::parse(&config.authority).expect("a URL")).check(issuer)
    }

    #[test]
    fn the_issuer_is_the_configured_one_or_for_ciam_the_one_whose_host_and_path_agree() {
        let ciam = |host: &str, path: &str| format!("https://{host}.ciamlogin.com/{path}/v2.0");
        let id = Some(ID.parse().expect("a GUID"));
        let name = "https://contoso.ciamlogin.com";
        let with_id = format!("{name}/{ID}/v2.0");
        for (config, issuer, expected) in [
            (config(name, None, None), ciam(ID, ID), Some(id)),
            (config(name, None, Some(ID)), ciam(ID, ID), Some(id)),
            (config(&with_id, None, None), ciam(ID, ID), Some(id)),
            (config(name, None, Some(OTHER)), ciam(ID, ID), None),
            (config(&with_id, None, None), ciam(OTHER, OTHER), None),
            (config(name, None, None), ciam(ID, OTHER), None),
            (config(name, None, None), ciam("contoso", ID), None),
            (config(name, None, None), ciam("contoso", "contoso.onmicrosoft.com"), None),
            (config(name, None, None), ciam(ID, ID).replace("https", "http"), None),
            (config(name, None, None), ciam(ID, ID) + "/", None),
            (config(name, None, None), ciam(ID, ID).to_uppercase(), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com.evil.example/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.evil.example/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com:8443/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com/{ID}/v2.0/../../{OTHER}/v2.0"), None),
            // Custom domain: explicit.
            (config("https://login.contoso.com/x/v2.0", Some(&ciam(ID, ID)), None), ciam(ID, ID), Some(id)),
            (config("https://login.contoso.com/x/v2.0", Some(&ciam(ID, ID)), None), ciam(OTHER, OTHER), None),
            (config(name, Some("https://login.contoso.com"), None), ciam(ID, ID), None),
            // Everybody else: equality.
            (config("https://id.example", None, None), "https://id.example".to_owned(), Some(None)),
            (config("https://id.example", None, Some(ID)), "https://id.example".to_owned(), Some(id)),
            (config("https://id.example", None, None), "https://id.example/".to_owned(), None),
            (config("https://id.example", None, None), "https://evil.example".to_owned(), None),
            (config("https://id.example", None, None), ciam(ID, ID), None),
            (config("https://id.example", None, None), String::new(), None),
        ] {
            assert_eq!(accepts(&config, &issuer).ok(), expected, "{config:?} {issuer}");
        }
    }

    #[test]
    fn discovery_is_below_the_authority_and_ciam_authorities_are_completed() {
        for (authority, expected) in [
            ("https://contoso.ciamlogin.com", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0"),
            ("https://contoso.ciamlogin.com/", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0"),
            ("https://contoso.ciamlogin.com/abc", "https://contoso.ciamlogin.com/abc/v2.0"),
            ("https://contoso.ciamlogin.com/abc/v2.0/", "https://contoso.ciamlogin.com/abc/v2.0"),
            ("http://localhost:3002/abc/v2.0", "http://localhost:3002/abc/v2.0"),
            ("https://id.example", "https://id.example"),
            ("https://id.example/realms/shop/", "https://id.example/realms/shop"),
        ] {
            let url = discovery_url(&Url::parse(authority).expect("a URL"));
            assert_eq!(url.as_str(), format!("{expected}/.well-known/openid-configuration"));
        }
    }

    #[test]
    fn an_authority_is_https_except_localhost_in_development() {
        let accepts = |authority: &str, mode| {
            let config = config(authority, None, None);
            Provider::new("web.identity", &config, mode, outbound::client(), Clock::system()).map(drop)
        };
        assert!(accepts("https://id.example/a", Mode::Production).is_ok());
        assert!(accepts("http://localhost:3002/a/v2.0", Mode::Development).is_ok());
        for (authority, mode) in [
            ("http://localhost:3002/a/v2.0", Mode::Production),
            ("http://id.example", Mode::Development),
            ("http://169.254.169.254/latest/meta-data", Mode::Development),
            ("https://id.example?tenant=1", Mode::Production),
            ("https://user@id.example", Mode::Production),
            ("file:///etc/passwd", Mode::Development),
            ("id.example", Mode::Production),
        ] {
            let error = accepts(authority, mode).expect_err(authority).to_string();
            assert!(error.contains("`web.identity.authority`"), "{error}");
        }
    }

    #[test]
    fn endpoints_in_the_document_are_absolute_and_https() {
        let document = |jwks_uri: &str| Document {
            issuer: "https://id.example".to_owned(),
            authorization_endpoint: "https://id.example/authorize".to_owned(),
            token_endpoint: "https://id.example/token".to_owned(),
            jwks_uri: jwks_uri.to_owned(),
            end_session_endpoint: None,
            userinfo_endpoint: None,
            revocation_endpoint: None,
            session_revocation_supported: Value::Null,
            token_endpoint_auth_methods_supported: None,
            authorization_response_iss_parameter_supported: false,
            id_token_signing_alg_values_supported: None,
        };
        let policy = IssuerPolicy::Exactly { issuer: "https://id.example".to_owned(), tenant: None };
        let place = Url::parse("https://id.example/.well-known/openid-configuration").expect("a URL");
        let check = |uri: &str, development| document(uri).check(&place, &policy, development);
        assert!(check("https://keys.example/jwks", false).is_ok());
        assert!(check("http://127.0.0.1/jwks", true).is_ok());
        for (uri, development) in [
            ("/jwks", true),
            ("http://127.0.0.1/jwks", false),
            ("http://169.254.169.254/jwks", true),
            ("file:///etc/passwd", true),
            ("", true),
        ] {
            assert_eq!(check(uri, development), Err(ProviderError::Endpoint("jwks_uri")), "{uri}");
        }
    }
}
