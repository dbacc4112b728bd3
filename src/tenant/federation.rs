//! Keys of other issuers whose assertions authenticate an app (workload identity federation): a PEM file, or a JSON Web
//! Key Set that the issuer publishes (RFC 7517 §5).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::certificate::{PemError, PublicKey};
use super::config::FederatedCredential;
use crate::platform::clock::Clock;
use crate::platform::config::read_text;
use crate::platform::outbound::{self, OutboundError};

/// How long fetched keys are taken for current, in milliseconds.
const FRESH: i64 = 3_600_000;
/// How soon after an attempt the next one may follow, in milliseconds: for a key that is not there, and for an issuer
/// that does not answer.
const COOLDOWN: i64 = 60_000;
/// The largest key set that is read, in bytes.
const MAX_KEYS: usize = 256 * 1024;

/// Why a key cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FederationError {
    #[error("the key file of a federated credential cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("the key file of a federated credential {0}")]
    Pem(#[from] PemError),
    #[error("the keys of a federated issuer cannot be had: {0}")]
    Fetch(#[from] OutboundError),
    #[error("the keys of a federated issuer cannot be had: it answered with HTTP {0}")]
    Status(u16),
    #[error("the keys of a federated issuer could not be had a moment ago; not asked again yet")]
    Cooldown,
}

/// What issuers have published, by address. The lock is held while keys are fetched: one request asks, the others wait.
pub(super) struct Keys {
    http: reqwest::Client,
    clock: Clock,
    published: Mutex<HashMap<String, Published>>,
}

#[derive(Default)]
struct Published {
    keys: Vec<(Option<String>, DecodingKey)>,
    /// When they were fetched, in milliseconds since the epoch.
    fetched_at: Option<i64>,
    /// When it was last tried.
    tried_at: Option<i64>,
}

impl Keys {
    /// Nothing is known yet.
    pub(super) fn new(http: reqwest::Client, clock: Clock) -> Self {
        Self { http, clock, published: Mutex::default() }
    }

    /// The key that an assertion for `credential` must be signed with; `None` when the issuer has no key of that `kid`.
    pub(super) async fn key(
        &self,
        credential: &FederatedCredential,
        kid: Option<&str>,
    ) -> Result<Option<DecodingKey>, FederationError> {
        if let Some(file) = &credential.key_file {
            let file = file.clone();
            let text = tokio::task::spawn_blocking(move || read_text(&file)).await.map_err(std::io::Error::other)??;
            return Ok(Some(PublicKey::from_pem(&text)?.verifier));
        }
        let Some(uri) = &credential.jwks_uri else { return Ok(None) };
        let mut all = self.published.lock().await;
        let published = all.entry(uri.clone()).or_default();
        let now = self.clock.unix_millis();
        // A clock that jumped back must not stop the fetching.
        let within = |time: Option<i64>, limit| time.is_some_and(|time| (0..limit).contains(&(now - time)));
        let found = published.find(kid);
        if found.is_some() && within(published.fetched_at, FRESH) {
            return Ok(found);
        }
        if within(published.tried_at, COOLDOWN) {
            return if published.fetched_at.is_some() { Ok(found) } else { Err(FederationError::Cooldown) };
        }
        published.tried_at = Some(now);
        match fetch(&self.http, uri).await {
            Ok(keys) => {
                (published.keys, published.fetched_at) = (keys, Some(now));
                Ok(published.find(kid))
            }
            // Better the keys of an hour ago than none.
            Err(error) if found.is_some() => {
                tracing::warn!(%error, "a federated issuer's keys are used although they are old");
                Ok(found)
            }
            Err(error) => Err(error),
        }
    }
}

impl Published {
    /// The key of that name; without a name, the only key there is.
    fn find(&self, kid: Option<&str>) -> Option<DecodingKey> {
        let key = match (kid, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(kid), keys) => keys.iter().find(|(known, _)| known.as_deref() == Some(kid)),
        };
        key.map(|(_, key)| key.clone())
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// RFC 7517 §4, RFC 7518 §6.3.1
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    used_for: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// An RSA key for signatures, of 2048 bits or more; keys of other kinds are passed over (RFC 7517 §5).
    fn verifier(&self) -> Option<DecodingKey> {
        if self.kty != "RSA" || self.used_for.as_deref().is_some_and(|used_for| used_for != "sig") {
            return None;
        }
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let (modulus, exponent) = (part(&self.n)?, part(&self.e)?);
        (modulus.len() >= 256).then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
    }
}

async fn fetch(http: &reqwest::Client, uri: &str) -> Result<Vec<(Option<String>, DecodingKey)>, FederationError> {
    let (status, _, body) = outbound::send(http.get(uri), MAX_KEYS).await?;
    if !status.is_success() {
        return Err(FederationError::Status(status.as_u16()));
    }
    let set: KeySet = outbound::json("a jwks_uri", &body)?;
    Ok(set.keys.iter().filter_map(|jwk| Some((jwk.kid.clone(), jwk.verifier()?))).collect())
}
