//! The layers around pages: their headers, and forms of our own only.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::IntoResponse as _;
use axum::{Extension, Router};
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::frame::{Frame, POLICY};
use super::messages;
use super::way_back::WayBack;
use crate::tenant::state::Tenant;

/// Adds the headers of every page. Answers that bring their own (the redirect to the app) keep them.
///
/// `Referrer-Policy` is `same-origin` rather than `no-referrer`: either keeps interaction ids from other origins, but
/// under `no-referrer` browsers send `Origin: null` with a form, and those without Fetch Metadata would be refused.
pub(in crate::tenant) fn with_headers(router: Router<Tenant>) -> Router<Tenant> {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
}

/// Lets in forms of our own pages only, by Fetch Metadata or else Origin; any other is answered with a page.
pub(in crate::tenant) fn own_forms_only(router: Router<Tenant>, tenant: &Tenant) -> Router<Tenant> {
    #[derive(Clone)]
    struct Foreign;
    let marked = |_| (StatusCode::FORBIDDEN, Extension(Foreign)).into_response();
    let with_page = async |State(tenant): State<Tenant>, request: Request, next: Next| {
        let (frame, path) = (Frame::of(&tenant, &request), request.uri().path().to_owned());
        let response = next.run(request).await;
        match response.extensions().get::<Foreign>() {
            Some(Foreign) => messages::foreign(&frame, &WayBack::from_page(&tenant, &path)),
            None => response,
        }
    };
    router
        .layer(CsrfLayer::new().with_rejection_response(marked))
        .layer(middleware::from_fn_with_state(tenant.clone(), with_page))
}
