//! An `OpenID` provider: its metadata, whether its issuer is the one we expect, its signing keys and their rotation.
//!
//! Both documents are kept for all requests, fetched by one request at a time, renewed in the background once a day,
//! and used on while the provider is down. A token that names an unknown key causes at most one fetch per cooldown,
//! however many there are, and does not hold up tokens whose key is known.

mod cached;
mod config;
mod error;
mod issuer;
mod keys;
mod metadata;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use openidconnect::{DiscoveryError, JsonWebKeySet, JsonWebKeySetUrl};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::cached::Cached;
use self::issuer::IssuerPolicy;
use self::keys::Keys;
use super::http::{Answers, Http, HttpError};
use super::jwt::{self, Claims, JwtError, Key, Verified};
use super::protocol::SigningKey;
use super::scopes::Naming;
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, SettingError};
use crate::platform::outbound::{self, OutboundError};

pub use self::config::ProviderConfig;
pub use self::error::ProviderError;
pub use self::keys::SignatureError;
pub use self::metadata::Metadata;

/// How long [`Provider::watch`] waits after the first failure, longer than a first fetch cools down; twice as long after
/// each further one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long [`Provider::watch`] waits while all is well.
const LOOK_IN: Duration = Duration::from_hours(1);

/// An `OpenID` provider. Cheap to clone; clones share what was fetched.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    discovery: Url,
    scope_naming: Naming,
    metadata: Cached<Metadata>,
    keys: Cached<Keys>,
}

impl Provider {
    /// A provider that nothing was asked of yet.
    ///
    /// # Errors
    /// [`SettingError`] when the authority is not an absolute URL, is not https (except localhost in
    /// development), or carries a query, fragment or user.
    pub fn new(config: &ProviderConfig, mode: Mode, http: reqwest::Client, clock: Clock) -> Result<Self, SettingError> {
        let loopback_http = mode == Mode::Development;
        let authority = metadata::authority_url(&config.authority, loopback_http)?;
        if config.issuer.as_deref().is_some_and(|issuer| Url::parse(issuer).is_err()) {
            return Err(SettingError::new(
                "issuer",
                "is not an absolute URL",
                "copy `issuer` from the provider's /.well-known/openid-configuration",
            ));
        }
        let discovery = metadata::discovery_url(&authority);
        let policy = Arc::new(IssuerPolicy::of(config, &authority));
        let metadata = Cached::new(clock.clone(), {
            let (http, discovery) = (http.clone(), discovery.clone());
            move || fetch_metadata(http.clone(), discovery.clone(), Arc::clone(&policy), loopback_http)
        });
        let keys = Cached::new(clock, {
            let metadata = metadata.clone();
            move || fetch_keys(http.clone(), metadata.clone())
        });
        Ok(Self(Arc::new(Inner { discovery, scope_naming: config.scope_naming(), metadata, keys })))
    }

    /// How it reads scopes.
    pub fn scope_naming(&self) -> Naming {
        self.0.scope_naming
    }

    /// What the provider says about itself: fetched once, renewed daily, and kept while the provider is down.
    ///
    /// # Errors
    /// [`ProviderError`] when it was never to be had, or is not what the configuration allows.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        Ok(self.0.metadata.get().await?.0)
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
                Ok(metadata) => self.0.keys.get().await.map(|_| metadata),
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
        Ok(self.0.keys.get().await?.0.count())
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
        Ok(self.verify_by(token).await?.0)
    }

    /// [`Provider::verify`], for callers who go on with the key that signed the token.
    ///
    /// # Errors
    /// As [`Provider::verify_signature`].
    pub(super) async fn verify_by(&self, token: &str) -> Result<(Verified, Arc<Key>), SignatureError> {
        let token = jwt::parse(token)?;
        let algorithm = token.header.algorithm;
        if !algorithm.needs_no_announcement() && !self.metadata().await?.announces(algorithm) {
            return Err(JwtError::AlgorithmNotAllowed.into());
        }
        let (keys, generation) = self.0.keys.get().await?;
        let refusal = match keys.verify(&token) {
            Ok(verified) => return Ok(verified),
            // A key that was rotated: its id is new, or (kid reused) the signature is another key's.
            Err(refusal @ (SignatureError::UnknownKey | SignatureError::Token(JwtError::Signature))) => refusal,
            Err(refusal) => return Err(refusal),
        };
        match self.0.keys.renew(generation).await {
            Ok(Some(keys)) => keys.verify(&token),
            Ok(None) => Err(refusal),
            // A wrong signature of a known key is the token's fault, whether or not the provider answers.
            Err(_) if refusal != SignatureError::UnknownKey => Err(refusal),
            Err(error) => Err(error.into()),
        }
    }
}

async fn fetch_metadata(
    http: reqwest::Client,
    place: Url,
    policy: Arc<IssuerPolicy>,
    loopback_http: bool,
) -> Result<Metadata, ProviderError> {
    let request = Request::get(place.as_str()).header(header::ACCEPT, "application/json").body(Vec::new());
    let request = request.map_err(|error| ProviderError::Outbound(error.to_string()))?;
    let answer = Http::new(&http, Answers::Document, outbound::MAX_BODY).send(request).await;
    let answer = answer.map_err(|error| unanswered(&place, &error))?;
    let document = jwt::strict_object(answer.body()).map_err(|error| {
        let problem = match error {
            JwtError::DuplicateMember => "names a member twice",
            _ => "is not a JSON object",
        };
        ProviderError::Malformed(format!("the document at {place} {problem}"))
    })?;
    Metadata::read(document, &place, &policy, loopback_http)
}

async fn fetch_keys(http: reqwest::Client, metadata: Cached<Metadata>) -> Result<Keys, ProviderError> {
    let place = metadata.get().await?.0.jwks_uri.clone();
    let http = Http::new(&http, Answers::Document, outbound::MAX_BODY);
    let set = JsonWebKeySet::<SigningKey>::fetch_async(&JsonWebKeySetUrl::from_url(place.clone()), &http).await;
    Keys::of(&set.map_err(|error| match error {
        DiscoveryError::Request(error) => unanswered(&place, &error),
        DiscoveryError::Parse(error) => ProviderError::Malformed(format!(
            "the answer from {place} is not the JSON that was expected: {}",
            error.path()
        )),
        _ => ProviderError::Malformed(format!("the answer from {place} cannot be used")),
    })?)
}

fn unanswered(place: &Url, error: &HttpError) -> ProviderError {
    match error {
        HttpError::Outbound(error @ OutboundError::Unreachable { .. }) => ProviderError::Outbound(error.to_string()),
        HttpError::Outbound(error) => ProviderError::Malformed(error.to_string()),
        HttpError::Status(status) => ProviderError::Status { place: place.to_string(), status: *status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_https_except_localhost_in_development() {
        let accepts = |authority: &str, mode| {
            let config = ProviderConfig { authority: authority.to_owned(), issuer: None, tenant_id: None };
            Provider::new(&config, mode, outbound::client(), Clock::system())
                .map(drop)
                .map_err(|error| error.at("web.identity"))
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
}
