//! Small pages of the protocol itself: errors, sign-out, the index. The pages of the user flow are elsewhere.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::frame::{POLICY, wide};
use super::way_back::WayBack;
use crate::tenant::config::App;
use crate::tenant::error::{Described, Trace};
use crate::tenant::state::Tenant;

/// A page with this title and content, in the dress of the user flow's.
pub(in crate::tenant) fn page(tenant: &Tenant, status: StatusCode, title: &str, content: &Markup) -> Response {
    let body = html! { h1 { (title) } (content) };
    let mut response = (status, wide(&tenant.config().display_name, title, &body)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// The page of an error that must not be redirected to the app.
pub(in crate::tenant) fn error_page(
    tenant: &Tenant,
    app: Option<&App>,
    status: StatusCode,
    described: &Described,
    trace: &Trace,
) -> Response {
    let content = html! {
        p { "The app sent a request that cannot be answered. Go back to the app and start again." }
        p { (described.message) }
        dl {
            dt { "Error" } dd { (described.error) " (AADSTS" (described.code) ")" }
            dt { "Trace ID" } dd { (trace.id) }
            dt { "Correlation ID" } dd { (trace.correlation_id) }
            dt { "Timestamp" } dd { (trace.timestamp) }
        }
        (WayBack::to(tenant, app).links())
    };
    page(tenant, status, "Sorry, but we’re having trouble signing you in", &content)
}
