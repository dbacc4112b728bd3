//! What kind of body it is, by its `Content-Type` (RFC 9110 §8.3).

use axum::http::{HeaderMap, header};

/// Whether the body is of this type, whatever parameters come with it: one that cannot be read does not make the rest
/// unreadable.
pub fn is(headers: &HeaderMap, essence: &str) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return false };
    let sent = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    sent.trim_ascii().eq_ignore_ascii_case(essence.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn parameters_do_not_change_the_type_and_nothing_else_is_it() {
        for (sent, expected) in [
            (&b"application/json"[..], true),
            (b"Application/JSON ; charset=utf-8", true),
            (b"application/json; note=gr\xc3\xbcn", true),
            (b"application/json\xff", false),
            (b"application/jsonp", false),
            (b"text/html, application/json", false),
            (b"", false),
        ] {
            let value = HeaderValue::from_bytes(sent).expect("a header's bytes");
            assert_eq!(
                is(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)]), "application/json"),
                expected,
                "{sent:?}"
            );
        }
        assert!(!is(&HeaderMap::new(), "application/json"));
    }
}
