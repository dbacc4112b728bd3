//! Answers that some layer gave without a body, or in its own words: they get one that says what it is, in the language
//! that the client asks for; a page where it reads pages, else a line of text.

use std::any::Any;

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::platform::texts::Texts;

/// A handler panicked; an apology takes the place of a blank page.
#[derive(Clone)]
struct Panicked;

/// What is answered when a handler panicked; tower-http has logged it.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Extension(Panicked)).into_response()
}

/// A middleware that gives an error that has no words of ours a body.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let wants_page = accepts_html(request.headers());
    let t = Texts::asked_for(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let is_empty =
        response.body().size_hint().exact() == Some(0) && !response.headers().contains_key(header::CONTENT_TYPE);
    // tower-http's layer for large bodies says it in English of its own.
    let is_foreign = status == StatusCode::PAYLOAD_TOO_LARGE
        && response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if !is_empty && !is_foreign {
        return response;
    }
    let (title, words) = if response.extensions().get::<Panicked>().is_some() {
        (t.panicked_title(), t.panicked())
    } else {
        words(t, status)
    };
    let (content_type, body) = if wants_page {
        ("text/html; charset=utf-8", page(t, title, words))
    } else {
        ("text/plain; charset=utf-8", format!("{words}\n"))
    };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(t.language().tag()));
    headers.append(header::VARY, HeaderValue::from_static("accept, accept-language"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    *response.body_mut() = Body::from(body);
    response
}

fn words(t: Texts, status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => (t.unauthorized_title(), t.unauthorized()),
        StatusCode::FORBIDDEN => (t.forbidden_title(), t.forbidden()),
        StatusCode::NOT_FOUND => (t.not_found_title(), t.not_found()),
        StatusCode::METHOD_NOT_ALLOWED => (t.method_title(), t.method()),
        StatusCode::PAYLOAD_TOO_LARGE => (t.too_large_title(), t.too_large()),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (t.media_type_title(), t.media_type()),
        StatusCode::SERVICE_UNAVAILABLE => (t.too_long_title(), t.too_long()),
        status if status.is_server_error() => (t.failed_title(), t.failed()),
        _ => (t.bad_title(), t.bad()),
    }
}

/// Whether a client reads pages, as browsers say when they navigate.
fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"))
}

/// A page without styles, for when nothing else can be shown. All texts are our own.
fn page(t: Texts, title: &str, words: &str) -> String {
    let (lang, again, home) = (t.language().tag(), t.again(), t.home());
    format!(
        "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title></head><body><main><h1>{title}</h1><p>{words}</p>\
         <p>{again} <a href=\"/\">{home}</a></p></main></body></html>"
    )
}
