//! `/auth/redirect`: the provider's answer (RFC 6749 §4.1.2, OpenID Connect Core §3.1.2.5): checked, its code
//! exchanged, the ID token verified, the session begun. By GET, in the query, or by POST where the provider was asked to
//! have the browser post a form (OAuth 2.0 Form Post Response Mode §2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use secrecy::{ExposeSecret as _, SecretString};
use tower_sessions::Session;

use super::answer::set_cookie;
use super::authorize;
use super::declined::Declined;
use super::parameters::Parameters;
use super::paths::REDIRECT;
use super::pending_sign_in::PendingSignIn;
use super::problem::Problem;
use super::turns::{NoTurn, Peer, RateLimitKey};
use super::user_info::{self, UserInfoError};
use crate::identity::client::endpoint::{TokenEndpointError, TokenResponse};
use crate::identity::client::request::{Grant, TokenRequest};
use crate::identity::config::ResponseMode;
use crate::identity::ended::{self, Ended};
use crate::identity::id_token::{self, Expected, IdTokenError, Of, VerifiedIdToken};
use crate::identity::jwt::Claims;
use crate::identity::log::loggable;
use crate::identity::provider::{Metadata, ProviderError, SignatureError};
use crate::identity::scopes::Naming;
use crate::identity::session::{self, UserKey, UserSession, Which};
use crate::identity::token::{AcquireError, Cause};
use crate::identity::tokens::OPENID_SCOPES;
use crate::identity::{Identity, browser, claim_names};
use crate::platform::redirect::see_other;

/// Why an answer is not accepted. One variant per refused check; the text is for the log.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    /// RFC 6749 §3.1: parameters must not be included more than once.
    #[error("a parameter of the answer is there twice")]
    RepeatedParameter,
    /// RFC 9700 §4.7: no pending sign-in of this browser has this state, or it ran out.
    #[error("the state belongs to no sign-in of this browser")]
    UnknownState,
    /// The state was answered before.
    #[error("the state was answered before")]
    AnsweredState,
    /// RFC 9207 §2.4: the answer names another issuer, or none although the provider announces that it does.
    #[error("the answer does not come from the provider that was asked: `iss` is {found}, not {expected}")]
    Issuer {
        /// The answer's.
        found: String,
        /// The provider's.
        expected: String,
    },
    /// RFC 6749 §4.1.2.1: the provider reports an error.
    #[error("the provider answered {0}")]
    Provider(String),
    /// Neither a code nor an error.
    #[error("the answer has no code")]
    NoCode,
    /// There are too many codes.
    #[error("the code is not exchanged: {0}")]
    NoTurn(#[from] NoTurn),
    /// The code was not accepted.
    #[error("the code could not be exchanged: {0}")]
    Exchange(#[from] TokenEndpointError),
    /// OpenID Connect Core §3.1.3.3: there must be an ID token.
    #[error("the token response has no ID token")]
    NoIdToken,
    /// The ID token is not acceptable.
    #[error("the ID token is refused: {0}")]
    IdToken(#[from] IdTokenError),
    /// The claims beside the ID token are not acceptable.
    #[error("the UserInfo answer is refused: {0}")]
    UserInfo(#[from] UserInfoError),
    /// There is no usable access token to ask the `UserInfo` endpoint with.
    #[error("the token response has no access token that could be used")]
    NoAccessToken,
    /// The claim that says who it is, as configured, is not there.
    #[error("the claim `claim_names.object_id` is missing or not a text")]
    NoCustomer,
    /// The customer had to prove who they are (OpenID Connect Core §3.1.3.7, 13), and the ID token does not say that they
    /// did.
    #[error(
        "`auth_time` of the ID token is missing, or older than the request for proof: the provider must obey \
         `prompt=login` and send `auth_time`"
    )]
    NotProved(Option<Ended>),
    /// The provider's document is not available.
    #[error(transparent)]
    Metadata(#[from] ProviderError),
    /// The session or the tokens could not be stored.
    #[error("the session could not be stored: {0}")]
    Store(#[source] Cause),
}

impl From<sqlx::Error> for RouteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(Cause::new(error))
    }
}

impl From<tower_sessions::session::Error> for RouteError {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::Store(Cause::new(error))
    }
}

