//! The ID token of a renewal (OpenID Connect Core §12.2): it must be about the customer who signed in.
//!
//! In this order: signature by a key of the provider (as in [`crate::identity::jwt`]); `iss` is the provider's; `aud` is
//! this client and nobody else, `azp`, when there, too; `sub` is that of the sign-in; `exp`, `nbf` and `iat`. There is no
//! nonce to compare.

use subtle::ConstantTimeEq as _;

use crate::identity::client::ConfidentialClient;
use crate::identity::jwt::{self, SKEW, TimeError};
use crate::identity::provider::{ProviderError, SignatureError};
use crate::platform::clock::Clock;

/// Why the ID token of a renewal is refused. One variant per check.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenewedIdTokenError {
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("`iss` is not the provider's")]
    Issuer,
    #[error("`aud` is not this client alone")]
    Audience,
    #[error("`azp` is another client")]
    AuthorizedParty,
    #[error("`sub` is not that of the sign-in")]
    Subject,
    #[error(transparent)]
    Times(#[from] TimeError),
    #[error("`iat` is missing")]
    NoIssueTime,
    #[error("the provider's keys did not come in time")]
    TimedOut,
}

impl RenewedIdTokenError {
    /// Whether the token is certainly not this customer's. Otherwise the provider's keys cannot be had, or not the newest
    /// ones yet, or the clocks do not agree: nobody is signed out for that.
    pub(super) fn is_somebody_elses(&self) -> bool {
        !matches!(
            self,
            Self::Signature(SignatureError::Provider(_) | SignatureError::UnknownKey | SignatureError::AmbiguousKey)
                | Self::Provider(_)
                | Self::Times(_)
                | Self::NoIssueTime
                | Self::TimedOut
        )
    }
}

/// Checks `token`, whose sign-in was that of `subject`.
pub(super) async fn check(
    client: &ConfidentialClient,
    subject: &str,
    token: &str,
    clock: &Clock,
) -> Result<(), RenewedIdTokenError> {
    let claims = client.provider().verify_signature(token).await?;
    let metadata = client.provider().metadata().await?;
    if jwt::text(&claims, "iss") != Some(&metadata.issuer) {
        return Err(RenewedIdTokenError::Issuer);
    }
    if jwt::audiences(&claims).as_deref() != Some(&[client.client_id()]) {
        return Err(RenewedIdTokenError::Audience);
    }
    if claims.get("azp").is_some_and(|azp| azp.as_str() != Some(client.client_id())) {
        return Err(RenewedIdTokenError::AuthorizedParty);
    }
    let same = |sub: &str| bool::from(sub.as_bytes().ct_eq(subject.as_bytes()));
    if !jwt::text(&claims, "sub").is_some_and(same) {
        return Err(RenewedIdTokenError::Subject);
    }
    jwt::check_times(&claims, clock.unix_seconds(), SKEW)?;
    jwt::seconds(&claims, "iat")?.ok_or(RenewedIdTokenError::NoIssueTime)?;
    Ok(())
}
