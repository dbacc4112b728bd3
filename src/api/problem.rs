//! Everything that goes wrong, as a problem document (RFC 9457): one form for refusals of ours, of axum and of the
//! layers around it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::live::MAX_PER_OWNER as MAX_LISTENERS;
use super::problem_type::ProblemType;
use super::store::{BulkError, MAX_LISTS, MAX_PER_OWNER, MAX_REPEATING, StoreError};
use crate::identity::bearer::AuthRejection;
use crate::platform::serve::Malformed;
use crate::todo::{Todo, TodoList};

/// The longest detail of a fault in what was sent, in characters.
const MAX_DETAIL: usize = 300;

/// What the client saw an older version of, as it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Current {
    Todo(Todo),
    List(TodoList),
}

impl Current {
    fn etag(&self) -> String {
        match self {
            Self::Todo(todo) => todo.etag(),
            Self::List(list) => list.etag(),
        }
    }
}

/// What went wrong, for the client's developer. [`complete`] makes the document of it.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// `None` for what the status says all of.
    kind: Option<ProblemType>,
    detail: String,
    /// Members of the body that are at fault: JSON pointer (RFC 6901) and what to do about it.
    errors: Vec<(String, String)>,
    /// Lines of a file that are at fault, from 1, and why.
    lines: Vec<(usize, String)>,
    /// What the client saw an older version of, as it is.
    current: Option<Box<Current>>,
}

