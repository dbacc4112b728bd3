//! What the web server says by itself, in the language of whoever asks: a method for each message of `texts/*.ftl`.

use axum::http::HeaderMap;

use super::language;

crate::language::server_texts::texts!("web_texts.rs");

impl Texts {
    /// Those for the browser that sent `headers`.
    pub(super) fn asked_for(headers: &HeaderMap) -> Self {
        Self::of(language::spoken(headers))
    }
}
