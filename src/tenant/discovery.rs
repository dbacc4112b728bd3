//! The discovery document (OpenID Connect Discovery §3) and the signing keys (RFC 7517 §5).

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::scope::OpenId;
use super::state::Tenant;
use super::token::client::METHODS;
use crate::language::Language;

/// An hour: an app that meets a key it does not know asks again anyway.
const CACHE: &str = "private, max-age=3600";

pub(super) fn router() -> Router<Tenant> {
    Router::new()
        .route("/v2.0/.well-known/openid-configuration", get(document))
        .route("/discovery/v2.0/keys", get(keys))
}

async fn document(State(tenant): State<Tenant>) -> Response {
    cached(json!({
        "issuer": tenant.issuer(),
        "authorization_endpoint": tenant.url("/oauth2/v2.0/authorize"),
        "token_endpoint": tenant.url("/oauth2/v2.0/token"),
        "userinfo_endpoint": tenant.url("/oidc/userinfo"),
        "end_session_endpoint": tenant.url("/oauth2/v2.0/logout"),
        // RFC 7009, RFC 8414 §2
        "revocation_endpoint": tenant.url("/oauth2/v2.0/revoke"),
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ["PS256", "RS256"],
        // Ours: see `revocation`.
        "session_revocation_supported": true,
        "jwks_uri": tenant.url("/discovery/v2.0/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": super::token::GRANT_TYPES,
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "RS256"],
        "scopes_supported": OpenId::ALL.map(|(_, name)| name),
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "auth_time", "nonce", "sid", "oid", "tid", "name",
            "preferred_username", "email", "ctry", "login_hint", "ver",
        ],
        "prompt_values_supported": ["none", "login", "select_account", "consent", "create"],
        "ui_locales_supported": Language::ALL.map(Language::tag),
        "code_challenge_methods_supported": ["S256"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        // RFC 9207 §3
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": true,
    }))
}

async fn keys(State(tenant): State<Tenant>) -> Response {
    cached(tenant.keys().jwks(&tenant.issuer(), tenant.clock().unix_millis()))
}

fn cached(document: Value) -> Response {
    ([(header::CACHE_CONTROL, CACHE)], Json(document)).into_response()
}