impl Problem {
    /// One of that kind, with `detail`.
    pub(super) fn of(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(kind.status(), detail) }
    }

    /// 400 with `detail`.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::of(ProblemType::InvalidRequest, shortened(detail.into()))
    }

    /// 400 because of one member of the body.
    pub(super) fn member(pointer: impl Into<String>, error: impl Into<String>) -> Self {
        let problem = Self::of(ProblemType::InvalidMember, "A member of the body is not acceptable.");
        Self { errors: vec![(pointer.into(), shortened(error.into()))], ..problem }
    }

    /// 400 because of lines of a file.
    pub(super) fn lines(lines: Vec<(usize, String)>) -> Self {
        let problem = Self::of(ProblemType::InvalidFile, "The file is not acceptable. Nothing was imported.");
        Self { lines: lines.into_iter().map(|(line, detail)| (line, shortened(detail))).collect(), ..problem }
    }

    /// The lines of a file that are at fault.
    #[cfg(test)]
    pub(super) fn bad_lines(&self) -> &[(usize, String)] {
        &self.lines
    }

    /// 404: there is no such to-do, or it is not the caller's, which must look the same.
    pub(super) fn no_such_todo() -> Self {
        Self::of(ProblemType::NoSuchTodo, "There is no to-do of yours with this id.")
    }

    /// 412: the to-do is not as the client saw it any more. Says how it is, so that nobody needs to ask.
    pub(super) fn stale(current: &Todo) -> Self {
        let detail = "The to-do was changed meanwhile. Nothing was done; `current` is how it is now.";
        let current = Some(Box::new(Current::Todo(current.clone())));
        Self { current, ..Self::of(ProblemType::Stale, detail) }
    }

    /// 404: the same, of a list.
    pub(super) fn no_such_list() -> Self {
        Self::of(ProblemType::NoSuchList, "There is no list of yours with this id.")
    }

    /// 412: the same, of a list, or of the to-dos in it.
    pub(super) fn stale_list(current: &TodoList) -> Self {
        let detail =
            "The list was changed meanwhile, or the to-dos in it. Nothing was done; `current` is how it is now.";
        let current = Some(Box::new(Current::List(current.clone())));
        Self { current, ..Self::of(ProblemType::Stale, detail) }
    }

    /// 410: the same, of a list.
    pub(super) fn list_removed_since() -> Self {
        let detail = "The list was added with this id already, and removed since. Nothing was done.";
        Self::of(ProblemType::RemovedSince, detail)
    }

    /// 409: there is no place behind a list that is not there.
    pub(super) fn list_unplaced() -> Self {
        let detail = "There is no list of yours that it could come after. Nothing was done.";
        Self::of(ProblemType::NoSuchPlace, detail)
    }

    /// 409: there are enough of them.
    pub(super) fn too_many_lists() -> Self {
        let detail = format!("There are {MAX_LISTS} lists, and no more are taken. Remove some first.");
        Self::of(ProblemType::TooManyLists, detail)
    }

    /// 409: a to-do cannot be in a list that is not there.
    pub(super) fn no_list() -> Self {
        let detail = "The list that it is to be in is none of yours, or removed. Nothing was done.";
        Self::of(ProblemType::ListMissing, detail)
    }

    /// 410: the to-do was added with this id before, and removed since.
    pub(super) fn removed_since() -> Self {
        Self::of(
            ProblemType::RemovedSince,
            "The to-do was added with this id already, and removed since. Nothing was done.",
        )
    }

    /// 409: somebody else uses the id.
    pub(super) fn id_taken() -> Self {
        Self::of(ProblemType::IdTaken, "This id is in use. Make another one, at random.")
    }

    /// 409: there is no place behind a to-do that is not there.
    pub(super) fn unplaced() -> Self {
        let detail = "The to-do that it is to come after is not in this list. Nothing was done.";
        Self::of(ProblemType::NoSuchPlace, detail)
    }

    /// 409: the list is full.
    pub(super) fn full() -> Self {
        let detail = format!("The list has {MAX_PER_OWNER} to-dos, and takes no more. Remove some first.");
        Self::of(ProblemType::ListFull, detail)
    }

    /// 409: the list became full while a file was imported.
    pub(super) fn full_meanwhile(there: u64, left_out: u64) -> Self {
        let detail = format!(
            "The list became full meanwhile: {there} to-dos of the file are there, and {left_out} are not. Remove some, and \
             send the file again: what is there is left as it is."
        );
        Self::of(ProblemType::ListFull, detail)
    }

    /// 503: enough files are read at the moment.
    pub(super) fn too_many_imports() -> Self {
        let detail = "Other files are being imported at the moment. Nothing was imported; try again soon.";
        Self::of(ProblemType::Unavailable, detail)
    }

    /// 404: no change of the caller's can be undone by this number.
    pub(super) fn no_such_change() -> Self {
        let detail =
            "No change of yours with this number can be undone: there was none, or it was more than a day ago.";
        Self::of(ProblemType::NoSuchChange, detail)
    }

    /// 404: the caller has changed nothing of late.
    pub(super) fn nothing_to_undo() -> Self {
        Self::of(
            ProblemType::NothingToUndo,
            "There is nothing to undo: nothing was changed within a day, or all of it is undone.",
        )
    }

    /// 410: what changed since then is not known any more.
    pub(super) fn forgotten() -> Self {
        Self::of(ProblemType::ChangesForgotten, "What changed since then is not known any more. Fetch the list.")
    }

    /// 403: apps have no list of their own.
    pub(super) fn for_users_only() -> Self {
        let detail = "Events are a user's, of their own list. An app asks what changed: /api/todolist/changes.";
        Self::of(ProblemType::UsersOnly, detail)
    }

    /// 429: the caller calls too often.
    pub(super) fn rate_limited(seconds: i64) -> Self {
        let detail = format!("Too many requests at once. Nothing was done; try again in {seconds} seconds.");
        Self::of(ProblemType::RateLimited, detail)
    }

    /// 429: the caller listens often enough.
    pub(super) fn too_many_listeners() -> Self {
        let detail = format!("Your list has {MAX_LISTENERS} listeners already, and takes no more. End one first.");
        Self::of(ProblemType::TooManyListeners, detail)
    }

    /// 503: everybody together listens often enough.
    pub(super) fn no_room_for_listeners() -> Self {
        let detail = "There are too many listeners at the moment. Try again soon.";
        Self::of(ProblemType::Unavailable, detail)
    }

    /// 404: nothing here is about profiles.
    pub(super) fn no_directory() -> Self {
        Self::of(
            ProblemType::NoDirectory,
            "This API has no directory that it could ask for profiles: [api.downstream_apis.directory] is not configured.",
        )
    }

    /// One that is no more than its status (RFC 9457 §4.2.1), with `detail`.
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into(), errors: Vec::new(), lines: Vec::new(), current: None }
    }

    /// What is said when a layer refused a request with nothing but a status.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => {
                Self::bad_request("The address, its query or the headers of the request are malformed.")
            }
            StatusCode::NOT_FOUND => Self::new(status, "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "This address does not take that method; see the Allow header.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::of(ProblemType::TooLarge, "The body is larger than any that is taken here.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Self::of(ProblemType::Unavailable, "That took too long. Try again in a moment.")
            }
            _ => Self::new(status, "The request could not be answered."),
        }
    }
}

