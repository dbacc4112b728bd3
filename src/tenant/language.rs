//! Which language a page is in: the one that was chosen on it, kept in a cookie; else the one that the app asks for; else
//! the one that the browser asks for.

use axum::http::HeaderMap;

use super::cookies;
use crate::language::Language;
use crate::platform::accept_language;

/// The first of the languages of `ui_locales` that we speak: tags by preference, divided by blanks. Others are no error
/// (OpenID Connect Core §3.1.2.1).
pub(super) fn of_ui_locales(tags: &str) -> Option<Language> {
    tags.split(' ').find_map(Language::of_tag)
}

/// The language for the browser that sent `headers`, where the app asks for `asked`.
pub(super) fn spoken(headers: &HeaderMap, asked: Option<Language>) -> Language {
    let chosen = cookies::read(headers, cookies::LANGUAGE).and_then(|tag| Language::of_tag(&tag));
    chosen.or(asked).or_else(|| accept_language::accepted(headers)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    #[test]
    fn of_the_languages_that_an_app_asks_for_the_first_that_is_spoken_counts() {
        for (tags, expected) in [
            ("es", Some(Language::Spanish)),
            ("fr-CA es-MX en", Some(Language::Spanish)),
            ("EN-gb es", Some(Language::English)),
            ("se", None),
            ("", None),
            ("  es", Some(Language::Spanish)),
            ("esperanto es,en \"en\" ../es %00", None),
        ] {
            assert_eq!(of_ui_locales(tags), expected, "{tags:?}");
        }
    }

    #[test]
    fn what_was_chosen_counts_most_then_what_the_app_asks_for_then_what_the_browser_does() {
        let (english, spanish) = (Language::English, Language::Spanish);
        for (cookie, asked, accept_language, expected) in [
            ("", None, "", english),
            ("", None, "de", english),
            ("", None, "es-AR, en;q=0.5", spanish),
            ("", Some(english), "es-AR, en;q=0.5", english),
            ("", Some(spanish), "en", spanish),
            ("errand_tenant_language=en", Some(spanish), "es", english),
            ("errand_tenant_language=es", Some(english), "en", spanish),
            // One that is none of ours, or there twice, is no choice; neither is the app's own.
            ("errand_tenant_language=de", None, "es", spanish),
            ("errand_tenant_language=en; errand_tenant_language=en", None, "es", spanish),
            ("errand-language=es", None, "", english),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, accept_language)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(spoken(&headers, asked), expected, "{cookie} {asked:?} {accept_language}");
        }
    }
}
