//! Pages in the app's look that are not the app's: for answers that come from layers around it, and for a form whose text
//! would be lost if it were answered by a redirect. Plain HTML, so that they need neither a session nor a script.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};

use super::state::Web;
use super::texts::Texts;
use crate::app::address;
use crate::language::Language;

/// The longest explanation that is taken over from a layer, in bytes.
const MAX_TEXT: usize = 4096;
/// As the app's policy, without scripts. No `form-action`: Chromium applies it to the redirects that follow a form, and a
/// form that is sent again may lead to the provider.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
);

/// Whether the client is a browser that will show the answer: it names `text/html` among what it accepts. Read as what it
/// is (RFC 9110 §12.5.1): a list, over all lines of the header, of media ranges in any case, each perhaps refused by
/// `q=0`. Bytes that are none of a media range make that range none, and no other.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|line| line.as_bytes().split(|b| *b == b','));
    ranges.into_iter().any(|range| {
        let mut parts = range.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let is_html = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(b"text/html"));
        let refused = |parameter: &[u8]| {
            let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="));
            value.is_some_and(|q| q.starts_with(b"0") && q.iter().all(|b| b"0.".contains(b)))
        };
        is_html && !parts.any(refused)
    })
}

/// A page with a title, a text, and what else stands in its panel.
pub(super) fn page(web: &Web, t: Texts, status: StatusCode, title: &str, text: &str, more: &Markup) -> Response {
    let markup = html! {
        (DOCTYPE)
        html lang=(t.language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Errand" }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href=(web.stylesheet());
            }
            body {
                header.site-header { nav aria-label=(t.main()) { a.brand href="/" { span { "Errand" } } } }
                main #main tabindex="-1" {
                    section.panel.panel--middle {
                        h1 { (title) }
                        p role="alert" { (text) }
                        (more)
                    }
                }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, markup.into_string()).into_response()
}

/// The ways on from a page about something that did not work.
pub(super) fn ways_on(t: Texts) -> Markup {
    html! {
        p.actions."actions--middle" {
            a.button href=(address::TODOS) { (t.go_to_todos()) }
            a.button."button--quiet" href=(address::HOME) { (t.home()) }
        }
    }
}

/// What a status means, in words for people: a title and a sentence.
fn words(status: StatusCode, t: Texts) -> (&'static str, &'static str) {
    match status.as_u16() {
        403 => (t.status_forbidden_title(), t.status_forbidden()),
        404 => (t.status_not_found_title(), t.status_not_found()),
        405 => (t.status_method_title(), t.status_method()),
        413 => (t.status_too_large_title(), t.status_too_large()),
        408 | 504 => (t.status_too_long_title(), t.status_later()),
        429 => (t.status_too_many_title(), t.status_too_many()),
        503 => (t.status_unavailable_title(), t.status_later()),
        400..500 => (t.status_bad_title(), t.status_bad()),
        _ => (t.status_failed_title(), t.status_failed()),
    }
}

/// Around everything: a refusal that a layer wrote (an empty body, or a line of text) becomes a page where a browser shows
/// it, and is never empty for anybody else. What handlers write themselves is left alone.
pub(super) async fn complete(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_page = wants_page(request.headers());
    let t = Texts::asked_for(request.headers());
    let has_body = request.method() != Method::HEAD;
    let response = next.run(request).await;
    let status = response.status();
    if !has_body || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain")) {
        return response;
    }
    let is_empty = response.body().size_hint().exact() == Some(0);
    if !is_page && !is_empty {
        return response;
    }
    let (title, sentence) = words(status, t);
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_TEXT).await.ok().and_then(|text| String::from_utf8(text.into()).ok());
    // What a layer says, it says in English; what is our own is in the reader's language.
    let is_readable = |text: &String| t.language() == Language::English || t.all().any(|own| own == text.as_str());
    let text = text.filter(|text| !text.trim().is_empty() && is_readable(text)).unwrap_or_else(|| sentence.to_owned());
    parts.headers.remove(header::CONTENT_LENGTH);
    if !is_page {
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        return Response::from_parts(parts, Body::from(text));
    }
    let page = page(&web, t, status, title, &text, &ways_on(t));
    for (name, value) in page.headers() {
        parts.headers.insert(name, value.clone());
    }
    Response::from_parts(parts, page.into_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_by_the_media_ranges_that_it_accepts_and_by_nothing_that_only_looks_like_one() {
        for (lines, expected) in [
            (&[b"text/html".as_slice()][..], true),
            (&[b"TEXT/Html;charset=utf-8"], true),
            (&[b"application/json", b"text/html"], true),
            (&[b"text/html,application/xhtml+xml,*/*;q=0.8"], true),
            (&[b"text/html;q=0.001"], true),
            (&[b"text/html\xff, text/html"], true),
            (&[b"text/html\xff"], false),
            (&[b"text/htmlx"], false),
            (&[b"x-text/html"], false),
            (&[b"text/html;q=0, application/json"], false),
            (&[b"text/html ; Q=0.000"], false),
            (&[b"application/json;x=text/html"], false),
            (&[b"*/*"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT, HeaderValue::from_bytes(line).expect("a header"));
            }
            assert_eq!(wants_page(&headers), expected, "{headers:?}");
        }
    }
}
