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
//! 6. authentication contexts that `claims` demands, and the user's consent (`after_sign_in.rs`).

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use uuid::Uuid;

use super::after_sign_in::{self, AfterSignIn, PendingStep};
use super::authorization_request::{AuthorizationRequest, Denied, MAX_LOGIN_HINT, MAX_NONCE, MAX_STATE};
use super::authorization_response::{ResponseMode, ReturnAddress, with_query};
use super::claims::ClaimsRequest;
use super::config::App;
use super::error::{Described, Trace};
use super::id_token_hint::IdTokenHint;
use super::interaction::{Interaction, Start};
use super::language;
use super::pages::frame::Frame;
use super::pages::notice;
use super::pages::way_back::WayBack;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::scope::Scopes;
use super::sso::Session;
use super::state::Tenant;
use super::texts::Texts;
use crate::language::Language;

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/authorize", get(by_get).post(by_post))
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
    /// The app that asked, as far as it is known.
    fn client_id(&self) -> Option<Uuid> {
        match self {
            Self::UnregisteredRedirectUri { client_id, .. } | Self::NoRedirectUri { client_id } => Some(*client_id),
            Self::NotAForm | Self::NoClientId | Self::UnknownClient(_) => None,
        }
    }

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

    /// The page that says so.
    fn tell(self, frame: Frame) -> Response {
        let (described, client_id) = (self.describe(), self.client_id());
        let render = move |tenant: &Tenant, trace: &Trace| {
            let app = client_id.and_then(|client_id| tenant.config().app(&client_id.to_string()));
            notice::error_page(&frame, &WayBack::to(tenant, app), StatusCode::BAD_REQUEST, &described, trace)
        };
        Refusal::new("authorize", &self, render).into_response()
    }
}

async fn by_get(
    State(tenant): State<Tenant>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    respond(&tenant, &uri, &headers, Some(Parameters::parse(&query.unwrap_or_default()))).await
}

/// Core §3.1.2.1: "Authorization Servers MUST support the use of the HTTP GET and POST methods".
async fn by_post(
    State(tenant): State<Tenant>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&tenant, &uri, &headers, Parameters::parse_body(&headers, &body)).await
}

async fn respond(tenant: &Tenant, uri: &Uri, headers: &HeaderMap, parameters: Option<Parameters>) -> Response {
    let answer = match &parameters {
        Some(parameters) => answer(tenant, headers, parameters).await,
        None => Err(Refused::NotAForm),
    };
    answer.unwrap_or_else(|refused| {
        let parameters = parameters.unwrap_or_default();
        // By GET as well, these two bring the same page.
        let named = ["client_id", "redirect_uri"].into_iter().filter_map(|name| Some((name, parameters.get(name)?)));
        let address = with_query(uri.path(), named);
        refused.tell(Frame::new(tenant, spoken(headers, &parameters), address))
    })
}

/// The language of what is shown on the way.
fn spoken(headers: &HeaderMap, parameters: &Parameters) -> Language {
    language::spoken(headers, parameters.get("ui_locales").and_then(language::of_ui_locales))
}

async fn answer(tenant: &Tenant, headers: &HeaderMap, parameters: &Parameters) -> Result<Response, Refused> {
    let (app, redirect_uri) = client(tenant, parameters)?;
    let response_mode = match parameters.get("response_mode") {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    let state = parameters.get("state").map(ToOwned::to_owned);
    let return_to = ReturnAddress { redirect_uri, response_mode, state };
    let response = authorize(tenant, headers, app, &return_to, parameters).await;
    Ok(response.unwrap_or_else(|denied| denied.tell(&return_to, Texts::of(spoken(headers, parameters)))))
}

fn client<'t>(tenant: &'t Tenant, parameters: &Parameters) -> Result<(&'t App, String), Refused> {
    let client_id = parameters.get("client_id").ok_or(Refused::NoClientId)?;
    let app = tenant.config().app(client_id).ok_or_else(|| Refused::UnknownClient(client_id.to_owned()))?;
    let redirect_uri =
        parameters.get("redirect_uri").ok_or(Refused::NoRedirectUri { client_id: app.client_id })?.to_owned();
    if !tenant.config().is_registered(&app.redirect_uris, &redirect_uri) {
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
    let flow = tenant.config().flow_of(app).ok_or(Denied::NoUserFlow)?;
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
            match after_sign_in::pending_step(tenant, app, &request, session).await? {
                Some(PendingStep::StepUp) => return Err(Denied::StepUpRequired),
                Some(PendingStep::Consent(_)) => return Err(Denied::ConsentRequired),
                None => {}
            }
        }
        request.login_hint = Some(session.user.email.clone());
        match after_sign_in::resume(tenant, app, &request, session).await {
            Ok(AfterSignIn::Done(code)) => {
                let t = Texts::of(spoken(headers, parameters));
                return Ok(return_to.code(tenant, &code.code, code.client_info.as_deref(), t));
            }
            Ok(AfterSignIn::Pending(step)) => {
                return Ok(Interaction::begin(tenant, &request, step.into(), Some(session)).await?);
            }
            // A sign-out at this very moment: the same as a moment earlier.
            Err(Denied::SessionEnded) => {}
            Err(denied) => return Err(denied),
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
        let age = tenant.clock().unix_millis() - session.auth_time;
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
        return if tenant.config().require_pkce || method.is_some() { Err(Denied::NoChallenge) } else { Ok(None) };
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
    let scopes = Scopes::parse(parameters.get("scope").unwrap_or_default(), app, tenant.config())?;
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
            let hint = IdTokenHint::read(tenant, token).filter(|hint| hint.aud == app.client_id);
            Some(hint.ok_or(Denied::IdTokenHint)?.sub)
        }
    };
    let claims = ClaimsRequest::parse(parameters.get("claims"), tenant.config())?;
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
        language: parameters.get("ui_locales").and_then(language::of_ui_locales),
    };
    Ok((request, Wishes { prompts, max_age }))
}
