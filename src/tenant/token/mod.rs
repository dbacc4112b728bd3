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
mod request;
mod response;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;

use self::error::RouteError;
use self::request::TokenRequest;
use self::response::TokenResponse;
use super::parameters::Parameters;
use super::state::Tenant;

/// What discovery lists.
pub(super) const GRANT_TYPES: [&str; 4] = request::GRANT_TYPES;

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/token", post(token))
}

async fn token(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Result<TokenResponse, RouteError> {
    let parameters = Parameters::parse_body(&headers, &body).ok_or(RouteError::NotAForm)?;
    // RFC 6749 §3.2
    if let Some(name) = parameters.repeated() {
        return Err(RouteError::Repeated(name.to_owned()));
    }
    let client = client::authenticate(&tenant, &headers, &parameters).await?;
    match TokenRequest::parse(&parameters)? {
        TokenRequest::AuthorizationCode(request) => authorization_code::redeem(&tenant, client, request).await,
        TokenRequest::RefreshToken(request) => refresh_token::redeem(&tenant, client, request).await,
        TokenRequest::ClientCredentials(request) => client_credentials::issue(&tenant, client, request),
        TokenRequest::OnBehalfOf(request) => on_behalf_of::exchange(&tenant, client, request).await,
    }
}
