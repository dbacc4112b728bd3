//! The authorization endpoint: RFC 6749 §4.1.1, OpenID Connect Core §3.1.2, RFC 7636 §4.3.
//!
//! What it checks, in this order:
//! 1. the client exists and the redirect URI is registered for it, character by character but for the port of
//!    localhost; until then nothing is ever redirected, and errors are a page (RFC 6749 §4.1.2.1, RFC 9700 §4.1.3);
//! 2. no parameter twice (RFC 6749 §3.1); `response_mode`, `response_type`, no request object (Core §6);
//! 3. PKCE with S256 (RFC 7636 §4.3), which is the app's to use unless `tenant.require_pkce` demands it (RFC 9700 §2.1.1;
//!    as in Entra, confidential clients need none);
//! 4. scopes exist and are granted; what is to be kept (`nonce`, `state`, `login_hint`) is not too long;
//! 5. `prompt`, `max_age`, `id_token_hint`, `login_hint` against the single sign-on session (Core §3.1.2.1);
//! 6. authentication contexts that `claims` demands, and the user's consent (`interaction.rs`).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authorization_response::{ResponseMode, ReturnAddress};
use super::claims::{ClaimsError, ClaimsRequest};
use super::config::App;
use super::error::{Described, Trace};
use super::interaction::{self, Due, Interaction, Start};
use super::parameters::Parameters;
use super::scope::{ScopeError, Scopes};
use super::sso::{Lapsed, Session};
use super::{Tenant, notice};

/// The longest nonce, in bytes.
const MAX_NONCE: usize = 512;
/// The longest state, in bytes.
const MAX_STATE: usize = 2048;
/// The longest login hint, in bytes: no address is longer (RFC 5321 §4.5.3.1.3), and neither is the claim.
const MAX_LOGIN_HINT: usize = 254;

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/authorize", get(by_get).post(by_post))
}

/// A request that has passed all checks but those of its user. What an interaction keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct AuthorizationRequest {
    /// The app.
    pub(super) client_id: Uuid,
    /// Where the answer goes.
    pub(super) return_to: ReturnAddress,
    /// As [`Scopes`] write themselves.
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
}

/// Errors before the redirect URI is known to be the app's: shown, never redirected.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the body is not a form")]
    NotAForm,
    #[error("client_id is missing or repeated")]
    NoClientId,
    #[error("no app has the client id {0:?}")]
    UnknownClient(String),
    #[error("redirect_uri is missing or repeated")]
    NoRedirectUri { client_id: Uuid },
    #[error("the redirect URI {redirect_uri:?} is not registered for {client_id}")]
    UnregisteredRedirectUri { client_id: Uuid, redirect_uri: String },
}

impl Refused {
    fn describe(&self) -> Described {
        match self {
            Self::NotAForm => Described::new("invalid_request", 9_002_313, "The request is malformed."),
            Self::NoClientId => Described::missing("client_id"),
            Self::UnknownClient(client_id) => Described::new(
                "unauthorized_client",
                700_016,
                format!("Application with identifier '{client_id}' was not found in the directory."),
            ),
            Self::NoRedirectUri { .. } => Described::missing("redirect_uri"),
            Self::UnregisteredRedirectUri { client_id, redirect_uri } => Described::new(
                "invalid_request",
                50_011,
                format!(
                    "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs \
                     configured for the application '{client_id}'."
                ),
            ),
        }
    }
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
    Lapsed(#[from] Lapsed),
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl Denied {
    pub(super) fn describe(&self) -> Described {
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
            Self::Scope(error) => describe_scope(error, "consent_required"),
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
            Self::Lapsed(Lapsed::PasswordChanged) => {
                Described::new("login_required", 50_133, "The sign-in is not valid due to a recent password change.")
            }
            Self::Lapsed(Lapsed::Deleted | Lapsed::Disabled) => {
                Described::new("access_denied", 50_057, "The user account cannot sign in.")
            }
            Self::Database(_) => super::error::unavailable(),
        }
    }

    /// Logs the refusal and tells the app.
    pub(super) fn answer(&self, tenant: &Tenant, return_to: &ReturnAddress, headers: &HeaderMap) -> Response {
        let trace = Trace::new(tenant, headers);
        if let Self::Database(error) = self {
            tracing::error!(trace = %trace.id, %error, "authorize: the database failed");
        } else {
            tracing::info!(trace = %trace.id, "authorize: {self}");
        }
        return_to.error(tenant, &self.describe(), &trace)
    }
}

/// A scope error as an app is told; `not_granted` is the endpoint's word for a missing consent.
pub(super) fn describe_scope(error: &ScopeError, not_granted: &'static str) -> Described {
    let message = error.to_string();
    match error {
        ScopeError::UnknownScope(_) => Described::new("invalid_scope", 70_011, message),
        // RFC 8707 §2 calls it invalid_target; Entra's word is this one.
        ScopeError::UnknownResource(_) => Described::new("invalid_resource", 500_011, message),
        ScopeError::NotGranted { .. } => Described::new(not_granted, 65_001, message),
    }
}

async fn by_get(State(tenant): State<Tenant>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    answer(&tenant, &headers, Some(Parameters::parse(&query.unwrap_or_default()))).await
}

/// Core §3.1.2.1: "Authorization Servers MUST support the use of the HTTP GET and POST methods".
async fn by_post(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&tenant, &headers, Parameters::parse_body(&headers, &body)).await
}

