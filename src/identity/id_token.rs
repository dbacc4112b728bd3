//! The checks of an ID token, at sign-in (OpenID Connect Core §3.1.3.7) and at a renewal (§12.2): one function for both.
//!
//! In this order, each with a test that fails without it: form and signature, as in [`jwt`], by a key of the provider (6 to
//! 8); an algorithm that the provider announces (7); it is no other kind of token, by `typ` or by claims that only those
//! have (RFC 8725 §3.11). Then `openidconnect` checks `iss` (2), `aud` (3), the algorithm and the signature once more, `exp`
//! (9), `iat` (10) and `nonce` (11), and what it leaves to its caller follows: `azp` (4, 5); the leeway of 60 seconds, and
//! `nbf`; `sub` of 1 to 255 bytes (§2); at a renewal, that `sub` is the sign-in's; `tid`, where the provider is Entra;
//! `at_hash`, where there is one (§3.1.3.8).
//!
//! An optional claim that cannot be read counts as absent, and is named in the log.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::{
    AccessToken, AccessTokenHash, Audience, ClaimsVerificationError, ClientId, IdTokenVerifier, IssuerUrl,
    JsonWebKeySet, Nonce,
};
use subtle::ConstantTimeEq as _;

use super::jwt::{self, Claims, Header, JwtError, Key, SKEW, TimeError, Verified};
use super::lenient;
use super::log::{loggable, loggable_words};
use super::protocol::{IdToken, IdTokenClaims, SigningKey};
use super::provider::{Metadata, Provider, ProviderError, SignatureError};
use crate::platform::outbound;

/// Claims without which an ID token says nothing, or that are checked: none of them counts as absent because it cannot be
/// read.
const NEEDED: [&str; 8] = ["iss", "sub", "aud", "exp", "iat", "nonce", "azp", "at_hash"];

/// Why an ID token is refused. One variant per check; names and values of claims are no secrets, and are cut for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdTokenError {
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("`alg` is {found}, but the provider announces {expected}")]
    Algorithm {
        /// The header's.
        found: &'static str,
        /// Those of the metadata that we accept.
        expected: String,
    },
    #[error("it is another kind of token: it has {0}")]
    AnotherKind(String),
    #[error("its claims cannot be read: {0}")]
    Unreadable(String),
    #[error("`iss` is {found}, not the provider's {expected}")]
    Issuer {
        /// The token's.
        found: String,
        /// The provider's.
        expected: String,
    },
    #[error("`aud` is {found}, not {expected} alone")]
    Audience {
        /// The token's.
        found: String,
        /// This client, and the audiences that are trusted.
        expected: String,
    },
    #[error("`azp` is {found}, not {expected}")]
    AuthorizedParty {
        /// The token's.
        found: String,
        /// This client.
        expected: String,
    },
    #[error("{error}: {found}")]
    Times {
        /// Which check.
        error: TimeError,
        /// The token's times and ours.
        found: String,
    },
    #[error("`iat` is missing")]
    NoIssueTime,
    #[error("`nonce` is missing or another sign-in's")]
    Nonce,
    #[error("`sub` is missing, empty or too long")]
    NoSubject,
    #[error("`sub` is not that of the sign-in")]
    AnotherSubject,
    #[error("`tid` is {found}, not the tenant {expected}")]
    Tenant {
        /// The token's.
        found: String,
        /// The provider's.
        expected: String,
    },
    #[error("`at_hash` is not that of the access token")]
    AccessTokenHash,
    #[error("{0}")]
    Other(String),
    #[error("the provider's keys did not come in time")]
    TimedOut,
}

impl IdTokenError {
    /// Whether nothing can be said about the token, because the provider cannot be asked.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self, Self::Signature(SignatureError::Provider(_)) | Self::Provider(_) | Self::TimedOut)
    }

    /// Whether the token is the provider's, and certainly about somebody else or for another app (§12.2). A token that cannot
    /// be read, or whose signature is not the provider's, proves nothing of the kind.
    pub(super) fn is_somebody_elses(&self) -> bool {
        matches!(
            self,
            Self::Issuer { .. }
                | Self::Audience { .. }
                | Self::AuthorizedParty { .. }
                | Self::NoSubject
                | Self::AnotherSubject
        )
    }

    /// Whether it is no token that could be read at all: encrypted, too long, or nonsense. A renewal may go without (§12.2).
    pub(super) fn is_unreadable(&self) -> bool {
        match self {
            Self::Unreadable(_) => true,
            Self::Signature(SignatureError::Token(error)) => {
                !matches!(error, JwtError::Signature | JwtError::KeyMismatch | JwtError::AlgorithmNotAllowed)
            }
            _ => false,
        }
    }
}

