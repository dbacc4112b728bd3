//! What every server says where nothing else is to be shown: a method for each message of `texts/*.ftl`.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::language::negotiation;

crate::language::server_texts::texts!("platform_texts.rs");

impl Texts {
    /// Those for the client that sent `headers`: what it asks for (RFC 9110 §12.5.4), else English.
    pub(crate) fn asked_for(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().map(HeaderValue::as_bytes);
        Self::of(negotiation::accepted(lines).unwrap_or_default())
    }
}