async fn answer(tenant: &Tenant, headers: &HeaderMap, parameters: Option<Parameters>) -> Response {
    let known = parameters.ok_or(Refused::NotAForm).and_then(|parameters| {
        let (app, redirect_uri) = client(tenant, &parameters)?;
        Ok((app, redirect_uri, parameters))
    });
    let (app, redirect_uri, parameters) = match known {
        Ok(known) => known,
        Err(refused) => {
            let trace = Trace::new(tenant, headers);
            tracing::info!(trace = %trace.id, "authorize: {refused}");
            let app = match &refused {
                Refused::UnregisteredRedirectUri { client_id, .. } | Refused::NoRedirectUri { client_id } => {
                    tenant.config.app(&client_id.to_string())
                }
                Refused::NotAForm | Refused::NoClientId | Refused::UnknownClient(_) => None,
            };
            return notice::error_page(tenant, app, StatusCode::BAD_REQUEST, &refused.describe(), &trace);
        }
    };
    let response_mode = match parameters.get("response_mode") {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    let state = parameters.get("state").map(ToOwned::to_owned);
    let return_to = ReturnAddress { redirect_uri, response_mode, state };
    match authorize(tenant, headers, app, &return_to, &parameters).await {
        Ok(response) => response,
        Err(denied) => denied.answer(tenant, &return_to, headers),
    }
}

fn client<'t>(tenant: &'t Tenant, parameters: &Parameters) -> Result<(&'t App, String), Refused> {
    let client_id = parameters.get("client_id").ok_or(Refused::NoClientId)?;
    let app = tenant.config.app(client_id).ok_or_else(|| Refused::UnknownClient(client_id.to_owned()))?;
    let redirect_uri =
        parameters.get("redirect_uri").ok_or(Refused::NoRedirectUri { client_id: app.client_id })?.to_owned();
    if !tenant.config.is_registered(&app.redirect_uris, &redirect_uri) {
        return Err(Refused::UnregisteredRedirectUri { client_id: app.client_id, redirect_uri });
    }
    Ok((app, redirect_uri))
}

async fn authorize(
    tenant: &Tenant,
    headers: &HeaderMap,
    app: &App,
    return_to: &ReturnAddress,
    parameters: &Parameters,
) -> Result<Response, Denied> {
    let (mut request, wishes) = parse(tenant, app, return_to, parameters)?;
    let flow = tenant.config.flow_of(app).ok_or(Denied::NoUserFlow)?;
    if wishes.prompts.contains(&Prompt::Create) {
        if !flow.sign_up {
            return Err(Denied::NoSignUp);
        }
        request.sign_up = true;
    }

    let session = Session::find(tenant, headers).await?;
    if let Some(session) = session.as_ref().filter(|session| wishes.satisfied_by(tenant, app, session, &request)) {
        session.touch(tenant).await?;
        if wishes.prompts.contains(&Prompt::None) {
            match interaction::due(tenant, app, &request, session).await? {
                Some(Due::StepUp) => return Err(Denied::StepUpRequired),
                Some(Due::Consent(_)) => return Err(Denied::ConsentRequired),
                None => {}
            }
        }
        request.login_hint = Some(session.user.email.clone());
        match interaction::go_on(tenant, app, &request, session).await {
            // A sign-out at this very moment: the same as a moment earlier.
            Err(Denied::SessionEnded) => {}
            answer => return answer,
        }
    }
    // Core §3.1.2.6: no user interface under prompt=none.
    if wishes.prompts.contains(&Prompt::None) {
        return Err(Denied::LoginRequired);
    }
    // Whoever is signed in is most likely who signs in again, unless the app knows better. A hint that is no address is
    // the `login_hint` claim: nothing to fill in.
    let hint = request.login_hint.take().filter(|hint| hint.contains('@'));
    request.login_hint = hint.or_else(|| session.filter(|_| !request.sign_up).map(|session| session.user.email));

    let start = if request.sign_up { Start::SignUp } else { Start::SignIn };
    Ok(Interaction::begin(tenant, &request, start, None).await?)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    None,
    Login,
    SelectAccount,
    Consent,
    Create,
}

/// What the app asks about the user.
struct Wishes {
    prompts: Vec<Prompt>,
    /// Seconds since the user proved who they are.
    max_age: Option<i64>,
}

