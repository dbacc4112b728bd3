//! The provider's token endpoint (RFC 6749 §3.2): how its answers are read.

use std::fmt;
use std::time::Duration;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenType};
use oauth2::{
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenIntrospectionResponse,
};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use crate::identity::http::HttpError;
use crate::identity::lenient;
use crate::identity::log::loggable;
use crate::identity::provider::ProviderError;
use crate::identity::scopes::Scopes;
use crate::identity::token::{AccessToken, AcquireError};
use crate::platform::clock::Timestamp;
use crate::platform::outbound::{self, OutboundError};

/// The largest answer of the token endpoint, in bytes.
pub(in crate::identity) const MAX_ANSWER: usize = 256 * 1024;
/// How long a token lives when the provider does not say (RFC 6749 §5.1 only recommends `expires_in`).
const DEFAULT_LIFETIME: time::Duration = time::Duration::minutes(5);
/// The longest that an access token is believed to live.
const MAX_LIFETIME: time::Duration = time::Duration::DAY;
/// How long before its expiry a token is renewed (at half time when it lives shorter than ten minutes).
const EARLY: time::Duration = time::Duration::minutes(5);

/// What asks the token endpoint: `oauth2`'s client with our reading of answers and errors.
pub(super) type OAuthClient = oauth2::Client<
    ErrorResponse,
    TokenResponse,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A successful answer (RFC 6749 §5.1). The ID token stays as it came: one that cannot be read must not cost the refresh
/// token's successor. An empty optional member counts as absent.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::identity) struct TokenResponse {
    access_token: oauth2::AccessToken,
    token_type: BasicTokenType,
    /// Seconds that the access token lives.
    #[serde(default, deserialize_with = "seconds")]
    pub(in crate::identity) expires_in: Option<i64>,
    /// Entra: seconds after which the token should be renewed, although it still works.
    #[serde(default, deserialize_with = "seconds")]
    refresh_in: Option<i64>,
    #[serde(default, deserialize_with = "refresh_token")]
    refresh_token: Option<RefreshToken>,
    /// Seconds that the refresh token lives, where the provider says so: no session should outlive it.
    #[serde(default, deserialize_with = "seconds")]
    refresh_token_expires_in: Option<i64>,
    #[serde(default, deserialize_with = "id_token", skip_serializing)]
    pub(in crate::identity) id_token: Option<SecretString>,
    /// What was granted, when it differs from what was asked for.
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
}

impl oauth2::TokenResponse for TokenResponse {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

fn refresh_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RefreshToken>, D::Error> {
    Ok(lenient::text(deserializer)?.map(RefreshToken::new))
}

fn id_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(lenient::text(deserializer)?.map(SecretString::from))
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Scope>>, D::Error> {
    let text = lenient::scopes(deserializer)?;
    Ok(text.map(|text| text.split_ascii_whitespace().map(str::to_owned).map(Scope::new).collect()))
}

/// Seconds: a number or, from some providers, its digits as text. Anything else counts as absent.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_i64().or_else(|| value.as_str()?.parse().ok()))
}

/// When a token is renewed and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identity) struct Times {
    pub(in crate::identity) renew_at: Timestamp,
    pub(in crate::identity) expires_at: Timestamp,
}

impl TokenResponse {
    /// Reads the body of a successful answer.
    pub(in crate::identity) fn read(body: &[u8]) -> Result<Self, TokenEndpointError> {
        outbound::json::<Self>("the token endpoint", body)?.checked()
    }

    /// RFC 6749 §7.1: a token of a kind that we do not know must not be used.
    pub(super) fn checked(self) -> Result<Self, TokenEndpointError> {
        if self.token_type.as_ref().eq_ignore_ascii_case("Bearer") {
            Ok(self)
        } else {
            Err(TokenEndpointError::TokenType)
        }
    }

    /// The access token, if it can go into a header.
    pub(in crate::identity) fn token(&self) -> Option<AccessToken> {
        AccessToken::parse(&SecretString::from(self.access_token.secret().as_str()))
    }

    /// The access token as it came.
    pub(in crate::identity) fn raw_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    /// The refresh token that comes with it, or after the one that was presented.
    pub(in crate::identity) fn successor(&self) -> Option<SecretString> {
        self.refresh_token.as_ref().map(|token| SecretString::from(token.secret().as_str()))
    }

    /// What was granted, where the provider says so; otherwise it is what was asked for (RFC 6749 §5.1).
    pub(in crate::identity) fn granted(&self) -> Option<Scopes> {
        self.scope.as_ref().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect())
    }

    /// How long the refresh token lives, where the provider says so.
    pub(in crate::identity) fn refresh_lifetime(&self) -> Option<time::Duration> {
        self.refresh_token_expires_in.filter(|left| *left > 0).map(time::Duration::seconds)
    }

    /// The access token's times, when it came at `now`.
    pub(in crate::identity) fn times(&self, now: Timestamp) -> Times {
        let lifetime =
            self.expires_in.map_or(DEFAULT_LIFETIME, time::Duration::seconds).clamp(time::Duration::ZERO, MAX_LIFETIME);
        let early = now + lifetime - EARLY.min(lifetime / 2);
        let renew_at = match self.refresh_in {
            Some(seconds) if seconds > 0 => early.min(now + time::Duration::seconds(seconds)),
            _ => early,
        };
        Times { renew_at, expires_at: now + lifetime }
    }
}

