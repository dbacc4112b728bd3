//! `GET /account/export?format=`: all of the customer's to-dos as a file, sent on as the API sends it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tower_sessions::Session;
use url::form_urlencoded;

use super::door::{is_cross_site, status};
use super::request::Request;
use super::state::Web;
use super::texts::Texts;
use super::{document, downstream};
use crate::app::error::{AppError, Section};
use crate::identity::downstream::{ApiStream, Call};
use crate::platform::redirect::see_other;

/// The formats, by their names at the API, with media type and name of the file.
const FORMATS: [(&str, &str, &str); 4] = [
    ("json", "application/json", "todos.json"),
    ("ics", "text/calendar; charset=utf-8", "todos.ics"),
    ("todo.txt", "text/plain; charset=utf-8", "todo.txt"),
    ("csv", "text/csv; charset=utf-8", "todos.csv"),
];
/// For how long the API may be silent while it sends a file.
const SILENCE: Duration = Duration::from_secs(20);

/// Sends all of the customer's to-dos as a file.
pub(super) async fn handle(State(web): State<Web>, request: HttpRequest) -> Response {
    let t = Texts::asked_for(request.headers());
    if is_cross_site(request.headers()) {
        return (StatusCode::FORBIDDEN, t.own_pages_only()).into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "format").map(|(_, value)| value);
    let format = FORMATS.into_iter().find(|(format, ..)| named.as_deref() == Some(*format));
    let Some((format, media_type, name)) = format else {
        return (StatusCode::NOT_FOUND, t.no_such_file()).into_response();
    };
    let (parts, _) = request.into_parts();
    let Some(session) = parts.extensions.get::<Session>().cloned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let file = match begin(&Request { web: web.clone(), parts, session }, format).await {
        Ok(file) => file,
        Err(error) => return failed(&web, t, &error),
    };
    // What breaks off is seen by the browser as a download that failed.
    let chunks = stream::try_unfold(file, |mut file| async move {
        let chunk = file.next(SILENCE).await.inspect_err(|error| tracing::error!(%error, "a file broke off"))?;
        Ok::<_, crate::platform::outbound::OutboundError>(chunk.map(|chunk| (chunk, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

async fn begin(request: &Request, format: &str) -> Result<ApiStream, AppError> {
    let signed_in = request.require_signed_in().await?;
    let query = [("format", format)];
    let headers = [downstream::in_language_of(request)];
    let call = Call { path: &["export"], query: &query, headers: &headers, scopes: "read", ..Call::default() };
    let web = &request.web;
    let file = web.todolist().stream_for_user(web.identity().tokens(), &signed_in.key, &call).await;
    file.map_err(|error| downstream::failed("the ToDoList API", request, &signed_in, &error))
}

fn failed(web: &Web, t: Texts, error: &AppError) -> Response {
    if let Some(url) = error.interaction_url() {
        return see_other(url);
    }
    let text = error.text(crate::app::texts::Texts::of(t.language()), Section::Data);
    document::page(web, t, status(error), t.not_fetched_title(), &text, &document::ways_on(t))
}
