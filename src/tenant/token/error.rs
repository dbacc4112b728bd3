//! Why there are no tokens: one variant for each check, in the log's words and in the client's.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::access_token::AccessTokenError;
use super::client::ClientError;
use crate::tenant::authorization_code::UseUpError;
use crate::tenant::claims::ClaimsError;
use crate::tenant::error::{Described, unavailable};
use crate::tenant::grant::GrantError;
use crate::tenant::keys::KeyError;
use crate::tenant::refusal::Refusal;
use crate::tenant::scope::ScopeError;
use crate::tenant::sso::SignInInvalid;

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub(super) enum RouteError {
    #[error("the body is not a form")]
    NotAForm,
    #[error("the parameter {0:?} is repeated")]
    Repeated(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the grant type {0:?} is not supported")]
    GrantType(String),
    #[error("the code is unknown to this client, or its grant was revoked")]
    UnknownCode,
    #[error("the code has expired")]
    ExpiredCode,
    #[error("the code was used before: its grant was revoked")]
    CodeReused,
    #[error("the redirect URI is not the one of the authorization request")]
    RedirectUri,
    #[error("the code verifier is not 43 to 128 unreserved characters")]
    VerifierSize,
    #[error("the code verifier does not match the challenge")]
    Verifier,
    #[error("there is a code verifier, but the authorization request had no challenge")]
    VerifierWithoutChallenge,
    #[error("the refresh token is unknown")]
    UnknownRefreshToken,
    #[error("the refresh token was issued to another client")]
    AnothersRefreshToken,
    #[error("the refresh token has expired")]
    ExpiredRefreshToken,
    #[error("the refresh token's grant was revoked")]
    RevokedGrant,
    #[error("the refresh token was used before: its grant was revoked")]
    RefreshTokenReplayed,
    #[error(transparent)]
    SignInInvalid(#[from] SignInInvalid),
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error("the scope goes beyond what was authorized")]
    ScopeBeyondGrant,
    #[error("the scope names more than one resource")]
    TwoResources,
    #[error("the user has not consented to the scope {0}")]
    NoConsent(String),
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("the user has not satisfied an authentication context that the claims demand")]
    StepUp {
        /// The `claims` parameter.
        claims: String,
    },
    #[error("the scope of a client credentials grant is not one resource with /.default")]
    NotDefaultScope,
    #[error("requested_token_use is not on_behalf_of")]
    TokenUse,
    #[error("the assertion: {0}")]
    Assertion(AccessTokenError),
    #[error("the scope of the on-behalf-of grant names no resource")]
    NoResource,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl RouteError {
    #[expect(clippy::too_many_lines, reason = "one line for each refusal, side by side")]
    fn describe(&self) -> (StatusCode, Described) {
        let grant = |code, message: &str| Described::new("invalid_grant", code, message);
        // Tells Microsoft's libraries to forget the refresh token and to ask the user.
        let dead = |code, message: &str| Described { suberror: Some("bad_token"), ..grant(code, message) };
        let described = match self {
            Self::NotAForm => Described::not_a_form(),
            Self::Repeated(name) => Described::repeated(name),
            Self::Missing(name) => Described::missing(name),
            Self::Client(error) => return error.describe(),
            Self::GrantType(kind) => Described::new(
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{kind}'."),
            ),
            Self::UnknownCode => grant(70_000, "The provided authorization code is not valid."),
            Self::ExpiredCode => grant(70_008, "The provided authorization code has expired. Send a new request."),
            Self::CodeReused => {
                grant(54_005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
            }
            Self::RedirectUri => grant(
                500_112,
                "The reply address does not match the reply address provided when requesting Authorization code.",
            ),
            Self::VerifierSize => grant(501_491, "The size or alphabet of the 'code_verifier' is not valid."),
            Self::Verifier => grant(
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ),
            Self::VerifierWithoutChallenge => {
                grant(501_481, "There is a 'code_verifier', but the authorization request had no 'code_challenge'.")
            }
            Self::UnknownRefreshToken => dead(70_000, "The provided refresh token is not valid."),
            Self::AnothersRefreshToken => Described {
                suberror: Some("client_mismatch"),
                ..grant(70_000, "The provided refresh token was issued to another application.")
            },
            Self::ExpiredRefreshToken => dead(700_082, "The refresh token has expired due to inactivity."),
            Self::RevokedGrant | Self::SignInInvalid(SignInInvalid::PasswordChanged) => dead(
                50_173,
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might \
                 have changed or reset their password.",
            ),
            Self::RefreshTokenReplayed => dead(50_173, "The refresh token was used before. All tokens were revoked."),
            Self::SignInInvalid(SignInInvalid::Deleted) => {
                dead(50_034, "The user account does not exist in the directory.")
            }
            Self::SignInInvalid(SignInInvalid::Disabled) => dead(50_057, "The user account is disabled."),
            // As in Entra: the user (or administrator) can help, and the grant itself goes on.
            Self::Scope(error @ ScopeError::NotGranted { .. }) => {
                Described { suberror: Some("consent_required"), ..error.describe("invalid_grant") }
            }
            Self::Scope(error) => error.describe("invalid_scope"),
            Self::ScopeBeyondGrant => Described::new(
                "invalid_scope",
                70_011,
                "The provided value for the input parameter 'scope' is not valid: it goes beyond what was authorized.",
            ),
            Self::TwoResources => Described::new(
                "invalid_scope",
                28_000,
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            ),
            Self::NoConsent(scope) => Described {
                suberror: Some("consent_required"),
                ..grant(
                    65_001,
                    &format!(
                        "The user or administrator has not consented to use the application for the scope '{scope}'. \
                         Send an interactive authorization request for this user and resource."
                    ),
                )
            },
            Self::Claims(error) => error.describe(),
            Self::StepUp { claims } => Described {
                suberror: Some("basic_action"),
                claims: Some(claims.clone()),
                ..Described::new(
                    "interaction_required",
                    50_076,
                    "The resource demands more of the user than the sign-in: send an interactive authorization request \
                     with these claims.",
                )
            },
            Self::NotDefaultScope => Described::new(
                "invalid_scope",
                1_002_012,
                "The provided value for scope is not valid. Client credential flows must have one scope value: the \
                 resource identifier (application ID URI) with /.default suffixed.",
            ),
            Self::TokenUse => {
                Described::new("invalid_request", 90_023, "'requested_token_use' must be 'on_behalf_of'.")
            }
            Self::NoResource => Described::new(
                "invalid_scope",
                70_011,
                "The provided value for the input parameter 'scope' is not valid: it must name scopes of one resource.",
            ),
            Self::Assertion(refused) => match refused {
                AccessTokenError::NotOurs => grant(50_013, "Assertion failed signature validation."),
                AccessTokenError::Audience => grant(
                    500_131,
                    "Assertion audience does not match the Client app presenting the assertion: it must be an access \
                     token for this app.",
                ),
                AccessTokenError::Expired => grant(
                    500_133,
                    "Assertion is not within its valid time range. Ensure that the access token is not expired before \
                     using it for user assertion.",
                ),
                AccessTokenError::AppOnly => grant(
                    7_000_114,
                    "The assertion is an application's own token: there is no user to act on behalf of.",
                ),
                AccessTokenError::Revoked { .. } => return Self::RevokedGrant.describe(),
                AccessTokenError::SignInInvalid(lapsed) => return Self::SignInInvalid(*lapsed).describe(),
                AccessTokenError::Database(_) => return (StatusCode::SERVICE_UNAVAILABLE, unavailable()),
            },
            Self::Database(_) | Self::Keys(_) => return (StatusCode::SERVICE_UNAVAILABLE, unavailable()),
        };
        (StatusCode::BAD_REQUEST, described)
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        Refusal::oauth("token", &self, self.describe()).into_response()
    }
}

impl From<UseUpError> for RouteError {
    fn from(error: UseUpError) -> Self {
        match error {
            UseUpError::Unknown => Self::UnknownCode,
            UseUpError::Reused => Self::CodeReused,
            UseUpError::Database(error) => Self::Database(error),
        }
    }
}

impl From<GrantError> for RouteError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::SignInInvalid(lapsed) => Self::SignInInvalid(lapsed),
            GrantError::Database(error) => Self::Database(error),
        }
    }
}