/// An error answer (RFC 6749 §5.2), with Entra's additions.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(in crate::identity) struct ErrorResponse {
    #[serde(default, deserialize_with = "lenient::text")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient::numbers")]
    error_codes: Vec<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    suberror: Option<String>,
    #[serde(default, deserialize_with = "lenient::json")]
    claims: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    correlation_id: Option<String>,
}

impl oauth2::ErrorResponse for ErrorResponse {}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", loggable(self.error.as_deref().unwrap_or_default()), self.error_codes)
    }
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
    /// A request that cannot be made: an operator's mistake.
    #[error("the request cannot be made: {0}")]
    Request(String),
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
        match outbound::json::<ErrorResponse>("the token endpoint", body) {
            Ok(answer) => answer.into(),
            Err(error) => Self::Outbound(error),
        }
    }

    /// Whether the provider answers, but not as the protocol has it: trying again in a moment will not help.
    pub(in crate::identity) fn is_malformed(&self) -> bool {
        match self {
            Self::TokenType | Self::Outbound(OutboundError::Malformed { .. } | OutboundError::TooLarge { .. }) => true,
            Self::Provider(error) => !error.is_outage(),
            _ => false,
        }
    }

    /// Whether the provider does not answer, or not now, rather than refuses the app or is not understood.
    pub(in crate::identity) fn is_outage(&self) -> bool {
        match self {
            Self::Outbound(error) => matches!(error, OutboundError::Unreachable { .. }),
            Self::Status(status) => *status >= 500 || *status == 429,
            // RFC 6749 §4.1.2.1 has these for the other endpoint; some send them here, too.
            Self::Refused { error, .. } => matches!(error.as_str(), "temporarily_unavailable" | "server_error"),
            Self::Provider(error) => error.is_outage(),
            Self::Busy => true,
            _ => false,
        }
    }

    /// Whether it is about the refresh token or its user, in a word that is none of the standard's (RFC 6749 §5.2): Hydra's
    /// for one that is over, others' for users who are locked out. Signing in helps, or says why not.
    pub(in crate::identity) fn refuses_grant(&self) -> bool {
        const WORDS: [&str; 6] = [
            "access_denied",
            "expired_token",
            "invalid_refresh_token",
            "invalid_token",
            "token_expired",
            "token_inactive",
        ];
        matches!(self, Self::Refused { error, .. } if WORDS.contains(&error.as_str()))
    }

    /// Whether it is a word that no standard has, of which nobody knows whom it is about.
    pub(in crate::identity) fn is_unknown_refusal(&self) -> bool {
        const KNOWN: [&str; 9] = [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "invalid_target",
            "server_error",
            "temporarily_unavailable",
        ];
        matches!(self, Self::Refused { error, codes, .. } if codes.is_empty() && !KNOWN.contains(&error.as_str()))
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
            Self::Busy => AcquireError::Busy("the token endpoint is too slow"),
            Self::Provider(error) => AcquireError::of_provider(error),
            error if error.is_outage() => AcquireError::unavailable(error),
            error => AcquireError::misconfigured(error),
        }
    }
}

impl From<ErrorResponse> for TokenEndpointError {
    fn from(answer: ErrorResponse) -> Self {
        let name = answer.error.as_deref().unwrap_or_default();
        let suberror = answer.suberror.as_deref().unwrap_or_default();
        let consent = name == "consent_required"
            || suberror == "consent_required"
            || answer.error_codes.contains(&NO_CONSENT)
            // RFC 6749 §6: more than was ever granted. Entra means a scope that cannot exist, and adds its number.
            || (name == "invalid_scope" && answer.error_codes.is_empty());
        let bad_credential = answer.error_codes.iter().any(|code| BAD_CREDENTIAL.contains(code));
        let (error, codes) = (loggable(name), answer.error_codes);
        let correlation_id = loggable(answer.correlation_id.as_deref().unwrap_or("none"));
        match name {
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
}

impl From<HttpError> for TokenEndpointError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Status(status) => Self::Status(status),
            HttpError::Outbound(error) => Self::Outbound(error),
        }
    }
}

/// The crate's error holds the answer's body: nothing of it goes further.
impl From<RequestTokenError<HttpError, ErrorResponse>> for TokenEndpointError {
    fn from(error: RequestTokenError<HttpError, ErrorResponse>) -> Self {
        let malformed =
            |reason: String| OutboundError::Malformed { place: "the token endpoint".to_owned(), reason }.into();
        match error {
            RequestTokenError::ServerResponse(answer) => answer.into(),
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::Parse(error, _) => {
                malformed(format!("{:?} error at `{}`", error.inner().classify(), error.path()))
            }
            RequestTokenError::Other(_) => malformed("the answer is empty".to_owned()),
        }
    }
}
