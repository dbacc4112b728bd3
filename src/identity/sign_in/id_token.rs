//! The checks of an ID token (OpenID Connect Core §3.1.3.7).
//!
//! In this order, each with a test that fails without it: signature by a key of the provider with an allowed
//! algorithm (6–8, in [`crate::identity::jwt`]) that the provider announces (7); it is no other kind of token, by `typ` or
//! by claims that only those have (RFC 8725 §3.11); `iss` is the provider's (2); `aud` is this client and nobody else
//! (3); `azp`, when there, is this client (4, 5); `exp`, `nbf`, `iat` (9, 10); `nonce` is the transaction's (11);
//! `sub` is there (§2); `tid` is the tenant's, where the provider is Entra.

use subtle::ConstantTimeEq as _;

use crate::identity::jwt::{self, Algorithm, Claims, Header, Verified};
use crate::identity::provider::{Metadata, SignatureError};
use crate::identity::state::Identity;

/// Clocks may differ by this many seconds.
const SKEW: i64 = 60;

/// Why an ID token is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdTokenError {
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the token's algorithm is not one that the provider announces")]
    Algorithm,
    #[error("it is another kind of token")]
    AnotherKind,
    #[error("`iss` is not the provider's")]
    Issuer,
    #[error("`aud` is not this client alone")]
    Audience,
    #[error("`azp` is another client")]
    AuthorizedParty,
    #[error(transparent)]
    Times(#[from] jwt::TimeError),
    #[error("`iat` is missing")]
    NoIssueTime,
    #[error("`nonce` is missing or another sign-in's")]
    Nonce,
    #[error("`sub` is missing, empty or too long")]
    Subject,
    #[error("`tid` is another tenant's")]
    Tenant,
}

impl IdTokenError {
    /// Whether nothing can be said about the token, because the provider's keys cannot be had.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self, Self::Signature(SignatureError::Provider(_)))
    }
}

/// Verifies `token` and returns its claims.
pub(super) async fn verify(
    identity: &Identity,
    metadata: &Metadata,
    token: &str,
    nonce: &str,
) -> Result<Claims, IdTokenError> {
    let Verified { header, claims } = identity.provider.verify(token).await?;
    check_kind(&header, &claims, metadata)?;
    check(&claims, metadata, &identity.client_id, nonce, identity.clock.unix_seconds())?;
    Ok(claims)
}

fn check_kind(header: &Header, claims: &Claims, metadata: &Metadata) -> Result<(), IdTokenError> {
    // §3.1.3.7 (7)
    let announced = &metadata.id_token_signing_alg_values_supported;
    if !announced.iter().any(|name| Algorithm::parse(name) == Some(header.algorithm)) {
        return Err(IdTokenError::Algorithm);
    }
    if !header.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")) {
        return Err(IdTokenError::AnotherKind);
    }
    // Logout tokens have `events`, access tokens scopes.
    if ["events", "scp", "scope"].iter().any(|name| claims.contains_key(*name)) {
        return Err(IdTokenError::AnotherKind);
    }
    Ok(())
}

fn check(claims: &Claims, metadata: &Metadata, client_id: &str, nonce: &str, now: i64) -> Result<(), IdTokenError> {
    // §3.1.3.7 (2)
    if jwt::text(claims, "iss") != Some(&metadata.issuer) {
        return Err(IdTokenError::Issuer);
    }
    // (3): additional audiences are not trusted.
    if jwt::audiences(claims).as_deref() != Some(&[client_id]) {
        return Err(IdTokenError::Audience);
    }
    // (4), (5)
    if claims.get("azp").is_some_and(|azp| azp.as_str() != Some(client_id)) {
        return Err(IdTokenError::AuthorizedParty);
    }
    // (9), (10)
    jwt::check_times(claims, now, SKEW)?;
    if jwt::seconds(claims, "iat")?.is_none() {
        return Err(IdTokenError::NoIssueTime);
    }
    // (11)
    let same = jwt::text(claims, "nonce").is_some_and(|sent| bool::from(sent.as_bytes().ct_eq(nonce.as_bytes())));
    if !same {
        return Err(IdTokenError::Nonce);
    }
    // §2: at most 255 ASCII characters.
    if !jwt::text(claims, "sub").is_some_and(|sub| (1..=255).contains(&sub.len())) {
        return Err(IdTokenError::Subject);
    }
    if let Some(tenant) = metadata.tenant
        && jwt::text(claims, "tid") != Some(&tenant.to_string())
    {
        return Err(IdTokenError::Tenant);
    }
    Ok(())
}
