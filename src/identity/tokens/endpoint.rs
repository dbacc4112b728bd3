//! The provider's token endpoint (RFC 6749 §3.2): how it is asked, and how its answers are read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::identity::provider::{Provider, ProviderError};
use crate::platform::outbound::{self, OutboundError};

/// The largest answer of the token endpoint, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// The token endpoint, and the app's own proof of identity.
#[derive(Clone)]
pub(in crate::identity) struct TokenEndpoint {
    pub(in crate::identity) provider: Provider,
    pub(in crate::identity) http: reqwest::Client,
    pub(in crate::identity) client_id: String,
    pub(in crate::identity) secret: SecretString,
}

/// A successful answer (RFC 6749 §5.1).
#[derive(Deserialize)]
pub(in crate::identity) struct TokenResponse {
    pub(in crate::identity) access_token: SecretString,
    token_type: String,
    /// Seconds that the access token lives.
    #[serde(default)]
    pub(in crate::identity) expires_in: Option<i64>,
    #[serde(default)]
    pub(in crate::identity) refresh_token: Option<SecretString>,
    #[serde(default)]
    pub(in crate::identity) id_token: Option<SecretString>,
    /// What was granted, when it differs from what was asked for.
    #[serde(default)]
    pub(in crate::identity) scope: Option<String>,
}

/// An error answer (RFC 6749 §5.2), with Entra's additions.
#[derive(Default, Deserialize)]
struct ErrorResponse {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_codes: Vec<i64>,
    #[serde(default)]
    claims: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(in crate::identity) enum TokenEndpointError {
    /// The grant is over, or the customer must act at the provider.
    #[error("the provider wants the customer: {error} {codes:?}")]
    Interaction {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
        /// A claims challenge, to be handed to the authorization endpoint.
        claims: Option<String>,
    },
    /// The provider refuses the app itself or the request: an operator's mistake.
    #[error("the provider refused the app: {error} {codes:?} (correlation id {correlation_id})")]
    Refused {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
        /// For the provider's support.
        correlation_id: String,
    },
    /// No answer, a 5xx, or nonsense.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// A 5xx or 429.
    #[error("the token endpoint answered {0}")]
    Status(u16),
    /// The provider itself is not known yet.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Not a bearer token (RFC 6749 §7.1: an unknown type must not be used).
    #[error("the token endpoint answered with a token type other than Bearer")]
    TokenType,
}

impl TokenEndpoint {
    /// Sends a token request with the client's authentication.
    pub(in crate::identity) async fn request(
        &self,
        parameters: &[(&str, &str)],
    ) -> Result<TokenResponse, TokenEndpointError> {
        // RFC 6749 §2.3.1: client id and secret are form-encoded before they are joined for HTTP Basic.
        const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
        let metadata = self.provider.metadata().await?;
        let user = utf8_percent_encode(&self.client_id, FORM).to_string();
        let password = utf8_percent_encode(self.secret.expose_secret(), FORM).to_string();
        let request = self
            .http
            .post(metadata.token_endpoint.clone())
            .basic_auth(user, Some(password))
            .header(reqwest::header::ACCEPT, "application/json")
            .form(parameters);
        let (status, _, body) = outbound::send(request, MAX_ANSWER).await?;
        if status.is_success() {
            let response: TokenResponse = outbound::json("the token endpoint", &body)?;
            if !response.token_type.eq_ignore_ascii_case("Bearer") {
                return Err(TokenEndpointError::TokenType);
            }
            return Ok(response);
        }
        if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Err(TokenEndpointError::Status(status.as_u16()));
        }
        let error: ErrorResponse = outbound::json("the token endpoint", &body)?;
        Err(match error.error.as_str() {
            "invalid_grant" | "interaction_required" | "consent_required" | "login_required" | "bad_token" => {
                TokenEndpointError::Interaction { error: error.error, codes: error.error_codes, claims: error.claims }
            }
            _ => TokenEndpointError::Refused {
                error: loggable(&error.error),
                codes: error.error_codes,
                correlation_id: loggable(error.correlation_id.as_deref().unwrap_or("none")),
            },
        })
    }
}

/// A provider's text, cut to what an error code may contain (RFC 6749 §5.2), so that it cannot forge log lines.
pub(in crate::identity) fn loggable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(80).collect()
}
