//! What an app asks of the authorization endpoint, and why it is denied.

use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authorization_response::ReturnAddress;
use super::claims::{ClaimsError, ClaimsRequest};
use super::error::{Described, Trace, unavailable};
use super::refusal::Refusal;
use super::scope::ScopeError;
use super::sso::SignInInvalid;
use super::state::Tenant;
use super::texts::Texts;
use crate::language::Language;

/// The longest nonce, in bytes.
pub(super) const MAX_NONCE: usize = 512;
/// The longest state, in bytes.
pub(super) const MAX_STATE: usize = 2048;
/// The longest login hint, in bytes: no address is longer (RFC 5321 §4.5.3.1.3), and neither is the claim.
pub(super) const MAX_LOGIN_HINT: usize = 254;

/// A request that has passed all checks but those of its user. What an interaction keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AuthorizationRequest {
    /// The app.
    pub(super) client_id: Uuid,
    /// Where the answer goes.
    pub(super) return_to: ReturnAddress,
    /// As `Scopes` write themselves.
    pub(super) scope: String,
    /// For the ID token.
    pub(super) nonce: Option<String>,
    /// BASE64URL(SHA256(`code_verifier`)) (RFC 7636 §4.2).
    pub(super) code_challenge: Option<String>,
    /// Whether the answer is to name the user to Microsoft's libraries (`client_info=1`).
    #[serde(default)]
    pub(super) client_info: bool,
    /// E-mail address to fill in.
    pub(super) login_hint: Option<String>,
    /// Whether the user flow begins with sign-up.
    pub(super) sign_up: bool,
    /// The `sub` of the `id_token_hint`, or the one that `claims` asks for: nobody else may be signed in.
    pub(super) expected_sub: Option<String>,
    /// The `claims` parameter: what the tokens are to carry, and the authentication contexts to satisfy first.
    #[serde(default)]
    pub(super) claims: ClaimsRequest,
    /// Whether the user is to be asked for permissions that they have granted before (`prompt=consent`).
    #[serde(default)]
    pub(super) ask_consent: bool,
    /// The language that `ui_locales` asks for, if it is one of ours.
    #[serde(default)]
    pub(super) language: Option<Language>,
}