/// What a fault says may repeat what was sent; not all of it.
fn shortened(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL) {
        detail.truncate(end);
        detail.push('…');
    }
    detail
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
        Self::of(ProblemType::Unavailable, detail)
    }
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Store(error) => error.into(),
            BulkError::Full => Self::full(),
            BulkError::TooManyRepeat => {
                let detail =
                    format!("More than {MAX_REPEATING} of them repeat. Nothing was done: mark some at a time.");
                Self::of(ProblemType::TooManyRepeat, detail)
            }
        }
    }
}

impl From<&AuthRejection> for Problem {
    fn from(refusal: &AuthRejection) -> Self {
        let kind = match refusal {
            AuthRejection::NoToken => ProblemType::NoToken,
            AuthRejection::Request(_) => ProblemType::InvalidRequest,
            AuthRejection::Token(_) => ProblemType::InvalidToken,
            AuthRejection::Permission(_) => ProblemType::InsufficientPermission,
            AuthRejection::AuthenticationContext(_) => ProblemType::MoreProofNeeded,
            AuthRejection::Client => ProblemType::ClientNotServed,
            AuthRejection::Interaction(_) => ProblemType::InteractionRequired,
            AuthRejection::Unavailable(_) => ProblemType::Unavailable,
            AuthRejection::Misconfigured(_) => ProblemType::Misconfigured,
        };
        Self::of(kind, refusal.to_string())
    }
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(super) struct Document<'a> {
    /// What kind of problem it is: a URI reference that leads to its explanation; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong with this request, for the client's developer.
    detail: &'a str,
    /// The path of the request.
    instance: &'a str,
    /// The id under which the request is in the log; `X-Request-Id` has it, too.
    request_id: Option<&'a str>,
    /// What of the body is at fault: members, or lines of a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault<'a>>,
    /// The to-do as it is, where the client saw an older one.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<&'a Current>,
}

/// A part of the body that is not acceptable.
#[derive(Serialize, ToSchema)]
struct Fault<'a> {
    /// Which member (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    /// Which line of a file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// What to do about it.
    detail: &'a str,
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
        let detail = malformed.to_string();
        Some(Problem { detail, ..Problem::of_status(status) })
    });
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let member = |(pointer, detail)| Fault { pointer: Some(pointer), line: None, detail };
    let members = problem.errors.iter().map(|(pointer, detail)| member((pointer.as_str(), detail.as_str())));
    let lines = problem.lines.iter().map(|(line, detail)| Fault { pointer: None, line: Some(*line), detail });
    let document = Document {
        kind: problem.kind.map_or_else(|| "about:blank".to_owned(), ProblemType::uri),
        title: problem.kind.map(ProblemType::title).or(status.canonical_reason()).unwrap_or("Error"),
        status: status.as_u16(),
        detail: &problem.detail,
        instance: &instance,
        request_id,
        errors: members.chain(lines).collect(),
        current: problem.current.as_deref(),
    };
    let document = serde_json::to_vec(&document).unwrap_or_default();
    let tag = problem.current.as_ref().and_then(|current| HeaderValue::try_from(current.etag()).ok());
    let headers = response.headers_mut();
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    *response.body_mut() = Body::from(document);
    response
}