impl Wishes {
    /// Whether the user of a session need not sign in (again). `prompt=consent` asks for permissions, not for that.
    fn satisfied_by(&self, tenant: &Tenant, app: &App, session: &Session, request: &AuthorizationRequest) -> bool {
        let again = [Prompt::Login, Prompt::SelectAccount, Prompt::Create];
        let age = tenant.clock.unix_millis() - session.auth_time;
        let user = &session.user;
        !self.prompts.iter().any(|prompt| again.contains(prompt))
            // Core §3.1.2.1: max_age=0 is prompt=login; otherwise the user must be asked when the age is greater.
            && self.max_age.is_none_or(|limit| limit > 0 && age <= limit.saturating_mul(1000))
            && request.expected_sub.as_ref().is_none_or(|sub| *sub == tenant.subject(app.client_id, &user.id))
            && request
                .login_hint
                .as_ref()
                .is_none_or(|hint| hint.eq_ignore_ascii_case(&user.email) || *hint == tenant.login_hint(&user.id))
    }
}

/// The PKCE challenge, if there is one. A method without a challenge is a mistake of the app, which believes to be
/// protected.
fn code_challenge(tenant: &Tenant, parameters: &Parameters) -> Result<Option<String>, Denied> {
    let method = parameters.get("code_challenge_method");
    let Some(challenge) = parameters.get("code_challenge") else {
        return if tenant.config.require_pkce || method.is_some() { Err(Denied::NoChallenge) } else { Ok(None) };
    };
    // RFC 7636 §4.3: without a method it is "plain".
    if method != Some("S256") {
        return Err(Denied::ChallengeMethod);
    }
    // RFC 7636 §4.2: 32 bytes as base64url.
    if challenge.len() != 43 || !challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(Denied::ChallengeSize);
    }
    Ok(Some(challenge.to_owned()))
}

fn parse(
    tenant: &Tenant,
    app: &App,
    return_to: &ReturnAddress,
    parameters: &Parameters,
) -> Result<(AuthorizationRequest, Wishes), Denied> {
    // RFC 6749 §3.1
    if let Some(name) = parameters.repeated() {
        return Err(Denied::Repeated(name.to_owned()));
    }
    let get = |name: &str| parameters.get(name).map(ToOwned::to_owned);
    // A fragment never reaches a server, and a web app is all there is here.
    if let Some(mode) = get("response_mode").filter(|mode| mode != "query" && mode != "form_post") {
        return Err(Denied::ResponseMode(mode));
    }
    // RFC 6749 §3.1.1
    match parameters.get("response_type") {
        None => return Err(Denied::Missing("response_type")),
        Some("code") => {}
        Some(other) => return Err(Denied::ResponseType(other.to_owned())),
    }
    // Core §6: to be refused rather than ignored.
    if let Some(name) = ["request", "request_uri"].into_iter().find(|name| parameters.get(name).is_some()) {
        return Err(Denied::RequestObject(name));
    }
    let code_challenge = code_challenge(tenant, parameters)?;
    let scopes = Scopes::parse(parameters.get("scope").unwrap_or_default(), app, &tenant.config)?;
    if scopes.is_empty() {
        return Err(Denied::Missing("scope"));
    }

    let mut prompts = Vec::new();
    for word in parameters.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        prompts.push(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "select_account" => Prompt::SelectAccount,
            "consent" => Prompt::Consent,
            // Initiating User Registration via OpenID Connect 1.0 §4.1
            "create" => Prompt::Create,
            other => return Err(Denied::Prompt(other.to_owned())),
        });
    }
    // Core §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(Denied::NoneAndMore);
    }
    let max_age = match parameters.get("max_age").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if seconds >= 0 => Some(seconds),
        Some(_) => return Err(Denied::MaxAge),
    };
    // Core §3.1.2.1: the hint may have expired; it must be ours, and for this app.
    let expected_sub = match parameters.get("id_token_hint") {
        None => None,
        Some(token) => {
            let hint = super::token::id_token_hint(tenant, token).filter(|hint| hint.aud == app.client_id);
            Some(hint.ok_or(Denied::IdTokenHint)?.sub)
        }
    };
    let claims = ClaimsRequest::of(parameters, &tenant.config)?;
    if let (Some(hinted), Some(wanted)) = (&expected_sub, &claims.sub)
        && hinted != wanted
    {
        return Err(Denied::AnotherUser);
    }
    // It is kept until the code is redeemed: bounded, and nothing that a database refuses (PostgreSQL: NUL).
    if get("nonce").is_some_and(|nonce| nonce.len() > MAX_NONCE || nonce.chars().any(char::is_control)) {
        return Err(Denied::Nonce);
    }
    // They are kept until the user has signed in. Not cut off: the app would not know its state again, and a hint that
    // is ignored signs in somebody else.
    if get("state").is_some_and(|state| state.len() > MAX_STATE) {
        return Err(Denied::State);
    }
    if get("login_hint").is_some_and(|hint| hint.len() > MAX_LOGIN_HINT) {
        return Err(Denied::LoginHint);
    }
    let request = AuthorizationRequest {
        client_id: app.client_id,
        return_to: return_to.clone(),
        scope: scopes.to_string(),
        nonce: get("nonce"),
        code_challenge,
        client_info: parameters.get("client_info") == Some("1"),
        login_hint: get("login_hint"),
        sign_up: false,
        expected_sub: expected_sub.or_else(|| claims.sub.clone()),
        claims,
        ask_consent: prompts.contains(&Prompt::Consent),
    };
    Ok((request, Wishes { prompts, max_age }))
}
