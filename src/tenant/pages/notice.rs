//! Small pages of the protocol itself: errors, sign-out, the index. The pages of the user flow are elsewhere.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::frame::{Frame, POLICY};
use super::way_back::WayBack;
use crate::tenant::error::{Described, Trace};

/// A page with this title and content, in the dress of the user flow's.
pub(in crate::tenant) fn page(frame: &Frame, status: StatusCode, title: &str, content: &Markup) -> Response {
    let body = html! { h1 { (title) } (content) };
    let mut response = (status, frame.wide(title, &body)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// The page of an error that must not be redirected to the app.
pub(in crate::tenant) fn error_page(
    frame: &Frame,
    way: &WayBack,
    status: StatusCode,
    described: &Described,
    trace: &Trace,
) -> Response {
    let t = frame.t();
    let content = html! {
        p { (t.error_page()) }
        // For the developer of the app, as apps are told: in English.
        p lang="en" { (described.message) }
        dl {
            dt { (t.error_code()) } dd { (described.error) " (AADSTS" (described.code) ")" }
            dt { (t.trace_id()) } dd { (trace.id) }
            dt { (t.correlation_id()) } dd { (trace.correlation_id) }
            dt { (t.timestamp()) } dd { (trace.timestamp) }
        }
        (way.links(t))
    };
    page(frame, status, t.error_page_title(), &content)
}