/// Errors that the app is told by its redirect URI.
#[derive(Debug, thiserror::Error)]
pub(super) enum Denied {
    #[error("the parameter {0:?} is repeated")]
    Repeated(String),
    #[error("the response mode {0:?} is not supported")]
    ResponseMode(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the response type {0:?} is not supported")]
    ResponseType(String),
    #[error("the parameter {0} is not supported")]
    RequestObject(&'static str),
    #[error("the request has no PKCE challenge")]
    NoChallenge,
    #[error("the PKCE method is not S256")]
    ChallengeMethod,
    #[error("the PKCE challenge is not 43 characters of base64url")]
    ChallengeSize,
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error("the prompt {0:?} is not supported")]
    Prompt(String),
    #[error("prompt=none with another prompt")]
    NoneAndMore,
    #[error("max_age is not a number of seconds")]
    MaxAge,
    #[error("the nonce is too long or has control characters")]
    Nonce,
    #[error("the state is too long")]
    State,
    #[error("the login_hint is too long")]
    LoginHint,
    #[error("the id_token_hint is not a token of ours for this app")]
    IdTokenHint,
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("sign-up is asked for, and the user flow has none")]
    NoSignUp,
    #[error("the app has no user flow")]
    NoUserFlow,
    #[error("prompt=none and nobody is signed in, or not as it was asked for")]
    LoginRequired,
    #[error("the session ended while the request was answered")]
    SessionEnded,
    #[error("another user signed in than the one of the id_token_hint")]
    AnotherUser,
    #[error("prompt=none, and a second factor is due")]
    StepUpRequired,
    #[error("prompt=none, and the user has not agreed to all permissions")]
    ConsentRequired,
    #[error("the user does not want to go on")]
    Cancelled,
    #[error("the user does not agree to the permissions")]
    ConsentDeclined,
    #[error(transparent)]
    SignInInvalid(#[from] SignInInvalid),
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl Denied {
    fn describe(&self) -> Described {
        let invalid = |code, message: String| Described::new("invalid_request", code, message);
        match self {
            Self::Repeated(name) => Described::repeated(name),
            Self::ResponseMode(mode) => invalid(
                70_007,
                format!("'{mode}' is not a supported value of 'response_mode'; use query or form_post."),
            ),
            Self::Missing(name) => Described::missing(name),
            Self::ResponseType(kind) => Described::new(
                "unsupported_response_type",
                700_051,
                format!("response_type '{kind}' is not enabled for the application; use code."),
            ),
            // Core §6.1, §6.2
            Self::RequestObject(name) => {
                let error = if *name == "request" { "request_not_supported" } else { "request_uri_not_supported" };
                Described::new(error, 9_002_313, format!("The parameter '{name}' is not supported."))
            }
            Self::NoChallenge => invalid(
                9_002_325,
                "Proof Key for Code Exchange is required: send 'code_challenge' and 'code_challenge_method=S256'."
                    .to_owned(),
            ),
            Self::ChallengeMethod => {
                invalid(501_481, "'code_challenge_method' must be S256; 'plain' is not accepted.".to_owned())
            }
            Self::ChallengeSize => {
                invalid(50_147, "The size or alphabet of the 'code_challenge' parameter is not valid.".to_owned())
            }
            Self::Scope(error) => error.describe("consent_required"),
            Self::Prompt(prompt) => invalid(
                90_023,
                format!("Unsupported 'prompt' value '{prompt}'; use none, login, select_account, consent or create."),
            ),
            Self::NoneAndMore => invalid(90_023, "'prompt=none' does not go with another prompt.".to_owned()),
            Self::MaxAge => invalid(90_023, "'max_age' must be a number of seconds.".to_owned()),
            Self::Nonce => {
                invalid(90_023, format!("'nonce' must be at most {MAX_NONCE} bytes, without control characters."))
            }
            Self::State => invalid(90_023, format!("'state' must be at most {MAX_STATE} bytes.")),
            Self::LoginHint => invalid(90_023, format!("'login_hint' must be at most {MAX_LOGIN_HINT} bytes.")),
            Self::IdTokenHint => invalid(50_027, "The 'id_token_hint' is not a valid token for this app.".to_owned()),
            Self::Claims(error) => error.describe(),
            Self::NoSignUp => invalid(90_023, "Sign-up is disabled in the user flow of this application.".to_owned()),
            Self::NoUserFlow => {
                Described::new("unauthorized_client", 700_016, "The application is not associated with a user flow.")
            }
            Self::LoginRequired => {
                Described::new("login_required", 50_058, "A silent sign-in request was sent but no user is signed in.")
            }
            Self::SessionEnded => Described::new(
                "login_required",
                50_058,
                "The user has signed out. Send an interactive authorization request.",
            ),
            Self::AnotherUser => Described::new(
                "login_required",
                50_058,
                "The user who signed in is not the user of the 'id_token_hint'.",
            ),
            Self::StepUpRequired => Described::new(
                "interaction_required",
                50_076,
                "The user must prove themselves with a second factor. Send an interactive authorization request.",
            ),
            Self::ConsentRequired => Described::new(
                "consent_required",
                65_001,
                "The user has not consented to use the application. Send an interactive authorization request.",
            ),
            Self::Cancelled => Described::new("access_denied", 65_004, "User declined to sign in."),
            Self::ConsentDeclined => {
                Described::new("access_denied", 65_004, "User declined to consent to access the app.")
            }
            Self::SignInInvalid(SignInInvalid::PasswordChanged) => {
                Described::new("login_required", 50_133, "The sign-in is not valid due to a recent password change.")
            }
            Self::SignInInvalid(SignInInvalid::Deleted | SignInInvalid::Disabled) => {
                Described::new("access_denied", 50_057, "The user account cannot sign in.")
            }
            Self::Database(_) => unavailable(),
        }
    }

    /// Tells the app; `t` for what the browser may show meanwhile.
    pub(super) fn tell(self, return_to: &ReturnAddress, t: Texts) -> Response {
        let (described, return_to) = (self.describe(), return_to.clone());
        let render = move |tenant: &Tenant, trace: &Trace| return_to.error(tenant, &described, trace, t);
        let is_outage = matches!(self, Self::Database(_));
        Refusal::new("authorize", &self, render).outage(is_outage).into_response()
    }
}
