//! Everything that goes wrong, as a problem document (RFC 9457): one form for refusals of ours, of axum and of the
//! layers around it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::live::MAX_PER_OWNER as MAX_LISTENERS;
use super::store::{MAX_PER_OWNER, StoreError};
use crate::identity::bearer::AuthRejection;
use crate::platform::serve::Malformed;
use crate::todo::Todo;

/// What went wrong, for the client's developer. [`complete`] makes the document of it.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// Members of the body that are at fault: JSON pointer (RFC 6901) and what to do about it.
    errors: Vec<(String, String)>,
    /// The to-do as it is, where the client saw an older one.
    current: Option<Box<Todo>>,
}

impl Problem {
    /// 400 with `detail`.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 400 because of one member of the body.
    pub(super) fn member(pointer: impl Into<String>, error: impl Into<String>) -> Self {
        let problem = Self::bad_request("A member of the body is not acceptable.");
        Self { errors: vec![(pointer.into(), error.into())], ..problem }
    }

    /// 404: there is no such to-do, or it is not the caller's, which must look the same.
    pub(super) fn no_such_todo() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no to-do of yours with this id.")
    }

    /// 412: the to-do is not as the client saw it any more. Says how it is, so that nobody needs to ask.
    pub(super) fn stale(current: Todo) -> Self {
        let detail = "The to-do was changed meanwhile. Nothing was done; `current` is how it is now.";
        Self { current: Some(Box::new(current)), ..Self::new(StatusCode::PRECONDITION_FAILED, detail) }
    }

    /// 410: the to-do was added with this id before, and removed since.
    pub(super) fn removed_since() -> Self {
        Self::new(StatusCode::GONE, "The to-do was added with this id already, and removed since. Nothing was done.")
    }

    /// 409: somebody else uses the id.
    pub(super) fn id_taken() -> Self {
        Self::new(StatusCode::CONFLICT, "This id is in use. Make another one, at random.")
    }

    /// 409: there is no place behind a to-do that is not there.
    pub(super) fn unplaced() -> Self {
        let detail = "The to-do that it is to come after is not in this list. Nothing was done.";
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 409: the list is full.
    pub(super) fn full() -> Self {
        let detail = format!("The list has {MAX_PER_OWNER} to-dos, and takes no more. Remove some first.");
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 404: no change of the caller's can be undone by this number.
    pub(super) fn no_such_change() -> Self {
        let detail =
            "No change of yours with this number can be undone: there was none, or it was more than a day ago.";
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 404: the caller has changed nothing of late.
    pub(super) fn nothing_to_undo() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is nothing to undo: nothing was changed within a day, or all of it is undone.",
        )
    }

    /// 410: what changed since then is not known any more.
    pub(super) fn forgotten() -> Self {
        Self::new(StatusCode::GONE, "What changed since then is not known any more. Fetch the list.")
    }

    /// 403: apps have no list of their own.
    pub(super) fn for_users_only() -> Self {
        let detail = "Events are a user's, of their own list. An app asks what changed: /api/todolist/changes.";
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 429: the caller listens often enough.
    pub(super) fn too_many_listeners() -> Self {
        let detail = format!("Your list has {MAX_LISTENERS} listeners already, and takes no more. End one first.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
    }

    /// 503: everybody together listens often enough.
    pub(super) fn no_room_for_listeners() -> Self {
        let detail = "There are too many listeners at the moment. Try again soon.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// 404: nothing here is about profiles.
    pub(super) fn no_directory() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "This API has no directory that it could ask for profiles: [api.downstream_apis.directory] is not configured.",
        )
    }

    /// Any other status with `detail`.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), current: None }
    }

    /// What is said when a layer refused a request with nothing but a status.
    fn of_status(status: StatusCode) -> Self {
        Self::new(
            status,
            match status {
                StatusCode::BAD_REQUEST => "The address, its query or the headers of the request are malformed.",
                StatusCode::NOT_FOUND => "There is nothing at this address.",
                StatusCode::METHOD_NOT_ALLOWED => "This address does not take that method; see the Allow header.",
                StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than 256 KiB.",
                StatusCode::SERVICE_UNAVAILABLE => "That took too long. Try again in a moment.",
                _ => "The request could not be answered.",
            },
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let retry_after = match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some("1"),
            StatusCode::TOO_MANY_REQUESTS => Some("30"),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    /// The client learns that it can try again, the log why.
    fn from(error: StoreError) -> Self {
        tracing::error!(error = error.explain(), "the to-dos cannot be read or written");
        let detail = "The to-dos cannot be read or written at the moment. Try again soon.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }
}

impl From<&AuthRejection> for Problem {
    fn from(refusal: &AuthRejection) -> Self {
        Self::new(refusal.status(), refusal.to_string())
    }
}

/// The outermost layer: gives every error a problem document with the path and the request's id, whoever refused.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let ours = response.extensions().get::<Problem>().cloned();
    let problem = ours.or_else(|| AuthRejection::of(&response).map(Problem::from));
    let problem = problem.or_else(|| {
        let malformed = response.extensions().get::<Malformed>()?;
        Some(Problem::new(status, malformed.to_string()))
    });
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let mut document = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": problem.detail,
        "instance": instance,
        "requestId": request_id,
    });
    if !problem.errors.is_empty() {
        let errors = problem.errors.iter().map(|(pointer, detail)| json!({"pointer": pointer, "detail": detail}));
        document["errors"] = errors.collect();
    }
    let mut tag = None;
    if let Some(current) = &problem.current {
        tag = HeaderValue::try_from(current.etag()).ok();
        document["current"] = json!(current);
    }
    let headers = response.headers_mut();
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    *response.body_mut() = Body::from(document.to_string());
    response
}
