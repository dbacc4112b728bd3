//! The revocation endpoint (RFC 7009): an app that signs its user out gives its refresh token back.
//!
//! A refresh token is worthless afterwards with its whole family, and so are the access tokens of its grant wherever
//! this tenant accepts any. Access tokens are not revoked one by one: APIs verify them without asking.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use uuid::Uuid;

use super::error::{self, Described};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::sso;
use super::state::Tenant;
use super::token::client::{self, ClientError};
use super::token::refresh_token::{self, Owner};

/// The hint with which the token is the name of a session, as tokens carry it: not a standard's. The discovery document
/// announces it as `session_revocation_supported`.
const SESSION: &str = "sid";

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/revoke", post(revoke))
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("the body is not a form")]
    NotAForm,
    #[error("the parameter {0:?} is repeated")]
    Repeated(String),
    #[error("token is missing")]
    NoToken,
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the token was issued to another client")]
    NotYours,
    #[error("the token is an access token or an ID token")]
    NotARefreshToken,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl RouteError {
    fn describe(&self) -> (StatusCode, Described) {
        let described = match self {
            Self::NotAForm => Described::not_a_form(),
            Self::Repeated(name) => Described::repeated(name),
            Self::NoToken => Described::missing("token"),
            Self::Client(error) => return error.describe(),
            // RFC 7009 §2.1: "the request is refused and the client is informed of the error".
            Self::NotYours => Described::new("invalid_grant", 70_000, "The token was not issued to this client."),
            // RFC 7009 §2.2.1
            Self::NotARefreshToken => Described::new(
                "unsupported_token_type",
                90_023,
                "Only refresh tokens can be revoked; the access tokens of their grant go with them.",
            ),
            Self::Database(_) => return (StatusCode::SERVICE_UNAVAILABLE, error::unavailable()),
        };
        (StatusCode::BAD_REQUEST, described)
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        Refusal::oauth("revoke", &self, self.describe()).into_response()
    }
}

async fn revoke(
    State(tenant): State<Tenant>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, RouteError> {
    revoke_token(&tenant, &headers, &body).await?;
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]))
}

async fn revoke_token(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<(), RouteError> {
    let parameters = Parameters::parse_body(headers, body).ok_or(RouteError::NotAForm)?;
    if let Some(name) = parameters.repeated() {
        return Err(RouteError::Repeated(name.to_owned()));
    }
    let client = client::authenticate(tenant, headers, &parameters).await?;
    let token = parameters.get("token").ok_or(RouteError::NoToken)?;
    if parameters.get("token_type_hint") == Some(SESSION) {
        return end_session(tenant, client.app.client_id, token).await;
    }
    // Any other `token_type_hint` is ignored: tokens are looked up in one table (RFC 7009 §2.1).
    match refresh_token::revoke(tenant, client, token).await? {
        Owner::Another => Err(RouteError::NotYours),
        Owner::Nobody if is_jwt_of_ours(tenant, token) => Err(RouteError::NotARefreshToken),
        // RFC 7009 §2.2: an invalid token is no error; it is as the client wants it.
        Owner::Nobody | Owner::Revoked => Ok(()),
    }
}

/// Ends the user's session `sid`, if the app took part in it: what it signs out from elsewhere must not be signed in again
/// by what the tenant remembers of that browser. One that has ended, or is not the app's to end, is no error.
async fn end_session(tenant: &Tenant, client_id: Uuid, sid: &str) -> Result<(), RouteError> {
    let took_part: Option<i64> = sqlx::query_scalar("SELECT 1 FROM grants WHERE sid = $1 AND client_id = $2 LIMIT 1")
        .bind(sid)
        .bind(client_id.to_string())
        .fetch_optional(tenant.db())
        .await?;
    if took_part.is_some() {
        sso::end(tenant, sid).await?;
    }
    Ok(())
}

fn is_jwt_of_ours(tenant: &Tenant, token: &str) -> bool {
    tenant.keys().verify::<serde_json::Value>(token, tenant.clock().unix_millis()).is_some()
}
