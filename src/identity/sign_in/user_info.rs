//! Claims from the `UserInfo` endpoint (OpenID Connect Core §5.3), for providers that put them only there.
//!
//! Checked: the answer is 200 and JSON (signed or encrypted answers are not supported); `sub` is there and exactly the
//! ID token's (§5.3.2), or somebody else's claims would be taken for the customer's. What the ID token says wins, and
//! claims that are about the token rather than the customer are not taken at all.

use crate::identity::jwt::{self, Claims};
use crate::identity::provider::Metadata;
use crate::identity::state::Identity;
use crate::identity::token::AccessToken;
use crate::platform::media_type;
use crate::platform::outbound::{self, OutboundError};

/// The largest answer that is read, in bytes: the claims go into the session.
const MAX_ANSWER: usize = 32 * 1024;
/// Claims that only a signed token can make (RFC 7519 §4.1, OpenID Connect Core §2, OpenID Connect Front-Channel Logout
/// §3), and Entra's.
const OF_TOKENS: [&str; 16] = [
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "azp",
    "acr",
    "amr",
    "auth_time",
    "at_hash",
    "c_hash",
    "sid",
    "events",
    "tid",
];

/// Why the claims cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum UserInfoError {
    #[error("`claims_from_userinfo` is set, but the provider publishes no `userinfo_endpoint`")]
    NoEndpoint,
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the UserInfo endpoint answered {0}")]
    Status(u16),
    #[error("the UserInfo answer is not application/json")]
    ContentType,
    #[error("`sub` of the UserInfo answer is missing or not the ID token's")]
    Subject,
}

impl UserInfoError {
    /// Whether the provider cannot be asked, rather than answers wrongly.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Outbound(OutboundError::Unreachable { .. }) => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// Adds the endpoint's claims to the verified claims of the ID token.
pub(super) async fn add(
    identity: &Identity,
    metadata: &Metadata,
    token: &AccessToken,
    claims: &mut Claims,
) -> Result<(), UserInfoError> {
    let url = metadata.userinfo_endpoint.clone().ok_or(UserInfoError::NoEndpoint)?;
    let request = identity
        .http
        .get(url)
        .header(reqwest::header::AUTHORIZATION, token.authorization_header())
        .header(reqwest::header::ACCEPT, "application/json");
    let (status, headers, body) = outbound::send(request, MAX_ANSWER).await?;
    if status != reqwest::StatusCode::OK {
        return Err(UserInfoError::Status(status.as_u16()));
    }
    if !media_type::is(&headers, "application/json") {
        return Err(UserInfoError::ContentType);
    }
    let found: Claims = outbound::json("the UserInfo endpoint", &body)?;
    if jwt::text(&found, "sub").is_none() || jwt::text(&found, "sub") != jwt::text(claims, "sub") {
        return Err(UserInfoError::Subject);
    }
    for (name, value) in found {
        if !OF_TOKENS.contains(&name.as_str()) {
            claims.entry(name).or_insert(value);
        }
    }
    Ok(())
}
