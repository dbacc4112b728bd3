//! Claims from the `UserInfo` endpoint (OpenID Connect Core §5.3), for providers that put them only there.
//!
//! Checked: the answer is 200, and JSON or a token signed by the provider for this client (encrypted answers are not
//! supported); `sub` is there and exactly the ID token's (§5.3.2), or somebody else's claims would be taken for the
//! customer's. What the ID token says wins, and claims that are about the token rather than the customer are not taken at
//! all.

use axum::http::{Request, header};
use openidconnect::core::CoreGenderClaim;
use openidconnect::{StandardClaims, SubjectIdentifier};

use crate::identity::http::{Answers, Http, HttpError};
use crate::identity::jwt::{self, Claims};
use crate::identity::lenient;
use crate::identity::protocol::UserInfoClaims;
use crate::identity::provider::{Metadata, SignatureError};
use crate::identity::state::Identity;
use crate::identity::token::AccessToken;
use crate::platform::media_type;
use crate::platform::outbound::OutboundError;

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
    #[error("the UserInfo answer is neither application/json nor application/jwt")]
    ContentType,
    #[error("the UserInfo answer is not a JSON object without repeated members")]
    NotJson,
    #[error("the signed UserInfo answer is refused: {error}: its header has {header}")]
    Signature {
        /// Which check.
        error: SignatureError,
        /// What the header says.
        header: String,
    },
    #[error("`iss` of the signed UserInfo answer is {found}, not the provider's {expected}")]
    Issuer {
        /// The answer's.
        found: String,
        /// The provider's.
        expected: String,
    },
    #[error("`aud` of the signed UserInfo answer is {found}, not {expected} alone")]
    Audience {
        /// The answer's.
        found: String,
        /// This client.
        expected: String,
    },
    #[error("`sub` of the UserInfo answer is missing or not the ID token's")]
    Subject,
}

impl UserInfoError {
    /// Whether the provider cannot be asked, rather than answers wrongly.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::Outbound(OutboundError::Unreachable { .. })
            | Self::Signature { error: SignatureError::Provider(_), .. } => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

impl From<HttpError> for UserInfoError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Outbound(error) => Self::Outbound(error),
            HttpError::Status(status) => Self::Status(status),
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
    let url = metadata.userinfo_endpoint.as_ref().ok_or(UserInfoError::NoEndpoint)?;
    let request = Request::get(url.as_str())
        .header(header::AUTHORIZATION, token.authorization_header())
        .header(header::ACCEPT, "application/json")
        .body(Vec::new());
    let answer = Http::new(identity.http(), Answers::Typed, MAX_ANSWER)
        .send(request.map_err(|_| UserInfoError::NoEndpoint)?)
        .await?;
    let mut found = if media_type::is(answer.headers(), "application/json") {
        jwt::strict_object(answer.body()).map_err(|_| UserInfoError::NotJson)?
    } else if media_type::is(answer.headers(), "application/jwt") {
        signed(identity, metadata, answer.body()).await?
    } else {
        return Err(UserInfoError::ContentType);
    };
    let subject = jwt::text(claims, "sub").map(|subject| SubjectIdentifier::new(subject.to_owned()));
    let (_, unusable): (StandardClaims<CoreGenderClaim>, _) =
        lenient::object(&mut found, &["sub"]).map_err(|_| UserInfoError::Subject)?;
    if !unusable.is_empty() {
        tracing::warn!(claims = ?unusable.len(), "claims of a UserInfo answer cannot be read and count as absent");
    }
    let readable = serde_json::Value::Object(found.clone()).to_string();
    if subject.is_none() || UserInfoClaims::from_json::<HttpError>(readable.as_bytes(), subject.as_ref()).is_err() {
        return Err(UserInfoError::Subject);
    }
    for (name, value) in found {
        if !OF_TOKENS.contains(&name.as_str()) {
            claims.entry(name).or_insert(value);
        }
    }
    Ok(())
}

/// §5.3.2: a signed answer has `iss` and `aud`, of which the latter may be missing where nobody else is meant.
async fn signed(identity: &Identity, metadata: &Metadata, body: &[u8]) -> Result<Claims, UserInfoError> {
    let token = std::str::from_utf8(body).map_err(|_| UserInfoError::NotJson)?;
    let token = token.trim();
    let refused = |error| UserInfoError::Signature { error, header: jwt::shown_header(token) };
    let claims = identity.provider().verify_signature(token).await.map_err(refused)?;
    if claims.get("iss").is_some_and(|issuer| issuer.as_str() != Some(&metadata.issuer)) {
        let (found, expected) = (jwt::shown(&claims, "iss"), metadata.issuer.clone());
        return Err(UserInfoError::Issuer { found, expected });
    }
    let trusted = identity.tokens().client().trusted_audiences();
    if claims.contains_key("aud") && !jwt::is_audience(&claims, identity.client_id(), trusted) {
        let (found, expected) = (jwt::shown(&claims, "aud"), identity.client_id().to_owned());
        return Err(UserInfoError::Audience { found, expected });
    }
    Ok(claims)
}
