//! The userinfo endpoint (OpenID Connect Core §5.3): what the access token's scopes let the app know of its user.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{Described, Trace};
use super::sso::{self, Lapsed};
use super::token::USERINFO_AUDIENCE;
use super::{Tenant, error};

pub(super) fn router() -> Router<Tenant> {
    // Core §5.3.1: GET and POST.
    Router::new().route("/oidc/userinfo", get(userinfo).post(userinfo))
}

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("there is no bearer token in the Authorization header")]
    NoToken,
    #[error("the token is not one of ours")]
    NotOurs,
    #[error("the token is for another resource")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the grant behind the token was revoked")]
    Revoked,
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    #[error("the token lacks the scope openid")]
    Scope,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl RouteError {
    fn answer(&self, trace: &Trace) -> Response {
        // RFC 6750 §3: without a token there is no error to name.
        let (status, challenge, described) = match self {
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
            Self::Database(_) => (StatusCode::SERVICE_UNAVAILABLE, None, error::unavailable()),
            _ => (
                StatusCode::UNAUTHORIZED,
                Some("Bearer realm=\"userinfo\", error=\"invalid_token\""),
                Described::new("invalid_token", 50_132, "The access token is not valid here, or not any more."),
            ),
        };
        let mut response = described.json(status, trace);
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Uuid,
    exp: i64,
    azp: Uuid,
    scp: String,
    oid: String,
    rh: String,
}

async fn userinfo(State(tenant): State<Tenant>, headers: HeaderMap) -> Response {
    match claims(&tenant, &headers).await {
        Ok(claims) => ([(header::CACHE_CONTROL, "no-store")], Json(claims)).into_response(),
        Err(refused) => {
            let trace = Trace::new(&tenant, &headers);
            tracing::info!(trace = %trace.id, "userinfo: {refused}");
            refused.answer(&trace)
        }
    }
}

async fn claims(tenant: &Tenant, headers: &HeaderMap) -> Result<Value, RouteError> {
    let claims: Claims = tenant.keys.verify(bearer(headers).ok_or(RouteError::NoToken)?).ok_or(RouteError::NotOurs)?;
    if claims.iss != tenant.issuer() {
        return Err(RouteError::NotOurs);
    }
    if claims.aud != USERINFO_AUDIENCE {
        return Err(RouteError::Audience);
    }
    if claims.exp <= tenant.clock.unix_seconds() {
        return Err(RouteError::Expired);
    }
    let has = |scope: &str| claims.scp.split(' ').any(|word| word == scope);
    if !has("openid") {
        return Err(RouteError::Scope);
    }
    let grant: Option<(i64,)> = sqlx::query_as("SELECT auth_time FROM grants WHERE id = $1 AND revoked_at IS NULL")
        .bind(&claims.rh)
        .fetch_optional(&tenant.db)
        .await?;
    let (auth_time,) = grant.ok_or(RouteError::Revoked)?;
    let user = sso::still_counts(tenant, &claims.oid, auth_time).await??;
    // Core §5.3.2: the `sub` of the ID token that this client got.
    let mut info = json!({ "sub": tenant.subject(claims.azp, &user.id) });
    if has("profile") {
        info["name"] = user.display_name.into();
        info["preferred_username"] = user.email.clone().into();
    }
    if has("email") {
        info["email"] = user.email.into();
    }
    Ok(info)
}

/// RFC 6750 §2.1, the only way that is accepted.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}
