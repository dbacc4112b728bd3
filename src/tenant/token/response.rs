//! The tokens, as they go to the client.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::claims::ACCESS_TOKEN_LIFETIME;

/// RFC 6749 §5.1, OpenID Connect Core §3.1.3.3, with Entra's members.
#[derive(Serialize)]
pub(super) struct TokenResponse {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    /// Seconds.
    expires_in: i64,
    ext_expires_in: i64,
    access_token: String,
    /// Who the user is, for Microsoft's libraries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
}

impl TokenResponse {
    /// An access token and nothing else.
    pub(super) fn new(access_token: String) -> Self {
        let expires_in = ACCESS_TOKEN_LIFETIME.whole_seconds();
        Self {
            token_type: "Bearer",
            scope: None,
            expires_in,
            ext_expires_in: expires_in,
            access_token,
            client_info: None,
            id_token: None,
            refresh_token: None,
        }
    }
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        // RFC 6749 §5.1
        ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(self)).into_response()
    }
}