/// What an ID token must agree with.
pub(super) struct Expected<'a> {
    /// This client.
    pub(super) client_id: &'a str,
    /// Which audiences there may be besides.
    pub(super) trusted_audiences: &'a [String],
    /// Of the sign-in that the token is for, or whose session it renews.
    pub(super) of: Of<'a>,
    /// What came with it.
    pub(super) access_token: &'a AccessToken,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// What ties an ID token to a sign-in.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// It answers an authorization request with this nonce.
    SignIn(&'a Nonce),
    /// It renews the session of this subject; there is no nonce to compare.
    Renewal(&'a str),
}

/// An ID token that passed.
pub(super) struct VerifiedIdToken {
    /// Its claims, by type.
    pub(super) typed: IdTokenClaims,
    /// All of them, as they came.
    pub(super) claims: Claims,
}

/// Verifies `token`: every check of the [module](self).
pub(super) async fn verify(
    provider: &Provider,
    token: &str,
    expected: &Expected<'_>,
) -> Result<VerifiedIdToken, IdTokenError> {
    let verified = provider.verify_by(token).await.inspect_err(|error| {
        if !matches!(error, SignatureError::Provider(_)) {
            tracing::warn!(%error, header = jwt::shown_header(token), "an ID token is not the provider's");
        }
    });
    let (Verified { header, claims }, key) = verified?;
    let metadata = provider.metadata().await?;
    check_kind(&header, &claims, &metadata)?;
    // Before they are read by type, so that the log names what is wrong.
    check_names(&claims, &metadata, expected)?;
    jwt::check_times(&claims, expected.now, SKEW).map_err(times(&claims, expected.now))?;
    // A number, where it is there.
    if !claims.contains_key("iat") {
        return Err(IdTokenError::NoIssueTime);
    }
    let typed = check_by_crate(token, &header, &claims, &key, &metadata, expected)?;
    if let Some(hash) = typed.access_token_hash() {
        let algorithm = header.algorithm.to_core();
        let right = AccessTokenHash::from_token(expected.access_token, &algorithm, &SigningKey::new(key));
        if !right.is_ok_and(|right| right.as_bytes().ct_eq(hash.as_bytes()).into()) {
            return Err(IdTokenError::AccessTokenHash);
        }
    }
    Ok(VerifiedIdToken { typed, claims })
}

fn times(claims: &Claims, now: i64) -> impl FnOnce(TimeError) -> IdTokenError {
    move |error| IdTokenError::Times { error, found: jwt::shown_times(claims, now) }
}

fn check_kind(header: &Header, claims: &Claims, metadata: &Metadata) -> Result<(), IdTokenError> {
    // §3.1.3.7 (7)
    if !metadata.announces(header.algorithm) {
        let announced: Vec<_> =
            metadata.id_token_signing_alg_values_supported.iter().map(|algorithm| algorithm.name()).collect();
        return Err(IdTokenError::Algorithm { found: header.algorithm.name(), expected: announced.join(", ") });
    }
    if let Some(typ) = header.typ.as_deref().filter(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(IdTokenError::AnotherKind(format!("`typ` {}", loggable(typ))));
    }
    // Logout tokens have `events`, access tokens scopes.
    if let Some(claim) = ["events", "scp", "scope"].iter().find(|name| claims.contains_key(**name)) {
        return Err(IdTokenError::AnotherKind(format!("`{claim}`")));
    }
    Ok(())
}

/// Whose it is, for whom, and about whom.
fn check_names(claims: &Claims, metadata: &Metadata, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    // (2)
    if jwt::text(claims, "iss") != Some(&metadata.issuer) {
        return Err(IdTokenError::Issuer { found: jwt::shown(claims, "iss"), expected: metadata.issuer.clone() });
    }
    // (3): additional audiences are trusted only where configuration says so.
    if !jwt::is_audience(claims, expected.client_id, expected.trusted_audiences) {
        let audiences = [expected.client_id].into_iter().chain(expected.trusted_audiences.iter().map(String::as_str));
        let audiences = audiences.collect::<Vec<_>>().join(", ");
        return Err(IdTokenError::Audience { found: jwt::shown(claims, "aud"), expected: audiences });
    }
    // (4), (5)
    if claims.get("azp").is_some_and(|azp| azp.as_str() != Some(expected.client_id)) {
        let expected = expected.client_id.to_owned();
        return Err(IdTokenError::AuthorizedParty { found: jwt::shown(claims, "azp"), expected });
    }
    // §2: at most 255 ASCII characters.
    let subject = jwt::text(claims, "sub").filter(|sub| (1..=255).contains(&sub.len()));
    let subject = subject.ok_or(IdTokenError::NoSubject)?;
    if let Of::Renewal(of) = expected.of
        && !bool::from(subject.as_bytes().ct_eq(of.as_bytes()))
    {
        return Err(IdTokenError::AnotherSubject);
    }
    if let (Some(tenant), Of::SignIn(_)) = (metadata.tenant, expected.of)
        && jwt::text(claims, "tid") != Some(&tenant.to_string())
    {
        return Err(IdTokenError::Tenant { found: jwt::shown(claims, "tid"), expected: tenant.to_string() });
    }
    Ok(())
}

/// What the crate checks. It is handed the claims that it can read, under the signature of the token as it came.
fn check_by_crate(
    token: &str,
    header: &Header,
    claims: &Claims,
    key: &Arc<Key>,
    metadata: &Metadata,
    expected: &Expected<'_>,
) -> Result<IdTokenClaims, IdTokenError> {
    let mut readable = claims.clone();
    let (_, unusable): (IdTokenClaims, _) = lenient::object(&mut readable, &NEEDED)
        .map_err(|error| IdTokenError::Unreadable(loggable_words(&error.to_string())))?;
    let mut read = token.to_owned();
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok()).unwrap_or_default();
    let is_mended = matches!(outbound::without_lone_surrogates(&payload), Cow::Owned(_));
    if !unusable.is_empty() || is_mended {
        if !unusable.is_empty() {
            let unusable = loggable_words(&unusable.join(" "));
            tracing::warn!(claims = unusable, "claims of an ID token cannot be read and count as absent");
        }
        let payload = URL_SAFE_NO_PAD.encode(serde_json::Value::Object(readable).to_string());
        let mut parts = token.split('.');
        let (first, last) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
        read = format!("{first}.{payload}.{last}");
    }
    let read: IdToken = read.parse().map_err(|_| IdTokenError::Unreadable("the token is malformed".to_owned()))?;
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let keys = JsonWebKeySet::new(vec![SigningKey::new(Arc::clone(key)).for_received(signed)]);
    let issuer = IssuerUrl::new(metadata.issuer.clone()).map_err(|error| IdTokenError::Other(error.to_string()))?;
    let now = expected.now;
    let time = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let verifier = IdTokenVerifier::new_public_client(ClientId::new(expected.client_id.to_owned()), issuer, keys)
        .set_allowed_algs([header.algorithm.to_core()])
        .set_other_audience_verifier_fn(|audience: &Audience| {
            expected.trusted_audiences.iter().any(|trusted| *trusted == **audience)
        })
        .set_time_fn(move || time(now - SKEW))
        .set_issue_time_verifier_fn(move |issued| {
            if issued <= time(now + SKEW) { Ok(()) } else { Err("issued in the future".to_owned()) }
        });
    let nonce = |found: Option<&Nonce>| match expected.of {
        Of::SignIn(nonce) => openidconnect::NonceVerifier::verify(nonce, found),
        Of::Renewal(_) => Ok(()),
    };
    read.into_claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::InvalidNonce(_) => IdTokenError::Nonce,
        ClaimsVerificationError::Expired(_) => times(claims, now)(TimeError::Expired),
        ClaimsVerificationError::SignatureVerification(_) => SignatureError::Token(JwtError::Signature).into(),
        error => IdTokenError::Other(loggable_words(&error.to_string())),
    })
}
