//! The revocation endpoint (RFC 7009): an app that signs its user out gives its refresh token back.
//!
//! A refresh token is worthless afterwards with its whole family, and so are the access tokens of its grant wherever
//! this tenant accepts any. Access tokens are not revoked one by one: APIs verify them without asking.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use super::error::{self, Described, Trace};
use super::parameters::Parameters;
use super::token::client::{self, ClientError};
use super::token::refresh_token::{self, Owner};
use super::{Tenant, token};

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

async fn revoke(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    match revoked(&tenant, &headers, &body).await {
        Ok(()) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response(),
        Err(refused) => {
            let trace = Trace::new(&tenant, &headers);
            let (status, described) = refused.describe();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                tracing::error!(trace = %trace.id, "revoke: {refused}");
            } else {
                tracing::info!(trace = %trace.id, "revoke: {refused}");
            }
            token::refusal(&described, status, &trace)
        }
    }
}

async fn revoked(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<(), RouteError> {
    let parameters = Parameters::parse_body(headers, body).ok_or(RouteError::NotAForm)?;
    if let Some(name) = parameters.repeated() {
        return Err(RouteError::Repeated(name.to_owned()));
    }
    let client = client::authenticate(tenant, headers, &parameters).await?;
    // `token_type_hint` would only speed up a search that there is none of (RFC 7009 §2.1).
    let token = parameters.get("token").ok_or(RouteError::NoToken)?;
    match refresh_token::revoke(tenant, client, token).await? {
        Owner::Another => Err(RouteError::NotYours),
        Owner::Nobody if is_jwt_of_ours(tenant, token) => Err(RouteError::NotARefreshToken),
        // RFC 7009 §2.2: an invalid token is no error; it is as the client wants it.
        Owner::Nobody | Owner::Revoked => Ok(()),
    }
}

fn is_jwt_of_ours(tenant: &Tenant, token: &str) -> bool {
    tenant.keys.verify::<serde_json::Value>(token, tenant.clock.unix_millis()).is_some()
}