impl From<AcquireError> for RouteError {
    fn from(error: AcquireError) -> Self {
        Self::Store(Cause::new(error))
    }
}

impl RouteError {
    /// The provider's metadata or keys, where they are what is missing.
    fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Metadata(error)
            | Self::Exchange(TokenEndpointError::Provider(error))
            | Self::IdToken(IdTokenError::Provider(error) | IdTokenError::Signature(SignatureError::Provider(error)))
            | Self::UserInfo(UserInfoError::Signature { error: SignatureError::Provider(error), .. }) => Some(error),
            _ => None,
        }
    }

    fn problem(&self) -> Problem {
        if let Some(error) = self.provider_error() {
            return Problem::of_provider(error);
        }
        match self {
            // With these errors the provider has authenticated the app, or refused it, whatever the code was.
            Self::Exchange(
                TokenEndpointError::BadCredential { .. }
                | TokenEndpointError::Request(_)
                | TokenEndpointError::Credential(_),
            ) => Problem::Misconfigured,
            Self::UnknownState | Self::AnsweredState => Problem::Expired,
            Self::NotProved(Some(ended)) => Problem::of_ended(*ended),
            Self::Provider(error) if error == "access_denied" => Problem::Cancelled,
            Self::Provider(error) if error != "server_error" && error != "temporarily_unavailable" => Problem::Refused,
            Self::Exchange(
                TokenEndpointError::Over { .. }
                | TokenEndpointError::Interaction { .. }
                | TokenEndpointError::Refused { .. },
            )
            | Self::NotProved(None)
            | Self::RepeatedParameter
            | Self::Issuer { .. }
            | Self::NoCode
            | Self::NoIdToken
            | Self::NoAccessToken
            | Self::NoCustomer => Problem::Refused,
            Self::Exchange(error) if error.is_malformed() => Problem::Refused,
            Self::IdToken(error) if !error.is_outage() => Problem::Refused,
            Self::UserInfo(error) if !error.is_outage() => Problem::Refused,
            Self::NoTurn(_)
            | Self::Metadata(_)
            | Self::Store(_)
            | Self::Exchange(_)
            | Self::Provider(_)
            | Self::IdToken(_)
            | Self::UserInfo(_) => Problem::Unavailable,
        }
    }

    /// The Back button, or a second click on the provider's page.
    fn is_second_arrival(&self) -> bool {
        matches!(self, Self::UnknownState | Self::AnsweredState)
    }
}

/// The answer in the query.
pub(super) async fn by_query(
    State(identity): State<Identity>,
    session: Session,
    peer: Peer,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    let pending = query.only("state").and_then(|state| PendingSignIn::find(&identity, &headers, state));
    let response = match complete(&identity, &session, &peer, &query, &headers, pending.as_ref()).await {
        // Nothing was used up: the same address works in a moment.
        Err(RouteError::NoTurn(_)) => return busy(&identity, ""),
        // Harmless when the first one worked.
        Err(error) if error.is_second_arrival() && matches!(UserSession::load(&session).await, Ok(Some(_))) => {
            see_other(identity.home().as_str())
        }
        outcome => respond(&identity, &headers, pending.as_ref(), outcome),
    };
    settled(&identity, pending.as_ref(), response)
}

/// The answer as a form, posted by the provider's page: across sites, so the session's cookie does not come along.
pub(super) async fn by_form(
    State(identity): State<Identity>,
    session: Session,
    peer: Peer,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if identity.authorization().response_mode != ResponseMode::FormPost {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
    }
    let Some(form) = Parameters::of_form(&headers, &body) else {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "This address takes a form.").into_response();
    };
    let pending = form.only("state").and_then(|state| PendingSignIn::find(&identity, &headers, state));
    let response = match complete(&identity, &session, &peer, &form, &headers, pending.as_ref()).await {
        // A form is not sent again by a link. The provider knows the customer by now.
        Err(RouteError::NoTurn(_)) => return busy(&identity, &identity.site().path("sign-in")),
        // Only the session's cookie, which is `Lax`, says whether somebody is signed in: redirect once, without parameters.
        Err(error) if error.is_second_arrival() => see_other(&identity.site().path(REDIRECT)),
        outcome => respond(&identity, &headers, pending.as_ref(), outcome),
    };
    settled(&identity, pending.as_ref(), response)
}

