//! What the API says of problems, in the language that a request asks for: a method for each message of `texts/*.ftl`.

use axum::http::HeaderMap;

use crate::platform::accept_language;

crate::language::server_texts::texts!("api_texts.rs");

impl Texts {
    /// Those for whoever sent `headers` (RFC 9110 §12.5.4); English for who asks for no language of ours.
    pub(super) fn asked_for(headers: &HeaderMap) -> Self {
        Self::of(accept_language::accepted(headers).unwrap_or_default())
    }
}
