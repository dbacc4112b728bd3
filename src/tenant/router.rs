//! The tenant's router: its endpoints below the tenant's segment, what stands at the root, and the layers around them.

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::html;
use tower::ServiceExt as _;

use super::error::{Described, Trace};
use super::pages::frame::{self, Frame};
use super::pages::sentence::sentence_with;
use super::pages::way_back::WayBack;
use super::pages::{headers, notice};
use super::state::Tenant;
use super::texts::Texts;
use super::{
    authorize, directory, discovery, language_choice, logout, mailbox, refusal, revocation, token, user_flow, userinfo,
};
use crate::language::Language;
use crate::platform::serve;

/// The largest request body, in bytes: forms with a token or two.
const MAX_BODY: usize = 64 * 1024;

/// Gives words to refusals that have none, such as those of the router and the layers: a page for people, JSON for apps.
async fn with_words(State(tenant): State<Tenant>, request: Request, next: Next) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let frame = Frame::of(&tenant, &request);
    let mut response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.body().size_hint().exact() != Some(0) {
        return response;
    }
    let words = |t: Texts| match status {
        StatusCode::NOT_FOUND => (t.not_found_title(), t.not_found()),
        StatusCode::METHOD_NOT_ALLOWED => (t.method_title(), t.method()),
        StatusCode::PAYLOAD_TOO_LARGE => (t.too_large_title(), t.too_large()),
        _ => (t.failed_title(), t.failed()),
    };
    let other = if wants_page(&headers) {
        let (title, words) = words(frame.t());
        let way = WayBack::from_page(&tenant, &path);
        notice::page(&frame, status, title, &html! { p { (words) } (way.links(frame.t())) })
    } else {
        let (_, words) = words(Texts::of(Language::English));
        Described::new("invalid_request", 900_561, words).json(status, &Trace::new(&tenant, &headers))
    };
    let (parts, body) = other.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    // What the refusal said already stays, such as the methods that are allowed.
    for (name, value) in &parts.headers {
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = body;
    response
}

/// Whether a request comes from somebody who looks at pages.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"))
}

/// Everything the tenant serves.
pub fn router(tenant: Tenant) -> Router {
    let is_https = tenant.origin().starts_with("https:");
    // The protocol's endpoints get cross-site POSTs by design, and guard themselves. The pages do not.
    let confirmation = headers::own_forms_only(logout::confirmation(), &tenant);
    let pages = user_flow::router(&tenant).merge(confirmation);
    let below_segment = Router::new()
        .merge(discovery::router())
        .merge(authorize::router())
        .merge(token::router())
        .merge(userinfo::router())
        .merge(revocation::router())
        .merge(logout::router())
        .merge(pages);
    let below_segment = headers::with_headers(below_segment).with_state(tenant.clone());
    let at_segment = {
        let tenant = tenant.clone();
        move |request: Request| route_to_tenant(tenant, below_segment, request)
    };
    let router = Router::new()
        .route("/", get(index))
        .route("/health", get(async || "ok"))
        .merge(directory::router())
        .merge(mailbox::router())
        .merge(language_choice::router(&tenant))
        .merge(frame::assets())
        .fallback(at_segment)
        .with_state(tenant.clone());
    let router = router.layer(middleware::from_fn_with_state(tenant.clone(), refusal::complete));
    let router = router.layer(middleware::from_fn_with_state(tenant, with_words));
    let router = serve::with_standard_layers(router, "tenant", MAX_BODY);
    if is_https { serve::with_transport_security(router) } else { router }
}

/// Takes the tenant's segment off the path: `/{tenant id}/…` and `/{domain}/…` are the same place.
async fn route_to_tenant(tenant: Tenant, below: Router, mut request: Request) -> Response {
    let path = request.uri().path();
    // A request in authority or asterisk form (RFC 9112 §3.2) has no path.
    let path = path.strip_prefix('/').unwrap_or(path);
    let (segment, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let ours = segment.eq_ignore_ascii_case(&tenant.config().tenant_id.to_string())
        || segment.eq_ignore_ascii_case(&tenant.config().domain);
    if !ours {
        let message = format!(
            "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud."
        );
        let trace = Trace::new(&tenant, request.headers());
        let described = Described::new("invalid_tenant", 90_002, message);
        return if wants_page(request.headers()) {
            let (frame, way) = (Frame::of(&tenant, &request), WayBack::to(&tenant, None));
            notice::error_page(&frame, &way, StatusCode::BAD_REQUEST, &described, &trace)
        } else {
            described.json(StatusCode::BAD_REQUEST, &trace)
        };
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    let below_path = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    match below_path.parse::<Uri>() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    }
    below.oneshot(request).await.into_response()
}

async fn index(State(tenant): State<Tenant>, frame: Frame) -> Response {
    let t = frame.t();
    let mailbox = html! { a href="/mailbox" { (t.mailbox()) } };
    let discovery = tenant.url("/v2.0/.well-known/openid-configuration");
    let content = html! {
        p { (t.index()) }
        ul {
            li { a href=(discovery) { (t.discovery_document()) } }
            li { (sentence_with(t.index_mailbox_parts(), &mailbox)) }
        }
        h2 { (t.apps()) }
        dl {
            @for app in &tenant.config().apps {
                dt { (app.name) }
                dd { (app.client_id) @if let Some(flow) = &app.user_flow { " · " (t.user_flow(&flow)) } }
            }
        }
    };
    notice::page(&frame, StatusCode::OK, frame.brand(), &content)
}