/// The response to an answer after which the pending sign-in is no more.
fn settled(identity: &Identity, pending: Option<&PendingSignIn>, mut response: Response) -> Response {
    if let Some(pending) = pending {
        set_cookie(response.headers_mut(), &pending.removal(identity));
    }
    response
}

fn respond(
    identity: &Identity,
    headers: &HeaderMap,
    pending: Option<&PendingSignIn>,
    outcome: Result<(), RouteError>,
) -> Response {
    match outcome {
        Ok(()) => arrived(identity, headers, pending),
        Err(error) => refuse(identity, &error, pending),
    }
}

/// Signed in.
fn arrived(identity: &Identity, headers: &HeaderMap, pending: Option<&PendingSignIn>) -> Response {
    let mut response = see_other(pending.map_or(identity.home().as_str(), |pending| pending.return_to.as_str()));
    // The cookie does not come along with a form.
    if pending.is_some_and(|pending| pending.prove) || ended::is_sent(identity, headers) {
        set_cookie(response.headers_mut(), &ended::removal(identity));
    }
    response
}

/// There was no turn. 429 rather than 503: strangers must not choose what the log calls an error. `again` is where the
/// customer tries once more.
fn busy(identity: &Identity, again: &str) -> Response {
    const RETRY_AFTER: &str = "5";
    let home = identity.home();
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>Very many are signing in</title></head><body><main><h1>Very many are signing in</h1>\
         <p>It is not your fault, and nothing is lost. Wait a few seconds, and try again.</p>\
         <p><a href=\"{again}\">Try again</a></p><p><a href=\"{}\">Home</a></p></main></body></html>",
        home.as_str().replace('&', "&amp;").replace('"', "&quot;")
    );
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, RETRY_AFTER)], axum::response::Html(page)).into_response()
}

fn refuse(identity: &Identity, error: &RouteError, pending: Option<&PendingSignIn>) -> Response {
    let problem = error.problem();
    match problem {
        // What the answer itself says: anybody who began a sign-in can write one.
        Problem::Unavailable if matches!(error, RouteError::Provider(_)) => {
            tracing::warn!(%error, "a sign-in failed");
            return problem.alleged(identity);
        }
        Problem::Cancelled | Problem::Expired | Problem::SignedOutElsewhere | Problem::SignedOutByProvider => {
            tracing::info!(%error, "a sign-in did not complete");
        }
        Problem::Refused | Problem::SignOut | Problem::NoSignUp => tracing::warn!(%error, "a sign-in was refused"),
        Problem::Unavailable | Problem::Misconfigured => tracing::error!(%error, "a sign-in failed"),
    }
    // A customer who is signed in and left for one thing: back to where that was.
    if let (Problem::Cancelled, Some(pending)) = (problem, pending)
        && let Some(declined) = Declined::of(identity, pending)
    {
        let mut response = see_other(pending.return_to.as_str());
        set_cookie(response.headers_mut(), &declined.cookie(identity));
        return response;
    }
    problem.response(identity)
}

/// What the provider's answer brings, once it is known to be its answer to a sign-in of this browser.
struct CheckedAnswer<'a> {
    pending: &'a PendingSignIn,
    metadata: Arc<Metadata>,
    code: &'a str,
}

/// Whom the provider says it is.
struct VerifiedCustomer {
    key: UserKey,
    /// `sub`.
    subject: String,
    claims: Claims,
}

/// Signs in whoever the provider's answer is about.
async fn complete(
    identity: &Identity,
    session: &Session,
    peer: &Peer,
    parameters: &Parameters,
    headers: &HeaderMap,
    pending: Option<&PendingSignIn>,
) -> Result<(), RouteError> {
    let answer = check(identity, parameters, pending).await?;
    let response = redeem(identity, peer, &answer).await?;
    let customer = verify(identity, &answer, &response).await?;
    replace_session(identity, session, headers, answer.pending, &response, customer).await
}

