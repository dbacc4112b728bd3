//! Small pages of the protocol itself: errors, sign-out, the index. The pages of the user flow are elsewhere.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Tenant;
use super::error::{Described, Trace};
use crate::platform::random;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}\
    button{font:inherit;padding:.5rem 1rem}small,dd{color:#555}dd{overflow-wrap:anywhere}";

/// A page with this title and content.
pub(super) fn page(tenant: &Tenant, status: StatusCode, title: &str, content: &Markup) -> Response {
    let nonce = random::token();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (tenant.config.display_name) }
                style nonce=(nonce) { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (content) } }
        }
    };
    // No form-action: Chromium applies it to the redirect that answers a form as well, and sign-out ends in one.
    let csp = format!("default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'");
    let mut response = (status, page).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, ascii(&csp));
    // "no-referrer" would make the browser send `Origin: null` with the page's forms.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// The page of an error that must not be redirected to the app.
pub(super) fn error_page(tenant: &Tenant, status: StatusCode, described: &Described, trace: &Trace) -> Response {
    let content = html! {
        p { "The app sent a request that cannot be answered. Go back to the app and start again." }
        p { (described.message) }
        dl {
            dt { "Error" } dd { (described.error) " (AADSTS" (described.code) ")" }
            dt { "Trace ID" } dd { (trace.id) }
            dt { "Correlation ID" } dd { (trace.correlation_id) }
            dt { "Timestamp" } dd { (trace.timestamp) }
        }
    };
    page(tenant, status, "Sorry, but we’re having trouble signing you in", &content)
}

/// The database does not answer, and a browser waits.
pub(super) fn unavailable(tenant: &Tenant) -> Response {
    page(
        tenant,
        StatusCode::SERVICE_UNAVAILABLE,
        "Please try again",
        &html! { p { "Something is busy for a moment." } },
    )
}

/// The interaction has ended, or never was this browser's.
pub(super) fn gone(tenant: &Tenant) -> Response {
    let content =
        html! { p { "This sign-in has ended or was begun elsewhere. Go back to the app and sign in again." } };
    page(tenant, StatusCode::BAD_REQUEST, "This page has expired", &content)
}

/// A header value made of ASCII that we or the configuration check wrote.
pub(super) fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("our own header values are ASCII")
}
