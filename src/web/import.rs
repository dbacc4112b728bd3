//! `POST /account/import`: takes a file of to-dos from a form, and sends it on to the API. Which format it is, its name says.
//! With and without scripts, the answer is the account page.

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request as HttpRequest, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tower_sessions::Session;

use super::door::{is_cross_site, set_cookie, status};
use super::flash::Draft;
use super::request::{Request, tag};
use super::state::Web;
use super::texts::Texts;
use super::{document, downstream, flash};
use crate::app;
use crate::app::address::ACCOUNT;
use crate::app::error::AppError;
use crate::app::model::done::Done;
use crate::app::model::flash::Flash;
use crate::app::model::form_draft::{FormDraft, IMPORT as ACTION};
use crate::app::model::reason::{FileFault, Reason};
use crate::identity::downstream::{ApiProblem, Call, CallBody, DownstreamError};
use crate::identity::session::UserSession;
use crate::platform::redirect::see_other;

/// The largest form, in bytes: the largest file that the API takes, and what is around it.
const MAX_BYTES: usize = 32 * 1024 * 1024 + 64 * 1024;
/// The largest form that is heard out to say that it is too large. A browser that is still sending shows no answer.
pub(super) const MAX_HEARD: usize = 8 * MAX_BYTES;
/// How many files are held in memory at a time; who comes then is asked to come again.
static ROOM: Semaphore = Semaphore::const_new(4);
/// The formats: how a file's name ends, the API's name for it, and its media type.
const FORMATS: [(&str, &str, HeaderValue); 4] = [
    (".json", "json", HeaderValue::from_static("application/json")),
    (".ics", "ics", HeaderValue::from_static("text/calendar")),
    (".txt", "todo.txt", HeaderValue::from_static("text/plain")),
    (".csv", "csv", HeaderValue::from_static("text/csv")),
];
/// Of how many lines it is said what is wrong with them.
const MAX_LINES: usize = 5;

/// What the form brings.
#[derive(Default)]
struct Form {
    author: String,
    name: String,
    file: Bytes,
}

/// What the API made of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    imported: u64,
    already_there: u64,
}

/// Takes the form.
pub(super) async fn handle(State(web): State<Web>, request: HttpRequest) -> Response {
    let t = Texts::asked_for(request.headers());
    if is_cross_site(request.headers()) {
        return (StatusCode::FORBIDDEN, t.own_pages_only()).into_response();
    }
    let (mut parts, body) = request.into_parts();
    let Some(session) = parts.extensions.get::<Session>().cloned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    // Whoever has to leave for it comes back to the page that the form is on.
    let form = parts.clone();
    parts.uri = Uri::from_static(ACCOUNT);
    let request = Request { web: web.clone(), parts, session };
    let flash = match take(&request, form, body).await {
        Ok(done) => Flash { done: Some(done), ..Flash::default() },
        Err(error) => {
            if let Some(url) = error.interaction_url() {
                let mut response = see_other(url);
                // A file cannot be kept for them: when they are back, they are told so.
                if let Some(author) = flash::author_of(&web, &request.parts.headers, &[]) {
                    let fields = vec![("file".to_owned(), String::new())];
                    set_cookie(&mut response, &Draft::new(&web, ACTION, fields, author).cookie(&web));
                }
                return response;
            }
            Flash { error: Some(error), ..Flash::default() }
        }
    };
    let form = FormDraft { action: ACTION.to_owned(), fields: Vec::new() };
    let flash = Flash { form, ..flash };
    if flash::put(&request.session, &flash).await.is_ok() {
        return see_other(&format!("{ACCOUNT}#data"));
    }
    let said = app::texts::Texts::of(t.language());
    let (status, title, text) = match flash.done {
        Some(done) => (StatusCode::OK, t.file_read_title(), done.text(said)),
        None => (status(&AppError::Unavailable), t.file_not_imported_title(), flash.problem(said).unwrap_or_default()),
    };
    document::page(&web, t, status, title, &text, &document::ways_on(t))
}

async fn take(request: &Request, parts: Parts, body: Body) -> Result<Done, AppError> {
    let (signed_in, _room) = match admit(request).await {
        Ok(admitted) => admitted,
        Err(error) => {
            let mut chunks = body.into_data_stream();
            while let Some(Ok(_)) = chunks.next().await {}
            return Err(error);
        }
    };
    let form = read(parts, body).await?;
    if !form.author.is_empty() && form.author != tag(&signed_in.key) {
        return Err(AppError::SomebodyElse);
    }
    if form.name.is_empty() {
        return Err(AppError::Invalid(Reason::NoFile));
    }
    let name = form.name.to_lowercase();
    let Some((_, format, media_type)) = FORMATS.into_iter().find(|(end, ..)| name.ends_with(end)) else {
        return Err(AppError::Invalid(Reason::FileName));
    };
    let query = [("format", format)];
    let call = Call {
        method: Some(Method::POST),
        path: &["import"],
        query: &query,
        body: Some(CallBody::File(media_type, form.file)),
        headers: &[downstream::in_language_of(request)],
        scopes: "write",
    };
    let web = &request.web;
    let answer = web.todolist().call_for_user(web.identity().tokens(), &signed_in.key, &call).await;
    let answer = answer.map_err(|error| match &error {
        DownstreamError::Problem(problem) if problem.status == StatusCode::BAD_REQUEST => {
            AppError::Invalid(faults(problem))
        }
        _ => downstream::failed("the ToDoList API", request, &signed_in, &error),
    })?;
    let Imported { imported: added, already_there } = downstream::parse("the ToDoList API", &answer)?;
    Ok(Done::Imported { added, already_there })
}

/// Whether the form is read at all.
async fn admit(request: &Request) -> Result<(UserSession, SemaphorePermit<'static>), AppError> {
    let signed_in = request.require_signed_in().await?;
    let length =
        request.parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(AppError::Invalid(Reason::FileLarge));
    }
    let room = ROOM.try_acquire().map_err(|_| AppError::Invalid(Reason::FileBusy))?;
    Ok((signed_in, room))
}

/// Reads `multipart/form-data` (RFC 7578).
async fn read(parts: Parts, body: Body) -> Result<Form, AppError> {
    let refused = |error: MultipartError| {
        AppError::Invalid(match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Reason::FileLarge,
            _ => Reason::FilePart,
        })
    };
    let mut request = HttpRequest::from_parts(parts, body);
    DefaultBodyLimit::max(MAX_BYTES).apply(&mut request);
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|_| AppError::Invalid(Reason::NoFile))?;
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(refused)? {
        match field.name() {
            Some("author") => form.author = field.text().await.map_err(refused)?,
            Some("file") => {
                field.file_name().unwrap_or_default().clone_into(&mut form.name);
                form.file = field.bytes().await.map_err(refused)?;
            }
            _ => {}
        }
    }
    Ok(form)
}

/// What the API says of the lines of a file.
fn faults(problem: &ApiProblem) -> Reason {
    let faults = problem.document["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fault = |fault: &serde_json::Value| FileFault {
        line: fault["line"].as_u64(),
        detail: fault["detail"].as_str().unwrap_or_default().to_owned(),
    };
    let more = u64::try_from(faults.len().saturating_sub(MAX_LINES)).unwrap_or(u64::MAX);
    Reason::File {
        detail: problem.detail.clone(),
        faults: faults.iter().take(MAX_LINES).map(fault).collect(),
        more,
        language: downstream::language_of(problem),
    }
}