/// Checks everything that can be checked without asking the provider about the code.
async fn check<'a>(
    identity: &Identity,
    parameters: &'a Parameters,
    pending: Option<&'a PendingSignIn>,
) -> Result<CheckedAnswer<'a>, RouteError> {
    if parameters.repeats(&["code", "state", "iss", "error"]) {
        return Err(RouteError::RepeatedParameter);
    }
    let pending = pending.ok_or(RouteError::UnknownState)?;
    let metadata = identity.provider().metadata().await?;
    let issuer = |found: String| RouteError::Issuer { found, expected: metadata.issuer.clone() };
    match parameters.only("iss") {
        Some(found) if found != metadata.issuer => return Err(issuer(loggable(found))),
        None if metadata.authorization_response_iss_parameter_supported => return Err(issuer("missing".to_owned())),
        _ => {}
    }
    if let Some(error) = parameters.only("error") {
        return Err(RouteError::Provider(loggable(error)));
    }
    let code = parameters.only("code").filter(|code| !code.is_empty()).ok_or(RouteError::NoCode)?;
    Ok(CheckedAnswer { pending, metadata, code })
}

/// Exchanges the code, once, when it has a turn.
async fn redeem(identity: &Identity, peer: &Peer, answer: &CheckedAnswer<'_>) -> Result<TokenResponse, RouteError> {
    let pending = answer.pending;
    let customer = match &pending.session {
        Some(handle) => session::customer_of(identity, handle).await?,
        None => None,
    };
    let turn = identity.code_turns().take(RateLimitKey::of(customer, peer)).await?;
    if !pending.consume_state(identity).await? {
        turn.was_good();
        return Err(RouteError::AnsweredState);
    }
    match exchange(identity, pending, answer.code).await {
        Ok(response) => {
            turn.was_good();
            Ok(response)
        }
        Err(error) => {
            pending.release_state(identity).await?;
            Err(error)
        }
    }
}

/// Who it is, by the ID token (OpenID Connect Core §3.1.3.7) and, where it is asked, the `UserInfo` endpoint.
async fn verify(
    identity: &Identity,
    CheckedAnswer { pending, metadata, .. }: &CheckedAnswer<'_>,
    response: &TokenResponse,
) -> Result<VerifiedCustomer, RouteError> {
    let id_token = response.id_token.as_ref().ok_or(RouteError::NoIdToken)?;
    let expected = Expected {
        client_id: identity.client_id(),
        trusted_audiences: identity.tokens().client().trusted_audiences(),
        of: Of::SignIn(&pending.nonce),
        access_token: response.raw_token(),
        now: identity.clock().unix_seconds(),
    };
    let verified = id_token::verify(identity.provider(), id_token.expose_secret(), &expected).await?;
    let VerifiedIdToken { typed, mut claims } = verified;
    if identity.claims_from_userinfo() {
        let token = response.token().ok_or(RouteError::NoAccessToken)?;
        user_info::add(identity, metadata, &token, &mut claims).await?;
    }
    let key = UserKey::of(metadata, &claims, identity.claim_names()).ok_or(RouteError::NoCustomer)?;
    Ok(VerifiedCustomer { key, subject: typed.subject().as_str().to_owned(), claims })
}

