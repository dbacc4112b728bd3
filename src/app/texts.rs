//! What the pages say, in the language of whoever reads them: a method for each message of `texts/*.ftl`.
//!
//! The server has the texts of all languages. The browser gets those of the page's language as a file of their own
//! ([`script`]), which is fetched beside the program and kept as long; the program has none.

use std::fmt::Display;
#[cfg(feature = "ssr")]
use std::hash::{Hash as _, Hasher as _};

#[cfg(feature = "ssr")]
use leptos::prelude::use_context;

#[cfg(feature = "ssr")]
use crate::app::address::TEXTS;
use crate::language::Language;
use crate::language::pattern::{self, Count, Piece as AnyPiece};

type Piece = AnyPiece<'static>;

/// The texts of a language. Cheap to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    language: Language,
}

include!(concat!(env!("OUT_DIR"), "/app_texts.rs"));

impl Texts {
    /// Those of the page: on the server, of the one that is being rendered (its language is in the context).
    pub fn current() -> Self {
        #[cfg(feature = "ssr")]
        let language = use_context::<Language>().unwrap_or_default();
        #[cfg(not(feature = "ssr"))]
        let language = page::language();
        Self { language }
    }

    /// Those of `language`. The browser has those of its page only.
    pub fn of(language: Language) -> Self {
        Self { language }
    }

    /// Which language it is.
    pub fn language(self) -> Language {
        self.language
    }

    #[cfg_attr(not(feature = "ssr"), expect(clippy::unused_self, reason = "the browser has the texts of one language"))]
    fn at(self, place: usize) -> &'static str {
        #[cfg(feature = "ssr")]
        return table(self.language)[place];
        #[cfg(not(feature = "ssr"))]
        page::text(place)
    }

    fn filled(self, place: usize, arguments: &[&dyn Display]) -> String {
        pattern::fill(self.at(place), arguments)
    }

    fn counted(self, place: usize, count: Count, arguments: &[&dyn Display]) -> String {
        pattern::fill(pattern::choose(self.at(place), self.language, count), arguments)
    }

    fn pieces(self, place: usize) -> Vec<Piece> {
        pattern::pieces(self.at(place))
    }
}

/// Where the script leaves the texts for the program.
pub const GLOBAL: &str = "errandTexts";

/// Where [`script`] is: another text, another address.
#[cfg(feature = "ssr")]
pub fn address(language: Language) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    table(language).hash(&mut hasher);
    format!("{TEXTS}{}.{:016x}.js", language.tag(), hasher.finish())
}

/// The script that brings the texts of `language` to the browser: a JSON text of the tag and the patterns, in a string.
#[cfg(feature = "ssr")]
pub fn script(language: Language) -> String {
    // Texts are always JSON.
    let json = serde_json::to_string(&(language, table(language).as_slice())).unwrap_or_default();
    let string = serde_json::to_string(&json).unwrap_or_default();
    format!("window.{GLOBAL}={string};\n")
}

/// Takes over the texts that [`script`] left. False where they are not all there: then this program is not for this page.
#[cfg(feature = "hydrate")]
pub fn take_over(json: &str) -> bool {
    page::take_over(json, COUNT)
}

#[cfg(not(feature = "ssr"))]
mod page {
    //! The texts of the page, once they are there.

    use std::sync::OnceLock;

    use crate::language::Language;

    static TEXTS: OnceLock<(Language, Vec<String>)> = OnceLock::new();

    pub(super) fn language() -> Language {
        TEXTS.get().map(|(language, _)| *language).unwrap_or_default()
    }

    pub(super) fn text(place: usize) -> &'static str {
        TEXTS.get().and_then(|(_, texts)| texts.get(place)).map_or("", String::as_str)
    }

    #[cfg(feature = "hydrate")]
    pub(super) fn take_over(json: &str, count: usize) -> bool {
        let texts: Option<(Language, Vec<String>)> = serde_json::from_slice(json.as_bytes()).ok();
        texts.filter(|(_, texts)| texts.len() == count).is_some_and(|texts| TEXTS.set(texts).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_said_in_each_language() {
        let (english, spanish) = (Texts::of(Language::English), Texts::of(Language::Spanish));
        assert_eq!((english.undo(), spanish.undo()), ("Undo", "Deshacer"));
        assert_eq!(english.done_deleted(1_u64), "Deleted 1 to-do");
        assert_eq!(spanish.done_deleted(3_u64), "3 tareas eliminadas");
        assert_eq!(spanish.done_other_sessions_ended(0_usize), "No tenías la sesión iniciada en ningún otro sitio.");
        assert_eq!(spanish.done_deleted_one(&"pan {0}"), "«pan {0}» eliminada");
        assert_eq!(Texts::current(), english, "outside of a page");
    }

    #[test]
    fn the_browser_is_sent_one_language() {
        let script = script(Language::Spanish);
        assert!(script.contains("Deshacer") && !script.contains("Undo"), "{script}");
        assert!(script.starts_with("window.errandTexts=\"") && script.ends_with("\";\n"));
        let json: String =
            serde_json::from_str(script.trim_start_matches("window.errandTexts=").trim_end_matches(";\n"))
                .expect("JSON");
        let (language, texts): (Language, Vec<String>) = serde_json::from_str(&json).expect("JSON");
        assert_eq!((language, texts.len()), (Language::Spanish, table(Language::English).len()));
        assert!(texts.iter().all(|text| !text.is_empty()));
    }
}
