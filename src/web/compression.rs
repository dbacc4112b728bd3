//! Answers travel compressed, unless what stands in them beside the customer's data may have been chosen by somebody else: to
//! whoever watches the network, the length of a compressed answer tells how much both have in common (BREACH; RFC 7457 §2.6).
//! Another web site can choose an address that a browser goes to with the customer's cookies. So what another site asked for is
//! compressed only where its address says nothing but which page it is.

use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

use crate::app::address;

/// Of Brotli: a page of 60 KB takes a fraction of a millisecond. What does not change was compressed better when it was built.
const QUALITY: i32 = 5;

/// What an answer is marked by that stays as it is.
#[derive(Clone, Copy)]
struct AsItIs;

/// Compresses what a client understands and [`mark`] did not mark; but no pictures, and no streams of events.
pub(super) fn layer() -> CompressionLayer<impl Predicate + Send + Sync + 'static> {
    let unmarked = |_: StatusCode, _: Version, _: &HeaderMap, marks: &Extensions| marks.get::<AsItIs>().is_none();
    let quality = CompressionLevel::Precise(QUALITY);
    CompressionLayer::new().quality(quality).compress_when(DefaultPredicate::new().and(unmarked))
}

/// Marks what is not to be compressed.
pub(super) async fn mark(request: Request, next: Next) -> Response {
    let tells_nothing = tells_nothing(&request);
    let mut response = next.run(request).await;
    if !tells_nothing {
        response.extensions_mut().insert(AsItIs);
    }
    response
}

/// Takes what a client accepts for nothing said, where that is none of what there is: else a form would be answered 406 after
/// it was done (RFC 9110 §12.5.3 leaves the choice).
pub(super) async fn accept_something(mut request: Request) -> Request {
    let lines = request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let refused =
        |weight: &str| weight.trim().strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
    let (mut is_refused, mut is_coded) = (false, false);
    for coding in lines.flat_map(|line| line.split(',')) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "identity" | "*" => is_refused |= refused(weight),
            "br" | "gzip" => is_coded |= !refused(weight),
            _ => {}
        }
    }
    if is_refused && !is_coded {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    request
}

/// Marks a file: `cargo leptos build --precompress` has compressed what is worth it, once and better.
pub(super) async fn mark_file(mut response: Response) -> Response {
    response.extensions_mut().insert(AsItIs);
    response
}

/// Whether the length of the answer tells nobody anything: a page of ours asked for it, or its customer did (Fetch Metadata,
/// `Sec-Fetch-Site`, which no script can set); or all that is said of it is which page it is.
fn tells_nothing(request: &Request) -> bool {
    let only = |name: &str| {
        let mut lines = request.headers().get_all(name).iter();
        lines.next().filter(|_| lines.next().is_none()).map(HeaderValue::as_bytes)
    };
    // A navigation that a service worker passes on says whose the worker is, not who began it (Fetch, issue 1321).
    let is_passed_on = only("sec-fetch-mode") == Some(b"navigate") && only("sec-fetch-dest") == Some(b"empty");
    let is_own = matches!(only("sec-fetch-site"), Some(b"same-origin" | b"none")) && !is_passed_on;
    let uri = request.uri();
    let is_plain = || {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        is_read && uri.query().is_none() && [address::HOME, address::TODOS, address::ACCOUNT].contains(&uri.path())
    };
    is_own || is_plain()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(method: &str, uri: &str, sites: &[&str]) -> bool {
        let mut request = Request::builder().method(method).uri(uri);
        for site in sites {
            request = request.header("sec-fetch-site", *site);
        }
        tells_nothing(&request.body(Body::empty()).expect("a request"))
    }

    #[test]
    fn what_another_site_chose_a_word_of_is_not_compressed() {
        for uri in
            ["/todos?q=iban", "/todos/active", "/todos/iban", "/auth/sign-in?return_to=/todos", "/todos?", "//todos"]
        {
            for sites in [&["cross-site"][..], &["same-site"], &[], &["none", "cross-site"], &["same-origin", "none"]] {
                assert!(!asked("GET", uri, sites), "{uri} {sites:?}");
            }
            for site in ["same-origin", "none"] {
                assert!(asked("GET", uri, &[site]), "{uri} {site}");
            }
        }
        for uri in ["/", "/todos", "/account"] {
            assert!(asked("GET", uri, &["cross-site"]) && asked("HEAD", uri, &[]), "{uri}");
            assert!(!asked("POST", uri, &["cross-site"]), "{uri}");
        }
        assert!(asked("POST", "/actions/todos/add", &["same-origin"]));
        // Passed on by the page's service worker, whoever began it.
        for (uri, is_compressed) in [("/todos?q=iban", false), ("/todos", true)] {
            let request = Request::builder().uri(uri).header("sec-fetch-site", "same-origin");
            let request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "empty");
            assert_eq!(tells_nothing(&request.body(Body::empty()).expect("a request")), is_compressed, "{uri}");
        }
    }
}
