//! The token endpoint (RFC 6749 §3.2): authenticates the client, hands the request to its grant, and makes tokens of
//! Entra's shape.

pub(super) mod access_token;
mod authorization_code;
mod claims;
pub(super) mod client;
mod client_assertion;
mod client_credentials;
mod error;
mod issue;
mod on_behalf_of;
pub(super) mod refresh_token;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

use self::error::RouteError;
use super::error::{Trace, refusal};
use super::parameters::Parameters;
use super::state::Tenant;

/// What discovery lists.
pub(super) const GRANT_TYPES: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", on_behalf_of::GRANT_TYPE];

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/token", post(token))
}

async fn token(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    match grant(&tenant, &headers, &body).await {
        // RFC 6749 §5.1
        Ok(tokens) => {
            ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(tokens)).into_response()
        }
        Err(refused) => {
            let trace = Trace::new(&tenant, &headers);
            let (status, described) = refused.describe();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                tracing::error!(trace = %trace.id, "token: {refused}");
            } else {
                tracing::info!(trace = %trace.id, "token: {refused}");
            }
            refusal(&described, status, &trace)
        }
    }
}

async fn grant(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<Value, RouteError> {
    let parameters = Parameters::parse_body(headers, body).ok_or(RouteError::NotAForm)?;
    // RFC 6749 §3.2
    if let Some(name) = parameters.repeated() {
        return Err(RouteError::Repeated(name.to_owned()));
    }
    let client = client::authenticate(tenant, headers, &parameters).await?;
    match parameters.get("grant_type").ok_or(RouteError::Missing("grant_type"))? {
        "authorization_code" => authorization_code::redeem(tenant, client, &parameters).await,
        "refresh_token" => refresh_token::redeem(tenant, client, &parameters).await,
        "client_credentials" => client_credentials::issue(tenant, client, &parameters),
        on_behalf_of::GRANT_TYPE => on_behalf_of::exchange(tenant, client, &parameters).await,
        other => Err(RouteError::GrantType(other.to_owned())),
    }
}
