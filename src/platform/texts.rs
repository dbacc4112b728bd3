//! What every server says where nothing else is to be shown: a method for each message of `texts/*.ftl`.

use axum::http::HeaderMap;

use crate::platform::accept_language;

crate::language::server_texts::texts!("platform_texts.rs");

impl Texts {
    /// Those for the client that sent `headers`: what it asks for (RFC 9110 §12.5.4), else English.
    pub(crate) fn asked_for(headers: &HeaderMap) -> Self {
        Self::of(accept_language::accepted(headers).unwrap_or_default())
    }
}
