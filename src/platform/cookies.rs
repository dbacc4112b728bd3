//! The one reader of the `Cookie` header.
//!
//! What a browser promises about a cookie it promises for the name as it was set: `__Host-` ties a cookie to this host
//! (RFC 6265bis §4.1.3.2), and any other spelling of the name does not. So a name is compared byte for byte, and nothing is
//! decoded: spaces and tabs around name and value are taken away, as browsers do (§5.6), and nothing else.
//!
//! Cookies ignore ports and come from other apps of the host as well. One that is malformed is skipped, and only that one.
//! A name that is there twice has no value: which of the two is the right one, nobody can tell.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent<'h> {
    /// Its name, as it was sent.
    pub name: &'h str,
    /// Its value, as it was sent; `None` where the name is there twice, or the value is none that a server can have set
    /// (RFC 6265 §4.1.1).
    pub value: Option<&'h str>,
}

/// The value of the cookie `name`.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    matching(headers, |sent| sent == name).first()?.value
}

/// Whether there is a cookie `name`, be its value good for anything or not.
pub fn is_sent(headers: &HeaderMap, name: &str) -> bool {
    pairs(headers).any(|(sent, _)| sent == name.as_bytes())
}

/// The cookies whose names `wanted` chooses, each name once, in the order in which they came.
pub fn matching(headers: &HeaderMap, wanted: impl Fn(&str) -> bool) -> Vec<Sent<'_>> {
    let mut found: Vec<Sent<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (name, value) in pairs(headers) {
        let Some(name) = std::str::from_utf8(name).ok().filter(|name| wanted(name)) else { continue };
        if let Some(place) = places.get(name) {
            found[*place].value = None;
        } else {
            places.insert(name, found.len());
            found.push(Sent { name, value: text(value) });
        }
    }
    found
}

/// Replaces the `Cookie` headers by one that we wrote, of the cookies whose names `wanted` chooses: for what stands behind
/// and reads cookies in a way of its own. Names outside of `A-Z a-z 0-9 - _` are none of ours.
pub fn rewrite(headers: &mut HeaderMap, wanted: impl Fn(&str) -> bool) {
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let kept: Vec<String> = matching(headers, |name| plain(name) && wanted(name))
        .into_iter()
        .filter_map(|sent| Some(format!("{}={}", sent.name, sent.value?)))
        .collect();
    headers.remove(header::COOKIE);
    // Names and values are ASCII by now.
    if let Ok(value) = HeaderValue::from_str(&kept.join("; "))
        && !kept.is_empty()
    {
        headers.insert(header::COOKIE, value);
    }
}

/// All pairs of all `Cookie` headers; what has no `=` is none.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|b| *b == b';')).filter_map(|pair| {
        let equals = pair.iter().position(|b| *b == b'=')?;
        Some((trim(&pair[..equals]), trim(&pair[equals + 1..])))
    })
}

/// Without the spaces and tabs around it.
fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let begin = bytes.iter().position(|b| !blank(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !blank(b)).map_or(begin, |last| last + 1);
    &bytes[begin..end]
}

