//! The userinfo endpoint (OpenID Connect Core §5.3): what the access token's scopes let the app know of its user.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::config::directory_app::CLIENT_ID;
use super::error;
use super::error::{Described, Trace};
use super::refusal::Refusal;
use super::state::Tenant;
use super::token::access_token::{AccessToken, AccessTokenError};

pub(super) fn router() -> Router<Tenant> {
    // Core §5.3.1: GET and POST.
    Router::new().route("/oidc/userinfo", get(userinfo).post(userinfo))
}

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("there is no bearer token in the Authorization header")]
    NoToken,
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    #[error("the token lacks the scope openid")]
    Scope,
}

impl RouteError {
    /// Status, challenge (RFC 6750 §3), and what the app is told.
    fn describe(&self) -> (StatusCode, Option<&'static str>, Described) {
        // RFC 6750 §3: without a token there is no error to name.
        match self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                Some("Bearer realm=\"userinfo\""),
                Described::new("invalid_request", 50_000, "There is no bearer token in the Authorization header."),
            ),
            Self::Scope => (
                StatusCode::FORBIDDEN,
                Some("Bearer realm=\"userinfo\", error=\"insufficient_scope\", scope=\"openid\""),
                Described::new("insufficient_scope", 65_001, "The access token lacks the scope openid."),
            ),
            Self::Token(AccessTokenError::Database(_)) => (StatusCode::SERVICE_UNAVAILABLE, None, error::unavailable()),
            Self::Token(AccessTokenError::Audience) => (
                StatusCode::UNAUTHORIZED,
                Some(
                    "Bearer realm=\"userinfo\", error=\"invalid_token\", error_description=\"The access token is \
                     another API's: get one without a resource in scope\"",
                ),
                Described::new(
                    "invalid_token",
                    50_132,
                    "Invalid audience: the access token is another API's. Get one for this endpoint, by a scope of \
                     openid, profile and email without a resource's.",
                ),
            ),
            Self::Token(_) => (
                StatusCode::UNAUTHORIZED,
                Some("Bearer realm=\"userinfo\", error=\"invalid_token\""),
                Described::new("invalid_token", 50_132, "The access token is not valid here, or not any more."),
            ),
        }
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let (status, challenge, described) = self.describe();
        let render = move |_: &Tenant, trace: &Trace| {
            let mut response = described.json(status, trace);
            if let Some(challenge) = challenge {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            response
        };
        let refusal = Refusal::new("userinfo", &self, render);
        refusal.outage(status == StatusCode::SERVICE_UNAVAILABLE).into_response()
    }
}

/// OpenID Connect Core §5.3.2
#[derive(Serialize)]
struct UserInfo {
    /// That of the ID token that this client got.
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

async fn userinfo(State(tenant): State<Tenant>, headers: HeaderMap) -> Result<impl IntoResponse, RouteError> {
    let token = AccessToken::bearer(&headers).ok_or(RouteError::NoToken)?;
    let token = AccessToken::verify(&tenant, token, CLIENT_ID).await?;
    if !token.has("openid") {
        return Err(RouteError::Scope);
    }
    // Core §5.5: a single claim that was asked for is given without the scope that stands for it.
    let wants = |claim: &str, scope| token.has(scope) || token.requested.userinfo.iter().any(|wanted| wanted == claim);
    let user = &token.user;
    let info = UserInfo {
        sub: tenant.subject(token.client_id, &user.id),
        name: wants("name", "profile").then(|| user.display_name.clone()),
        preferred_username: wants("preferred_username", "profile").then(|| user.email.clone()),
        email: wants("email", "email").then(|| user.email.clone()),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(info)))
}
