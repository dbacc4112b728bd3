//! `POST /auth/back-channel-logout`: the provider says that somebody signed out (OpenID Connect Back-Channel Logout 1.0
//! §2.5 to §2.8). It comes from the provider's server, without cookies; the logout token is all the proof there is.
//!
//! In this order, each with a test that fails without it (§2.6): signature by a key of the provider with an algorithm that
//! it announces for ID tokens (2, 3); `typ`, where present, is that of a logout token (RFC 8725 §3.11); `iss` is the
//! provider's and `aud` this client alone (4); `exp`, `iat` (4), the latter not long ago; there is `sub`, `sid` or both
//! (5); `events` has the logout event, an object (6); there is no `nonce` (7); `jti` is there and was not seen before
//! (8). Then exactly the sessions that are named end, and the tokens of customers who have no session left are dropped.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::identity::ended_sessions::EndedBy;
use crate::identity::jwt::{self, Claims, SKEW, TimeError, Verified};
use crate::identity::log::loggable;
use crate::identity::provider::{Metadata, ProviderError, SignatureError};
use crate::identity::session::{self, Named, Which};
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::hash;

/// What `events` must name (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long ago, in seconds, a logout token may have been issued; §2.4 recommends two minutes until it expires.
const MAX_AGE: i64 = 600;
/// The longest `sub`, `sid` or `jti`, in bytes.
const MAX_NAME: usize = 255;