/// RFC 6265 §4.1.1: `cookie-octet`.
fn text(value: &[u8]) -> Option<&str> {
    let octet = |b: &u8| b.is_ascii_graphic() && !b"\",;\\".contains(b);
    value.iter().all(octet).then(|| std::str::from_utf8(value).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::COOKIE, HeaderValue::from_bytes(value).expect("a header's bytes"));
        }
        headers
    }

    /// Abuse case 91.
    #[test]
    fn a_name_that_is_spelt_otherwise_is_another_name() {
        for sent in [
            "%5F%5FHost-errand=x",
            "__Host-erran%64=x",
            "__host-errand=x",
            "__Host-errand%20=x",
            "\u{a0}__Host-errand=x",
            "__Host-errand\u{2003}=x",
            "\"__Host-errand\"=x",
            "__Host-errand",
            "=__Host-errand=x",
            "x=__Host-errand=y",
            "$__Host-errand=x",
            "__Host-errand-x=x",
        ] {
            assert_eq!(read(&headers(&[sent.as_bytes()]), "__Host-errand"), None, "{sent:?}");
            // Beside the right one, it changes nothing.
            let both = format!("__Host-errand=right; {sent}");
            assert_eq!(read(&headers(&[both.as_bytes()]), "__Host-errand"), Some("right"), "{sent:?}");
        }
        for blank in [&b"\x0b"[..], b"\x0c", b"\xa0", b"\xc2\x85"] {
            let sent = [blank, b"__Host-errand=x"].concat();
            let sent = HeaderValue::from_bytes(&sent).map(|value| HeaderMap::from_iter([(header::COOKIE, value)]));
            assert_eq!(sent.ok().and_then(|sent| read(&sent, "__Host-errand").map(str::to_owned)), None);
        }
    }

    #[test]
    fn spaces_and_tabs_around_name_and_value_are_taken_away() {
        for sent in ["a=1;errand=x;b=2", "a=1;\t errand=x \t; b=2", "errand = x", " errand\t=\tx"] {
            assert_eq!(read(&headers(&[sent.as_bytes()]), "errand"), Some("x"), "{sent:?}");
        }
        assert_eq!(read(&headers(&[b"errand=x=y"]), "errand"), Some("x=y"), "the first one separates");
    }

    /// Abuse case 91.
    #[test]
    fn two_cookies_of_one_name_have_no_value() {
        for sent in [&[&b"errand=x; errand=y"[..]][..], &[b"errand=x", b"errand=y"], &[b"errand=x; errand=gr\xfcn"]] {
            assert_eq!(read(&headers(sent), "errand"), None);
            assert!(is_sent(&headers(sent), "errand"));
        }
        // Nor are they a reason to believe the same twice.
        assert_eq!(read(&headers(&[b"errand=x; errand=x"]), "errand"), None);
    }

    /// Abuse case 94.
    #[test]
    fn a_foreign_cookie_that_is_malformed_is_skipped_alone() {
        for foreign in
            [&b"theme=gr\xc3\xbcn"[..], b"theme=\xff", b"gr\xc3\xbcn=1", b"theme", b"", b"=", b"==", b"a=\"b;c\""]
        {
            for sent in [[foreign, b"errand=x"].join(&b"; "[..]), [&b"errand=x"[..], foreign].join(&b";"[..])] {
                assert_eq!(read(&headers(&[&sent]), "errand"), Some("x"), "{foreign:?}");
            }
            assert_eq!(read(&headers(&[foreign, b"errand=x"]), "errand"), Some("x"), "in a header of its own");
        }
        // What is ours and malformed is none.
        assert_eq!(read(&headers(&[b"errand=gr\xc3\xbcn"]), "errand"), None);
    }

    #[test]
    fn what_stands_behind_reads_a_header_that_we_wrote() {
        let mut sent =
            headers(&[b"theme=gr\xc3\xbcn; errand=x", b"%65rrand=y; errand-a=1;errand-b=1; errand-b=2; errand-%41=z"]);
        rewrite(&mut sent, |name| name.starts_with("errand"));
        assert_eq!(sent.get_all(header::COOKIE).iter().collect::<Vec<_>>(), ["errand=x; errand-a=1"]);
        rewrite(&mut sent, |_| false);
        assert!(!sent.contains_key(header::COOKIE));
    }

    #[test]
    fn thousands_of_cookies_are_read_in_no_time() {
        let many = (0..20_000).map(|number| format!("errand-{number}=;")).collect::<Vec<_>>().concat();
        let began = std::time::Instant::now();
        assert_eq!(matching(&headers(&[many.as_bytes()]), |name| name.starts_with("errand")).len(), 20_000);
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
    }
}
