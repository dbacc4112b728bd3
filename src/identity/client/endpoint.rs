//! The provider's token endpoint (RFC 6749 §3.2): how its answers are read.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::identity::lenient;
use crate::identity::provider::ProviderError;
use crate::identity::scopes::Scopes;
use crate::identity::token::{AccessToken, AcquireError};
use crate::platform::outbound::{self, OutboundError};

/// The largest answer of the token endpoint, in bytes.
pub(in crate::identity) const MAX_ANSWER: usize = 256 * 1024;
/// Seconds that a token lives when the provider does not say (RFC 6749 §5.1 only recommends `expires_in`).
const DEFAULT_LIFETIME: i64 = 300;
/// The longest that an access token is believed to live, in seconds.
const MAX_LIFETIME: i64 = 24 * 3600;
/// Milliseconds before its expiry when a token is renewed (at half time when it lives shorter than ten minutes).
const EARLY: i64 = 300_000;

/// A successful answer (RFC 6749 §5.1).
#[derive(Deserialize)]
pub(in crate::identity) struct TokenResponse {
    pub(in crate::identity) access_token: SecretString,
    token_type: String,
    /// Seconds that the access token lives.
    #[serde(default, deserialize_with = "seconds")]
    pub(in crate::identity) expires_in: Option<i64>,
    /// Entra: seconds after which the token should be renewed, although it still works.
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<i64>,
    #[serde(default)]
    pub(in crate::identity) refresh_token: Option<SecretString>,
    /// Seconds that the refresh token lives, where the provider says so: no session should outlive it.
    #[serde(default, deserialize_with = "seconds")]
    pub(in crate::identity) refresh_token_expires_in: Option<i64>,
    #[serde(default)]
    pub(in crate::identity) id_token: Option<SecretString>,
    /// What was granted, when it differs from what was asked for.
    #[serde(default, deserialize_with = "lenient::scopes")]
    pub(in crate::identity) scope: Option<String>,
}

/// Seconds: a number or, from some providers, its digits as text. Anything else counts as absent.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_i64().or_else(|| value.as_str()?.parse().ok()))
}

/// When a token is renewed and when it ends, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identity) struct Times {
    pub(in crate::identity) renew_at: i64,
    pub(in crate::identity) expires_at: i64,
}

impl TokenResponse {
    /// Reads the body of a successful answer.
    pub(in crate::identity) fn read(body: &[u8]) -> Result<Self, TokenEndpointError> {
        let response: Self = outbound::json("the token endpoint", body)?;
        if !response.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(TokenEndpointError::TokenType);
        }
        Ok(response)
    }

    /// The access token, if it can go into a header.
    pub(in crate::identity) fn token(&self) -> Option<AccessToken> {
        AccessToken::parse(&self.access_token)
    }

    /// The access token's times, when it came at `now`.
    pub(in crate::identity) fn times(&self, now: i64) -> Times {
        let lifetime = self.expires_in.unwrap_or(DEFAULT_LIFETIME).clamp(0, MAX_LIFETIME) * 1000;
        let early = now + lifetime - (lifetime / 2).min(EARLY);
        let renew_at = match self.refresh_in {
            Some(seconds) if seconds > 0 => early.min(now.saturating_add(seconds.saturating_mul(1000))),
            _ => early,
        };
        Times { renew_at, expires_at: now + lifetime }
    }
}

