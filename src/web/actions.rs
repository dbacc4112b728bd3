//! The door to the server functions: refuses other sites, gives errors their HTTP status, and makes plain forms (no
//! WebAssembly) work: they are answered with 303 back to their page, which shows what went wrong and what was typed.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower_sessions::Session;
use url::form_urlencoded;

use super::{MAX_BODY, Web, notice};
use crate::app::actions::customer::{Notice, Typed};
use crate::app::error::{About, AppError};
use crate::identity::return_to::ReturnTo;
use crate::identity::session::SignedIn;

/// Where the server functions are.
pub(super) const PREFIX: &str = "/actions/";
/// The header that marks a server function's error.
const SERVER_FN_ERROR: &str = "serverfnerror";

/// Lets everything but server functions pass.
pub(super) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(PREFIX) {
        return next.run(request).await;
    }
    if is_cross_site(request.headers()) {
        return (StatusCode::FORBIDDEN, "This address answers Errand's own pages only.").into_response();
    }
    if request.method() != Method::POST {
        let allow = [(header::ALLOW, "POST")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "This address takes forms (POST) only.").into_response();
    }
    if accepts_html(request.headers()) {
        return plain_form(&web, request, next).await;
    }
    let response = next.run(request).await;
    match error_of(response).await {
        Ok(response) => response,
        Err(refused) => {
            let (error, mut response) = *refused;
            *response.status_mut() = status(&error);
            response
        }
    }
}

/// Fetch Metadata (W3C): only our own pages, or the customer directly. Unsafe methods without these headers are the
/// CSRF layer's business.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// A form that the browser submitted itself.
async fn plain_form(web: &Web, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "What was sent is too large.").into_response();
    };
    let action = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let about = About::of_action(&action);
    let typed = Typed::of(&action, form_urlencoded::parse(&body).into_owned());
    let session = parts.extensions.get::<Session>().cloned();
    let referer = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    let page = ReturnTo::from_referer(referer, &web.identity.public_url).unwrap_or_else(|| ReturnTo::parse("/todos"));
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let error = match error_of(response).await {
        Ok(response) if response.status().is_success() => {
            if let (Some(session), Some(text)) = (&session, said(response).await) {
                let form = Typed { action, fields: Vec::new() };
                notice::leave(session, &Notice { done: Some(text), form, ..Notice::default() }).await;
            }
            return see_other(&at(&done(&page), about));
        }
        Ok(response) => {
            tracing::error!(status = %response.status(), "a form was answered with neither a result nor an error");
            AppError::Unavailable
        }
        Err(refused) => refused.0,
    };
    if let Some(url) = error.interaction_url() {
        let mut response = see_other(url);
        if !typed.is_empty() {
            let customer = match session {
                Some(session) => SignedIn::load(&session).await.ok().flatten().map(|s| s.key.as_str().to_owned()),
                None => None,
            };
            let cookie = notice::draft_cookie(web, typed, customer).to_string();
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        return response;
    }
    if let Some(session) = session {
        let error = Some(error.text(about));
        notice::leave(&session, &Notice { error, form: typed, ..Notice::default() }).await;
    }
    see_other(&at(&page, about))
}

/// What a server function that answers with a text has to say.
async fn said(response: Response) -> Option<String> {
    let body = to_bytes(response.into_body(), MAX_BODY).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// The address of the page, and of the part of it that the form is about.
fn at(page: &ReturnTo, about: About) -> String {
    match about.fragment() {
        Some(fragment) => format!("{}#{fragment}", page.as_str()),
        None => page.as_str().to_owned(),
    }
}

/// The page without the row that was being edited.
fn done(page: &ReturnTo) -> ReturnTo {
    ReturnTo::parse(page.as_str().split('?').next().unwrap_or_default())
}

/// Takes a server function's error out of its response.
async fn error_of(response: Response) -> Result<Response, Box<(AppError, Response)>> {
    if !response.status().is_server_error() && !response.headers().contains_key(SERVER_FN_ERROR) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let error = serde_json::from_slice(&body).unwrap_or(AppError::Unavailable);
    Err(Box::new((error, Response::from_parts(parts, Body::from(body)))))
}

fn status(error: &AppError) -> StatusCode {
    match error {
        AppError::SignInRequired { .. } => StatusCode::UNAUTHORIZED,
        AppError::ConsentRequired { .. } | AppError::Forbidden | AppError::NotGranted => StatusCode::FORBIDDEN,
        AppError::Invalid(_) => StatusCode::BAD_REQUEST,
        AppError::NotFound => StatusCode::NOT_FOUND,
        AppError::Unavailable | AppError::Connection => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn see_other(location: &str) -> Response {
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