/// Why a logout request is refused. One variant per check; the text is for the provider and the log.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("the request is not a form with exactly one logout_token")]
    Request,
    #[error("{error}: the header has {header}")]
    Signature {
        /// Which check.
        error: SignatureError,
        /// What the header says.
        header: String,
    },
    #[error("the algorithm (`alg`) is {0}, which the provider does not announce")]
    Algorithm(&'static str),
    #[error("`typ` is {0}, another kind of token's")]
    Type(String),
    #[error("`iss` is {found}, not the provider's {expected}")]
    Issuer {
        /// The token's.
        found: String,
        /// The provider's.
        expected: String,
    },
    #[error("`aud` is {found}, not {expected} alone")]
    Audience {
        /// The token's.
        found: String,
        /// This client, and the audiences that are trusted.
        expected: String,
    },
    #[error("{error}: {found}")]
    Times {
        /// Which check.
        error: TimeError,
        /// The token's times and ours.
        found: String,
    },
    #[error("`iat` is missing")]
    NoIssueTime,
    #[error("the token was issued too long ago: {0}")]
    Stale(String),
    #[error("neither `sub` nor `sid` says who signed out")]
    Nobody,
    #[error("`sub` or `sid` is not a short text")]
    Name,
    #[error("`events` is missing or not an object")]
    NoEvent,
    #[error("`events` does not name the logout event, or not as an object")]
    AnotherEvent,
    #[error("a logout token has no `nonce`")]
    Nonce,
    #[error("`jti` is missing or not a short text")]
    NoTokenId,
    #[error("this token was used before")]
    Replayed,
    /// Nothing can be said about the token.
    #[error("the provider's metadata or keys cannot be had: {0}")]
    Provider(ProviderError),
    #[error("the sessions cannot be reached: {0}")]
    Store(#[from] sqlx::Error),
}

impl RouteError {
    fn of_signature(error: SignatureError, token: &str) -> Self {
        match error {
            SignatureError::Provider(error) => Self::Provider(error),
            error => Self::Signature { error, header: jwt::shown_header(token) },
        }
    }
}

impl IntoResponse for RouteError {
    /// §2.8: 400 with a JSON document; 503 where the fault is not the request's.
    fn into_response(self) -> Response {
        let (status, error, description) = match &self {
            Self::Provider(_) | Self::Store(_) => {
                tracing::error!(error = %self, "a logout by the provider could not be carried out");
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again".to_owned())
            }
            refusal => {
                tracing::warn!(error = %refusal, "a logout by the provider was refused");
                (StatusCode::BAD_REQUEST, "invalid_request", refusal.to_string())
            }
        };
        (status, Json(json!({"error": error, "error_description": description}))).into_response()
    }
}

/// What a valid logout token says.
struct Logout {
    subject: Option<String>,
    sid: Option<String>,
    /// `iss` and `jti` together.
    id: String,
    /// Until when the token could be shown again.
    expires_at: Timestamp,
}

pub(super) async fn back_channel_logout(
    State(identity): State<Identity>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let response = match answer(&identity, &headers, &body).await {
        Ok(ended) => {
            tracing::info!(ended, "the provider signed a customer out");
            StatusCode::OK.into_response()
        }
        Err(error) => error.into_response(),
    };
    // §2.8
    ([(header::CACHE_CONTROL, "no-store")], response)
}

async fn answer(identity: &Identity, headers: &HeaderMap, body: &[u8]) -> Result<usize, RouteError> {
    let form = Parameters::of_form(headers, body).ok_or(RouteError::Request)?;
    let token = form.only("logout_token").ok_or(RouteError::Request)?;
    let verified = identity.provider().verify(token).await.map_err(|error| RouteError::of_signature(error, token))?;
    let metadata = identity.provider().metadata().await.map_err(RouteError::Provider)?;
    let audience = (identity.client_id(), identity.tokens().client().trusted_audiences());
    let logout = check(&verified, &metadata, audience, identity.clock().unix_seconds())?;

    // The mark and its effect together: a token whose effect failed can be sent again.
    let mut transaction = identity.db().begin().await?;
    let marked = sqlx::query("INSERT INTO logout_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(hash::sha256_base64url(&logout.id))
        .bind(logout.expires_at)
        .execute(&mut *transaction)
        .await?;
    if marked.rows_affected() != 1 {
        return Err(RouteError::Replayed);
    }
    let named = Named { issuer: &metadata.issuer, subject: logout.subject.as_deref(), sid: logout.sid.as_deref() };
    let ended = session::end_in(identity, transaction, Which::Named(&named), Some(EndedBy::Provider)).await?;
    Ok(ended.len())
}

fn check(
    Verified { header, claims }: &Verified,
    metadata: &Metadata,
    (client_id, trusted_audiences): (&str, &[String]),
    now: i64,
) -> Result<Logout, RouteError> {
    // (3)
    if !metadata.announces(header.algorithm) {
        return Err(RouteError::Algorithm(header.algorithm.name()));
    }
    let is_logout =
        |typ: &str| ["logout+jwt", "application/logout+jwt", "JWT"].iter().any(|known| known.eq_ignore_ascii_case(typ));
    if let Some(typ) = header.typ.as_deref().filter(|typ| !is_logout(typ)) {
        return Err(RouteError::Type(loggable(typ)));
    }
    // (4)
    if jwt::text(claims, "iss") != Some(&metadata.issuer) {
        return Err(RouteError::Issuer { found: jwt::shown(claims, "iss"), expected: metadata.issuer.clone() });
    }
    if !jwt::is_audience(claims, client_id, trusted_audiences) {
        let expected = [client_id].into_iter().chain(trusted_audiences.iter().map(String::as_str));
        let expected = expected.collect::<Vec<_>>().join(", ");
        return Err(RouteError::Audience { found: jwt::shown(claims, "aud"), expected });
    }
    let times = |error| RouteError::Times { error, found: jwt::shown_times(claims, now) };
    jwt::check_times(claims, now, SKEW).map_err(times)?;
    let issued = jwt::seconds(claims, "iat").map_err(times)?.ok_or(RouteError::NoIssueTime)?;
    if issued < now - MAX_AGE - SKEW {
        return Err(RouteError::Stale(jwt::shown_times(claims, now)));
    }
    // (5)
    let (subject, sid) = (name(claims, "sub")?, name(claims, "sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(RouteError::Nobody);
    }
    // (6)
    let Some(Value::Object(events)) = claims.get("events") else { return Err(RouteError::NoEvent) };
    if !events.get(EVENT).is_some_and(Value::is_object) {
        return Err(RouteError::AnotherEvent);
    }
    // (7)
    if claims.contains_key("nonce") {
        return Err(RouteError::Nonce);
    }
    // (8), the other half is the caller's
    let id = jwt::text(claims, "jti").filter(|id| (1..=MAX_NAME).contains(&id.len())).ok_or(RouteError::NoTokenId)?;
    let id = format!("{}\n{id}", metadata.issuer);
    // It is refused as expired or stale from then on, whatever this server remembers.
    let expires_at = Timestamp::from_seconds(issued.saturating_add(MAX_AGE + 2 * SKEW + 1));
    Ok(Logout { subject, sid, id, expires_at })
}

/// A name that may be absent, but not be anything else than text.
fn name(claims: &Claims, claim: &str) -> Result<Option<String>, RouteError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=MAX_NAME).contains(&text.len()) => Ok(Some(text.clone())),
        Some(_) => Err(RouteError::Name),
    }
}