/// An error answer (RFC 6749 §5.2), with Entra's additions.
#[derive(Default, Deserialize)]
struct ErrorResponse {
    #[serde(default)]
    error: String,
    #[serde(default, deserialize_with = "lenient::numbers")]
    error_codes: Vec<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    suberror: Option<String>,
    #[serde(default, deserialize_with = "lenient::json")]
    claims: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    correlation_id: Option<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(in crate::identity) enum TokenEndpointError {
    /// The grant is over: the refresh token, code or assertion will never work again.
    #[error("the grant is over: {error} {codes:?}")]
    Over {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
    },
    /// The customer must act at the provider; the grant is as good as before.
    #[error("the provider wants the customer: {error} {codes:?}")]
    Interaction {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
        /// A claims challenge, to be handed to the authorization endpoint.
        claims: Option<String>,
        /// What is missing is a permission.
        consent: bool,
    },
    /// The provider does not accept the app's proof of who it is.
    #[error("the provider refused the app's credential: {error} {codes:?} (correlation id {correlation_id})")]
    BadCredential {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
        /// For the provider's support.
        correlation_id: String,
    },
    /// The provider refuses the app or the request: an operator's mistake.
    #[error("the provider refused the app: {error} {codes:?} (correlation id {correlation_id})")]
    Refused {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
        /// For the provider's support.
        correlation_id: String,
    },
    /// None of the app's credentials can be used right now.
    #[error("{0}")]
    Credential(String),
    /// No answer, or nonsense.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// A 5xx, a 429, or a redirect.
    #[error("the token endpoint answered {0}")]
    Status(u16),
    /// The app asks so much, or the provider answers so slowly, that the request did not get its turn.
    #[error("the token endpoint is too slow")]
    Busy,
    /// The provider itself is not known yet.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Not a bearer token (RFC 6749 §7.1: an unknown type must not be used).
    #[error("the token endpoint answered with a token type other than Bearer")]
    TokenType,
}

/// Entra's numbers for a credential that is unknown, has expired or is malformed.
const BAD_CREDENTIAL: [i64; 8] = [700_027, 700_024, 7_000_214, 7_000_215, 7_000_222, 1_000_502, 7_000_274, 7_000_277];
/// Entra: the user or an administrator has not consented.
const NO_CONSENT: i64 = 65_001;
/// Suberrors of `invalid_grant` with which the customer can help: the grant itself goes on.
const HELPED_BY_CUSTOMER: [&str; 6] = [
    "basic_action",
    "additional_action",
    "message_only",
    "consent_required",
    "user_password_expired",
    "protection_policy_required",
];

impl TokenEndpointError {
    /// Reads an answer that is not a success.
    pub(in crate::identity) fn read(status: reqwest::StatusCode, body: &[u8]) -> Self {
        // RFC 6749 §5.2: errors are 400 and 401; what comes with another class of status is not the endpoint's word.
        if !status.is_client_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Self::Status(status.as_u16());
        }
        let answer: ErrorResponse = match outbound::json("the token endpoint", body) {
            Ok(answer) => answer,
            Err(error) => return Self::Outbound(error),
        };
        let suberror = answer.suberror.as_deref().unwrap_or_default();
        let consent = answer.error == "consent_required"
            || suberror == "consent_required"
            || answer.error_codes.contains(&NO_CONSENT)
            // RFC 6749 §6: more than was ever granted. Entra means a scope that cannot exist, and adds its number.
            || (answer.error == "invalid_scope" && answer.error_codes.is_empty());
        let bad_credential = answer.error_codes.iter().any(|code| BAD_CREDENTIAL.contains(code));
        let (error, codes) = (loggable(&answer.error), answer.error_codes);
        let correlation_id = loggable(answer.correlation_id.as_deref().unwrap_or("none"));
        match answer.error.as_str() {
            _ if bad_credential => Self::BadCredential { error, codes, correlation_id },
            "invalid_client" => Self::BadCredential { error, codes, correlation_id },
            "interaction_required" | "consent_required" | "login_required" => {
                Self::Interaction { error, codes, claims: answer.claims, consent }
            }
            "invalid_grant" if consent || answer.claims.is_some() || HELPED_BY_CUSTOMER.contains(&suberror) => {
                Self::Interaction { error, codes, claims: answer.claims, consent }
            }
            "invalid_scope" if consent => Self::Interaction { error, codes, claims: answer.claims, consent },
            "invalid_grant" | "bad_token" => Self::Over { error, codes },
            _ => Self::Refused { error, codes, correlation_id },
        }
    }

    /// What it means for whoever wanted a token for `scopes`, having shown the claims challenge `claims`.
    pub(in crate::identity) fn into_acquire_error(self, scopes: &Scopes, asked: Option<&str>) -> AcquireError {
        let asked = asked.map(str::to_owned);
        match self {
            Self::Over { .. } => AcquireError::InteractionRequired {
                scopes: scopes.clone(),
                claims: asked,
                consent: false,
                reason: "the grant is over",
            },
            Self::Interaction { claims, consent, .. } => AcquireError::InteractionRequired {
                scopes: scopes.clone(),
                claims: claims.or(asked),
                consent,
                reason: "the provider wants the customer",
            },
            error => AcquireError::Unavailable(error.to_string()),
        }
    }
}

/// A provider's text, cut to what an error code may contain (RFC 6749 §5.2), so that it cannot forge log lines.
pub(in crate::identity) fn loggable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(80).collect()
}
