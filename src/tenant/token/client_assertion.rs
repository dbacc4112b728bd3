//! Client authentication by a signed assertion (RFC 7521 §4.2, RFC 7523 §2.2 and §3; OpenID Connect Core §9,
//! `private_key_jwt`).
//!
//! What is checked, in this order:
//! 1. it is a JWS in compact form of at most 16 KiB, signed with RS256 or PS256 (RFC 8725 §3.1), without `crit`
//!    (RFC 7515 §4.1.11);
//! 2. `iss` and `sub` are the client (RFC 7523 §3, 1 and 2), or those of one of its federated credentials;
//! 3. the header names a registered certificate by `x5t#S256` or `x5t` (a bare public key by `kid`), and the
//!    certificate is within its validity period; a federated issuer's key is the one that the administrator named;
//! 4. the signature is that key's;
//! 5. `aud` is the token endpoint or the issuer (RFC 7523 §3, 3), or what the federated credential says;
//! 6. `exp` is there and has not passed (RFC 7523 §3, 4); `nbf` and `iat` are not in the future;
//! 7. with `tenant.client_assertion_reuse = "refuse"`: `exp` is at most an hour away, and `jti` is there and was not
//!    used before (RFC 7523 §3, 7).
//!
//! By default an assertion may be used until it expires, as in Entra: Microsoft's libraries keep theirs for ten minutes.
//! A federated one always may: a workload gets a new one only every hour or so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::platform::hash;
use crate::tenant::certificate::PublicKey;
use crate::tenant::config::{App, ClientAssertionReuse, FederatedCredential};
use crate::tenant::federation::FederationError;
use crate::tenant::state::Tenant;

/// The only value of `client_assertion_type` (RFC 7523 §2.2).
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion that is looked at, in bytes.
const MAX_ASSERTION: usize = 16 * 1024;
/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 60;
/// How far away `exp` may be, in seconds: no longer than its `jti` is to be remembered.
const MAX_LIFETIME: i64 = 3600;
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// Why an assertion authenticates nobody.
#[derive(Debug, thiserror::Error)]
pub(in crate::tenant) enum AssertionError {
    #[error("the client assertion is no signed JWT")]
    Malformed,
    #[error("the client assertion is signed with another algorithm than RS256 and PS256")]
    Algorithm,
    #[error("the client assertion has a critical extension")]
    Critical,
    #[error("the client assertion's iss is neither the client nor an issuer of its federated credentials")]
    Issuer,
    #[error("the client assertion's sub is not the client, or not the subject of its federated credential")]
    Subject,
    #[error("the client assertion names no registered key")]
    UnknownKey,
    #[error("the certificate that the client assertion names is not within its validity period")]
    CertificateExpired,
    #[error("the client assertion's signature is wrong")]
    Signature,
    #[error("the client assertion's aud is not this tenant")]
    Audience,
    #[error("the client assertion's aud is not that of the federated credential")]
    FederatedAudience,
    #[error("the client assertion has no exp, has expired, lives too long or is from the future")]
    Time,
    #[error("the client assertion has no jti, or one that is too long")]
    NoJti,
    #[error("the client assertion was used before")]
    Replayed,
    #[error(transparent)]
    Federation(#[from] FederationError),
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// What matters of the header (RFC 7515 §4.1). `jku`, `jwk`, `x5u` and `x5c` are not looked at (RFC 8725 §3.10).
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    x5t_s256: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    jti: Option<String>,
}

/// RFC 7519 §4.1.3
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, acceptable: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(one) => acceptable(one),
            Self::Many(many) => many.iter().any(|one| acceptable(one)),
        }
    }
}

/// An assertion that has been taken apart; nothing in it can be believed yet.
struct Assertion<'a> {
    header: Header,
    claims: Claims,
    algorithm: Algorithm,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Assertion<'a> {
    fn parse(text: &'a str) -> Result<Self, AssertionError> {
        if text.len() > MAX_ASSERTION {
            return Err(AssertionError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(AssertionError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AssertionError::Malformed)?;
        let header: Header = part(header)?;
        if header.crit.is_some() {
            return Err(AssertionError::Critical);
        }
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::RS256,
            "PS256" => Algorithm::PS256,
            _ => return Err(AssertionError::Algorithm),
        };
        Ok(Self { header, claims: part(claims)?, algorithm, signed, signature })
    }

    fn verify(&self, key: &DecodingKey) -> Result<(), AssertionError> {
        match jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, self.algorithm) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(AssertionError::Signature),
        }
    }
}

/// A claim set or header; what names a member of ours twice is refused by serde (RFC 7515 §4).
fn part<T: DeserializeOwned>(text: &str) -> Result<T, AssertionError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| AssertionError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| AssertionError::Malformed)
}

/// Whom an assertion is about by its own words, when the request does not say: `client_id` is optional beside it
/// (RFC 7521 §4.2).
pub(super) fn claimed_client(assertion: &str) -> Option<String> {
    Some(Assertion::parse(assertion).ok()?.claims.sub)
}

