//! `Accept-Language` (RFC 9110 §12.5.4).

use axum::http::{HeaderMap, HeaderValue, header};

use crate::language::{Language, negotiation};

/// The language that whoever sent `headers` asks for most; none where they ask for none of ours.
pub fn accepted(headers: &HeaderMap) -> Option<Language> {
    negotiation::accepted(headers.get_all(header::ACCEPT_LANGUAGE).iter().map(HeaderValue::as_bytes))
}
