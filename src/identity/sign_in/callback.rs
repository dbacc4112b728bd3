//! `GET /auth/redirect`: the provider's answer (RFC 6749 §4.1.2, OpenID Connect Core §3.1.2.5): checked, its code
//! exchanged, the ID token verified, the session begun.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use secrecy::ExposeSecret as _;
use tower_sessions::Session;

use super::transaction::Transaction;
use super::{Problem, Query, authorize, id_token, see_other, set_cookie};
use crate::identity::session::{CustomerKey, SignedIn};
use crate::identity::tokens::endpoint::{TokenEndpointError, loggable};
use crate::identity::tokens::{AcquireError, OPENID_SCOPES};
use crate::identity::{Identity, browser, provider};

/// Why an answer is not accepted. One variant per refused check; the text is for the log.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    /// RFC 6749 §3.1: parameters must not be included more than once.
    #[error("a parameter of the answer is there twice")]
    RepeatedParameter,
    /// RFC 9700 §4.7: no transaction of this browser has this state, or it ran out.
    #[error("the state belongs to no sign-in of this browser")]
    UnknownState,
    /// The state was answered before.
    #[error("the state was answered before")]
    AnsweredState,
    /// RFC 9207 §2.4: the answer names another issuer, or none although the provider announces that it does.
    #[error("the answer does not come from the provider that was asked")]
    Issuer,
    /// RFC 6749 §4.1.2.1: the provider reports an error.
    #[error("the provider answered {0}")]
    Provider(String),
    /// Neither a code nor an error.
    #[error("the answer has no code")]
    NoCode,
    /// The code was not accepted.
    #[error("the code could not be exchanged: {0}")]
    Exchange(#[from] TokenEndpointError),
    /// OpenID Connect Core §3.1.3.3: there must be an ID token.
    #[error("the token response has no ID token")]
    NoIdToken,
    /// The ID token is not acceptable.
    #[error("the ID token is refused: {0}")]
    IdToken(#[from] id_token::IdTokenError),
    /// The provider's document is not available.
    #[error(transparent)]
    Metadata(#[from] provider::ProviderError),
    /// The session or the tokens could not be stored.
    #[error("the session could not be stored: {0}")]
    Store(String),
}

impl From<sqlx::Error> for RouteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<tower_sessions::session::Error> for RouteError {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<AcquireError> for RouteError {
    fn from(error: AcquireError) -> Self {
        Self::Store(error.to_string())
    }
}

impl RouteError {
    fn problem(&self) -> Problem {
        match self {
            Self::UnknownState | Self::AnsweredState => Problem::Expired,
            Self::Provider(error) if error == "access_denied" => Problem::Cancelled,
            Self::Provider(error) if error != "server_error" && error != "temporarily_unavailable" => Problem::Refused,
            Self::Exchange(
                TokenEndpointError::Over { .. }
                | TokenEndpointError::Interaction { .. }
                | TokenEndpointError::Refused { .. },
            )
            | Self::RepeatedParameter
            | Self::Issuer
            | Self::NoCode
            | Self::NoIdToken => Problem::Refused,
            Self::IdToken(error) if !error.is_outage() => Problem::Refused,
            Self::Metadata(_) | Self::Store(_) | Self::Exchange(_) | Self::Provider(_) | Self::IdToken(_) => {
                Problem::Unavailable
            }
        }
    }
}

pub(super) async fn callback(
    State(identity): State<Identity>,
    session: Session,
    query: Query,
    headers: HeaderMap,
) -> Response {
    let transaction = query.only("state").and_then(|state| Transaction::find(&identity, &headers, state));
    let mut response = match answer(&identity, &session, &query, &headers, transaction.as_ref()).await {
        Ok(()) => see_other(transaction.as_ref().map_or("/", |transaction| transaction.return_to.as_str())),
        // The Back button, or a second click on the provider's page: harmless when the first one worked.
        Err(RouteError::UnknownState | RouteError::AnsweredState)
            if matches!(SignedIn::load(&session).await, Ok(Some(_))) =>
        {
            see_other("/")
        }
        Err(error) => {
            let problem = error.problem();
            match problem {
                Problem::Cancelled | Problem::Expired => tracing::info!(%error, "a sign-in did not complete"),
                Problem::Refused => tracing::warn!(%error, "a sign-in was refused"),
                Problem::Unavailable => tracing::error!(%error, "a sign-in failed"),
            }
            problem.response(&identity)
        }
    };
    if let Some(transaction) = transaction {
        set_cookie(response.headers_mut(), &transaction.removal(&identity));
    }
    response
}

async fn answer(
    identity: &Identity,
    session: &Session,
    query: &Query,
    headers: &HeaderMap,
    transaction: Option<&Transaction>,
) -> Result<(), RouteError> {
    if query.repeats(&["code", "state", "iss", "error"]) {
        return Err(RouteError::RepeatedParameter);
    }
    let transaction = transaction.ok_or(RouteError::UnknownState)?;
    let metadata = identity.provider.metadata().await?;
    match query.only("iss") {
        Some(issuer) if issuer != metadata.issuer => return Err(RouteError::Issuer),
        None if metadata.authorization_response_iss_parameter_supported => return Err(RouteError::Issuer),
        _ => {}
    }
    if let Some(error) = query.only("error") {
        return Err(RouteError::Provider(loggable(error)));
    }
    let code = query.only("code").filter(|code| !code.is_empty()).ok_or(RouteError::NoCode)?;
    if !transaction.answer_once(identity).await? {
        return Err(RouteError::AnsweredState);
    }

    // RFC 6749 §4.1.3, RFC 7636 §4.5.
    let scopes = transaction.scopes();
    let scope = format!("{OPENID_SCOPES} {scopes}");
    let response = identity
        .tokens
        .redeem(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &authorize::redirect_uri(identity)),
            ("code_verifier", &transaction.code_verifier),
            ("scope", scope.trim_end()),
        ])
        .await?;
    let id_token = response.id_token.as_ref().ok_or(RouteError::NoIdToken)?;
    let claims = id_token::verify(identity, &metadata, id_token.expose_secret(), &transaction.nonce).await?;
    let key = CustomerKey::of(&metadata, &claims).ok_or(id_token::IdTokenError::Subject)?;

    // Whoever was signed in here before is signed out by this.
    let before = SignedIn::load(session).await?;
    let browser = browser::name(headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()));
    let signed_in = SignedIn { key, claims, signed_in_at: identity.clock.unix_millis(), browser, ends_at: None };
    // The session first: tokens of a customer without one may be dropped at any moment.
    signed_in.begin(session).await?;
    let subject = signed_in.claim("sub").unwrap_or_default();
    if let Err(error) = identity.tokens.remember(&signed_in.key, subject, &response, &scopes).await {
        session.flush().await?;
        return Err(error.into());
    }
    if let Some(before) = before.filter(|before| before.key != signed_in.key) {
        identity.tokens.forget(&before.key).await?;
    }
    Ok(())
}
