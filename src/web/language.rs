//! Which language a page is in: the one that was chosen on it, kept in a cookie; else the one that the browser asks for.

use axum::http::HeaderMap;
use cookie::time::Duration;

use crate::language::Language;
use crate::platform::{accept_language, cookies};

/// For how long a browser remembers what was chosen.
pub(super) const REMEMBERED: Duration = Duration::days(365);
/// The cookie that keeps what was chosen, on plain http and on https: the session's name, and what it is. (Behind the session's layer
/// no other cookie is to be seen.)
const COOKIES: [&str; 2] = ["errand-language", "__Host-errand-language"];

/// The cookie that keeps what was chosen.
pub(super) fn cookie(is_https: bool) -> &'static str {
    COOKIES[usize::from(is_https)]
}

/// The language for the browser that sent `headers`; none where it asks for none of ours.
pub(super) fn wanted(headers: &HeaderMap) -> Option<Language> {
    let chosen = COOKIES.into_iter().rev().find_map(|name| cookies::read(headers, name)).and_then(Language::of_tag);
    chosen.or_else(|| accept_language::accepted(headers))
}

/// The language that it is answered in.
pub(super) fn spoken(headers: &HeaderMap) -> Language {
    wanted(headers).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    fn wanted_by(cookie: &str, accept_language: &[u8]) -> Option<Language> {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::COOKIE, cookie.as_bytes()), (header::ACCEPT_LANGUAGE, accept_language)] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_bytes(value).expect("a header"));
            }
        }
        wanted(&headers)
    }

    #[test]
    fn what_was_chosen_counts_more_than_what_the_browser_asks_for() {
        let (english, spanish) = (Some(Language::English), Some(Language::Spanish));
        for (cookie, accept_language, expected) in [
            ("", "", None),
            ("", "de", None),
            ("", "es-MX, en;q=0.5", spanish),
            ("errand-language=en", "es-MX, en;q=0.5", english),
            ("errand-language=es", "", spanish),
            ("x=y; __Host-errand-language=es; z=", "en", spanish),
            // One that is none of ours, or there twice, is no choice.
            ("errand-language=de", "es", spanish),
            ("errand-language=", "es", spanish),
            ("errand-language=en; errand-language=en", "es", spanish),
            ("Errand-Language=en", "es", spanish),
            ("language=en", "es", spanish),
        ] {
            assert_eq!(wanted_by(cookie, accept_language.as_bytes()), expected, "{cookie} {accept_language}");
        }
        assert_eq!(wanted_by("", b"\xff, es"), spanish);
        assert_eq!(spoken(&HeaderMap::new()), Language::English);
    }
}