/// Authenticates `app` by an assertion. Where it may not be used again, an accepted one is used up.
pub(super) async fn authenticate(tenant: &Tenant, app: &App, text: &str) -> Result<(), AssertionError> {
    let assertion = Assertion::parse(text)?;
    let is_client = |text: &str| text.eq_ignore_ascii_case(&app.client_id.to_string());
    if is_client(&assertion.claims.iss) {
        if !is_client(&assertion.claims.sub) {
            return Err(AssertionError::Subject);
        }
        by_certificate(tenant, app, &assertion)?;
        return match tenant.config().client_assertion_reuse {
            ClientAssertionReuse::Allow => Ok(()),
            ClientAssertionReuse::Refuse => use_up(tenant, app.client_id, &assertion.claims).await,
        };
    }
    by_federation(tenant, app, &assertion).await
}

fn by_certificate(tenant: &Tenant, app: &App, assertion: &Assertion<'_>) -> Result<(), AssertionError> {
    let Header { x5t, x5t_s256, kid, .. } = &assertion.header;
    let named = |key: &&PublicKey| key.is_named(x5t.as_deref(), x5t_s256.as_deref(), kid.as_deref());
    let key = tenant.certificates_of(app.client_id).iter().find(named).ok_or(AssertionError::UnknownKey)?;
    assertion.verify(&key.verifier)?;
    let now = tenant.clock().unix_seconds();
    if !key.is_valid_at(now) {
        return Err(AssertionError::CertificateExpired);
    }
    if !assertion.claims.aud.contains(|aud| tenant.is_audience_of_assertions(aud)) {
        return Err(AssertionError::Audience);
    }
    let max_lifetime = match tenant.config().client_assertion_reuse {
        ClientAssertionReuse::Allow => i64::MAX,
        ClientAssertionReuse::Refuse => MAX_LIFETIME,
    };
    check_times(&assertion.claims, now, max_lifetime)
}

async fn by_federation(tenant: &Tenant, app: &App, assertion: &Assertion<'_>) -> Result<(), AssertionError> {
    let credential = federated_credential(app, &assertion.claims)?;
    let key = tenant.federated_keys().key(credential, assertion.header.kid.as_deref()).await?;
    assertion.verify(&key.ok_or(AssertionError::UnknownKey)?)?;
    check_times(&assertion.claims, tenant.clock().unix_seconds(), i64::MAX)
}

/// The federated credential that the assertion is for.
fn federated_credential<'t>(app: &'t App, claims: &Claims) -> Result<&'t FederatedCredential, AssertionError> {
    let of_issuer = |credential: &&FederatedCredential| credential.issuer == claims.iss;
    let of_subject = |credential: &&FederatedCredential| of_issuer(credential) && credential.subject == claims.sub;
    let all = || app.federated_credentials.iter();
    let found = all().filter(of_subject).find(|credential| claims.aud.contains(|aud| aud == credential.audience));
    found.ok_or_else(|| match (all().any(|one| of_issuer(&one)), all().any(|one| of_subject(&one))) {
        (false, _) => AssertionError::Issuer,
        (true, false) => AssertionError::Subject,
        (true, true) => AssertionError::FederatedAudience,
    })
}

/// Seconds since the epoch, as JSON numbers: fractions are allowed (RFC 7519 §2, `NumericDate`).
fn check_times(claims: &Claims, now: i64, max_lifetime: i64) -> Result<(), AssertionError> {
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range saturates, and is refused")]
    let seconds = |time: f64| time.floor() as i64;
    let exp = seconds(claims.exp.ok_or(AssertionError::Time)?);
    let latest = now.saturating_add(SKEW);
    let expired = exp.saturating_add(SKEW) <= now;
    let too_long = exp > latest.saturating_add(max_lifetime);
    let future = [claims.nbf, claims.iat].into_iter().flatten().any(|time| seconds(time) > latest);
    if expired || too_long || future { Err(AssertionError::Time) } else { Ok(()) }
}

/// Remembers the assertion until it has expired; one statement, so that of two requests with it one succeeds.
async fn use_up(tenant: &Tenant, client_id: Uuid, claims: &Claims) -> Result<(), AssertionError> {
    let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    let jti = jti.ok_or(AssertionError::NoJti)?;
    let now = tenant.clock().unix_millis();
    sqlx::query("DELETE FROM client_assertions WHERE expires_at < $1").bind(now).execute(tenant.db()).await?;
    let used = sqlx::query(
        "INSERT INTO client_assertions (jti_hash, expires_at) VALUES ($1, $2) ON CONFLICT (jti_hash) DO NOTHING",
    )
    .bind(hash::sha256_base64url(&format!("{client_id}/{jti}")))
    // The longest that any assertion of now can be accepted: its own `exp` with the skew is never later.
    .bind(now + (MAX_LIFETIME + 2 * SKEW) * 1000)
    .execute(tenant.db())
    .await?;
    if used.rows_affected() == 1 { Ok(()) } else { Err(AssertionError::Replayed) }
}