/// Begins the customer's session, if they proved who they are where they had to, in place of the one that this browser had,
/// of whichever customer.
async fn replace_session(
    identity: &Identity,
    session: &Session,
    headers: &HeaderMap,
    pending: &PendingSignIn,
    response: &TokenResponse,
    VerifiedCustomer { key, subject, claims }: VerifiedCustomer,
) -> Result<(), RouteError> {
    let now = identity.clock().timestamp();
    // Before it is loaded: of one that is over, nobody would know which it was.
    let own = session::handle(session);
    let handles = [own.as_deref(), pending.session.as_deref()];
    let before = UserSession::load(session).await?;
    let ended = how_ended(identity, headers, before.as_ref(), handles).await?;
    let since = pending.prove.then_some(pending.began_at).max(ended.map(|ended| ended.at));
    if since.is_some_and(|since| !ended::proved_since(&claims, since, now)) {
        return Err(RouteError::NotProved(ended));
    }
    let user_agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let signed_in = UserSession {
        key,
        name: claim_names::name(&claims, identity.claim_names()),
        claims,
        signed_in_at: now,
        browser: browser::name(user_agent.as_deref()),
        ends_at: response.refresh_lifetime().map(|left| now + left),
        asked: pending.scopes.clone(),
        challenge: pending.challenge.clone(),
    };
    let mut before = before.map(|before| before.key);
    // Of a session that is not understood, the row knows whose it is.
    let others: Vec<&str> = if before.is_some() { Vec::new() } else { handles.into_iter().flatten().collect() };
    for handle in &others {
        before = before.or(session::customer_of(identity, handle).await?);
    }
    // The session first: tokens of a customer without one may be dropped at any moment.
    let hint = response.id_token.as_ref().filter(|_| identity.send_id_token_hint());
    signed_in.begin(identity, session, hint.map(SecretString::expose_secret)).await?;
    let finished = finish(identity, session, pending, response, &signed_in, &subject, &others).await;
    if finished.is_err() {
        if let Some(handle) = session::handle(session) {
            session::end(identity, Which::Row(&handle), None).await?;
        }
        session.flush().await?;
    }
    if let Some(before) = before.filter(|before| *before != signed_in.key) {
        identity.tokens().forget(&before).await?;
    }
    finished
}

/// What belongs to a session that has begun: it is the browser's only one, has its tokens, and what waited for the customer's
/// proof is done. Without all of that there must be no session.
async fn finish(
    identity: &Identity,
    session: &Session,
    pending: &PendingSignIn,
    response: &TokenResponse,
    signed_in: &UserSession,
    subject: &str,
    others: &[&str],
) -> Result<(), RouteError> {
    // The session that a form post came without, too. After the new one has begun: of the same customer, it takes the
    // tokens on.
    for handle in others {
        session::end(identity, Which::Row(handle), None).await?;
    }
    identity.tokens().remember(&signed_in.key, subject, response, &pending.scopes).await?;
    // What waited for the proof, for the one who wanted it.
    if let Some((_, ending)) = pending.then.as_ref().filter(|(customer, _)| *customer == signed_in.key) {
        let ended = identity.end_proved(&signed_in.key, session, ending).await?;
        UserSession::leave_ended_others(session, ended).await?;
    }
    Ok(())
}

/// How a session of this browser was ended, if one was, and it has had none since: the one whose cookie it still has, or the
/// one that it had when the sign-in began, which may have been before the end.
async fn how_ended(
    identity: &Identity,
    headers: &HeaderMap,
    before: Option<&UserSession>,
    handles: [Option<&str>; 2],
) -> Result<Option<Ended>, sqlx::Error> {
    for handle in handles.into_iter().flatten() {
        if let Some(ended) = Ended::of_session(identity, handle).await? {
            return Ok(Some(ended));
        }
    }
    Ok(if before.is_none() { Ended::of_cookie(identity, headers) } else { None })
}

/// RFC 6749 §4.1.3, RFC 7636 §4.5.
async fn exchange(identity: &Identity, pending: &PendingSignIn, code: &str) -> Result<TokenResponse, RouteError> {
    // RFC 6749 §4.1.3 has no `scope`: Entra alone must be told which of the resources the token is for.
    let scopes = match identity.scope_naming() {
        Naming::Entra => format!("{OPENID_SCOPES} {}", pending.scopes),
        Naming::Opaque => String::new(),
    };
    let grant = Grant::AuthorizationCode {
        code,
        redirect_uri: &authorize::redirect_uri(identity),
        code_verifier: &pending.code_verifier,
        scopes: scopes.trim_end(),
    };
    let claims = identity.tokens().client().claims(None).unwrap_or_default();
    Ok(identity.tokens().redeem(&TokenRequest { grant, claims: claims.as_deref() }).await?)
}
