//! What the answers of all endpoints are made of.

use axum::http::{HeaderMap, HeaderValue, header};

/// Adds a `Set-Cookie` header.
pub(in crate::identity) fn set_cookie(headers: &mut HeaderMap, cookie: &cookie::Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}
