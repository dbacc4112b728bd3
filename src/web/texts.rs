//! What the web server says by itself, in the language of whoever asks: a method for each message of `texts/*.ftl`.

use axum::http::HeaderMap;

use super::language;
use crate::language::Language;

/// The texts of a language. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts {
    language: Language,
}

include!(concat!(env!("OUT_DIR"), "/web_texts.rs"));

impl Texts {
    /// Those for the browser that sent `headers`.
    pub(super) fn asked_for(headers: &HeaderMap) -> Self {
        Self { language: language::spoken(headers) }
    }

    /// Which language it is.
    pub(super) fn language(self) -> Language {
        self.language
    }

    /// All that is said in it.
    pub(super) fn all(self) -> impl Iterator<Item = &'static str> {
        table(self.language).iter().copied()
    }

    fn at(self, place: usize) -> &'static str {
        table(self.language)[place]
    }
}
