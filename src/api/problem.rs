//! Everything that goes wrong, as a problem document (RFC 9457): one form for refusals of ours, of axum and of the
//! layers around it. `title` and `detail` are in the language that the request asks for, as far as it is one of ours
//! (§3.1.3, §3.1.4); what clients decide by is the same in all of them.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::detail::{Detail, MAX_FAULT};
use super::live::MAX_PER_OWNER as MAX_LISTENERS;
use super::problem_type::ProblemType;
use super::store::{BulkError, MAX_LISTS, MAX_PER_OWNER, MAX_REPEATING, StoreError};
use super::texts::Texts;
use crate::identity::bearer::AuthRejection;
use crate::platform::serve::Malformed;
use crate::todo::{Todo, TodoList};

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
    detail: Detail,
    /// Members of the body that are at fault: JSON pointer (RFC 6901) and what to do about it.
    errors: Vec<(String, Detail)>,
    /// Lines of a file that are at fault, from 1, and why.
    lines: Vec<(usize, Detail)>,
    /// What the client saw an older version of, as it is.
    current: Option<Box<Current>>,
}

impl Problem {
    /// One of that kind, with `detail`.
    pub(super) fn of(kind: ProblemType, detail: impl Into<Detail>) -> Self {
        Self { kind: Some(kind), ..Self::new(kind.status(), detail) }
    }

    /// 400 with `detail`.
    pub(super) fn bad_request(detail: impl Into<Detail>) -> Self {
        Self::of(ProblemType::InvalidRequest, detail)
    }

    /// 400 because of one member of the body.
    pub(super) fn member(pointer: impl Into<String>, error: impl Into<Detail>) -> Self {
        let problem = Self::of(ProblemType::InvalidMember, Texts::member_refused);
        Self { errors: vec![(pointer.into(), error.into())], ..problem }
    }

    /// 400 because of lines of a file.
    pub(super) fn lines(lines: Vec<(usize, Detail)>) -> Self {
        Self { lines, ..Self::of(ProblemType::InvalidFile, Texts::file_refused) }
    }

    /// The lines of a file that are at fault.
    #[cfg(test)]
    pub(super) fn bad_lines(&self) -> &[(usize, Detail)] {
        &self.lines
    }

    /// 404: there is no such to-do, or it is not the caller's, which must look the same.
    pub(super) fn no_such_todo() -> Self {
        Self::of(ProblemType::NoSuchTodo, Texts::no_such_todo)
    }

    /// 412: the to-do is not as the client saw it any more. Says how it is, so that nobody needs to ask.
    pub(super) fn stale(current: &Todo) -> Self {
        let current = Some(Box::new(Current::Todo(current.clone())));
        Self { current, ..Self::of(ProblemType::Stale, Texts::stale_todo) }
    }

    /// 404: the same, of a list.
    pub(super) fn no_such_list() -> Self {
        Self::of(ProblemType::NoSuchList, Texts::no_such_list)
    }

    /// 412: the same, of a list, or of the to-dos in it.
    pub(super) fn stale_list(current: &TodoList) -> Self {
        let current = Some(Box::new(Current::List(current.clone())));
        Self { current, ..Self::of(ProblemType::Stale, Texts::stale_list) }
    }

    /// 410: the same, of a list.
    pub(super) fn list_removed_since() -> Self {
        Self::of(ProblemType::RemovedSince, Texts::list_removed_since)
    }

    /// 409: there is no place behind a list that is not there.
    pub(super) fn list_unplaced() -> Self {
        Self::of(ProblemType::NoSuchPlace, Texts::list_unplaced)
    }

    /// 409: there are enough of them.
    pub(super) fn too_many_lists() -> Self {
        Self::of(ProblemType::TooManyLists, Detail::new(|t| t.too_many_lists(&MAX_LISTS)))
    }

    /// 409: a to-do cannot be in a list that is not there.
    pub(super) fn no_list() -> Self {
        Self::of(ProblemType::ListMissing, Texts::list_missing)
    }

    /// 410: the to-do was added with this id before, and removed since.
    pub(super) fn removed_since() -> Self {
        Self::of(ProblemType::RemovedSince, Texts::todo_removed_since)
    }

    /// 409: somebody else uses the id.
    pub(super) fn id_taken() -> Self {
        Self::of(ProblemType::IdTaken, Texts::id_taken)
    }

    /// 409: there is no place behind a to-do that is not there.
    pub(super) fn unplaced() -> Self {
        Self::of(ProblemType::NoSuchPlace, Texts::todo_unplaced)
    }

    /// 409: the list is full.
    pub(super) fn full() -> Self {
        Self::of(ProblemType::ListFull, Detail::new(|t| t.list_full(&MAX_PER_OWNER)))
    }

    /// 409: the list became full while a file was imported.
    pub(super) fn full_meanwhile(there: u64, left_out: u64) -> Self {
        Self::of(ProblemType::ListFull, Detail::new(move |t| t.list_full_meanwhile(&there, &left_out)))
    }

    /// 503: enough files are read at the moment.
    pub(super) fn too_many_imports() -> Self {
        Self::of(ProblemType::Unavailable, Texts::too_many_imports)
    }

    /// 404: no change of the caller's can be undone by this number.
    pub(super) fn no_such_change() -> Self {
        Self::of(ProblemType::NoSuchChange, Texts::no_such_change)
    }

    /// 404: the caller has changed nothing of late.
    pub(super) fn nothing_to_undo() -> Self {
        Self::of(ProblemType::NothingToUndo, Texts::nothing_to_undo)
    }

    /// 410: what changed since then is not known any more.
    pub(super) fn forgotten() -> Self {
        Self::of(ProblemType::ChangesForgotten, Texts::changes_forgotten)
    }

    /// 403: apps have no list of their own.
    pub(super) fn for_users_only() -> Self {
        Self::of(ProblemType::UsersOnly, Texts::events_for_users)
    }

    /// 429: the caller calls too often.
    pub(super) fn rate_limited(seconds: i64) -> Self {
        Self::of(ProblemType::RateLimited, Detail::new(move |t| t.rate_limited(&seconds)))
    }

    /// 429: the caller listens often enough.
    pub(super) fn too_many_listeners() -> Self {
        Self::of(ProblemType::TooManyListeners, Detail::new(|t| t.too_many_listeners(&MAX_LISTENERS)))
    }

    /// 503: everybody together listens often enough.
    pub(super) fn no_room_for_listeners() -> Self {
        Self::of(ProblemType::Unavailable, Texts::no_room_for_listeners)
    }

    /// 404: nothing here is about profiles.
    pub(super) fn no_directory() -> Self {
        Self::of(ProblemType::NoDirectory, Texts::no_directory)
    }

    /// One that is no more than its status (RFC 9457 §4.2.1), with `detail`.
    fn new(status: StatusCode, detail: impl Into<Detail>) -> Self {
        Self { status, kind: None, detail: detail.into(), errors: Vec::new(), lines: Vec::new(), current: None }
    }

    /// What is said when a layer refused a request with nothing but a status.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::bad_request(Texts::request_malformed),
            StatusCode::NOT_FOUND => Self::new(status, Texts::not_found),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(status, Texts::method_not_allowed),
            StatusCode::PAYLOAD_TOO_LARGE => Self::of(ProblemType::TooLarge, Texts::body_too_large),
            StatusCode::SERVICE_UNAVAILABLE => Self::of(ProblemType::Unavailable, Texts::took_too_long),
            _ => Self::new(status, Texts::not_answered),
        }
    }

    /// Its kind in a few words; where the status says all of it, the status (RFC 9457 §4.2.1).
    fn title(&self, t: Texts) -> &'static str {
        match (self.kind, self.status) {
            (Some(kind), _) => kind.title(t),
            (None, StatusCode::NOT_FOUND) => t.title_not_found(),
            (None, StatusCode::METHOD_NOT_ALLOWED) => t.title_method_not_allowed(),
            (None, StatusCode::INTERNAL_SERVER_ERROR) => t.title_internal_server_error(),
            (None, _) => t.title_error(),
        }
    }
}

/// What a fault says may repeat what was sent; not all of it.
fn shortened(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(MAX_FAULT) {
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
        Self::of(ProblemType::Unavailable, Texts::store_unavailable)
    }
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Self {
        match error {
            BulkError::Store(error) => error.into(),
            BulkError::Full => Self::full(),
            BulkError::TooManyRepeat => {
                Self::of(ProblemType::TooManyRepeat, Detail::new(|t| t.too_many_repeat(&MAX_REPEATING)))
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
        Self::of(kind, refusal)
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
    /// The kind in a few words, in the language of `Content-Language`.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong with this request, for the client's developer, in the language of `Content-Language`.
    detail: String,
    /// The path of the request.
    instance: &'a str,
    /// The id under which the request is in the log; `X-Request-Id` has it, too.
    request_id: Option<&'a str>,
    /// What of the body is at fault: members, or lines of a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The to-do as it is, where the client saw an older one.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<&'a Current>,
}

/// A part of the body that is not acceptable.
#[derive(Serialize, ToSchema)]
struct Fault {
    /// Which member (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Which line of a file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// What to do about it.
    detail: String,
}

/// The outermost layer: gives every error a problem document with the path and the request's id, whoever refused, in the
/// language that the request asks for.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let t = Texts::asked_for(request.headers());
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let ours = response.extensions().get::<Problem>().cloned();
    let problem = ours.or_else(|| AuthRejection::of(&response).map(Problem::from));
    let problem = problem.or_else(|| {
        let malformed = response.extensions().get::<Malformed>()?;
        Some(Problem { detail: (*malformed).into(), ..Problem::of_status(status) })
    });
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let detail = problem.detail.text(t);
    let fault = |detail: &Detail| shortened(detail.text(t));
    let member = |(pointer, detail): &'_ (String, Detail)| (Some(pointer.clone()), None, fault(detail));
    let line = |(line, detail): &'_ (usize, Detail)| (None, Some(*line), fault(detail));
    let faults = problem.errors.iter().map(member).chain(problem.lines.iter().map(line));
    let document = Document {
        kind: problem.kind.map_or_else(|| "about:blank".to_owned(), ProblemType::uri),
        title: problem.title(t),
        status: status.as_u16(),
        detail: if problem.kind == Some(ProblemType::InvalidRequest) { shortened(detail) } else { detail },
        instance: &instance,
        request_id,
        errors: faults.map(|(pointer, line, detail)| Fault { pointer, line, detail }).collect(),
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
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(t.language().tag()));
    // Beside what else it depends on.
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    *response.body_mut() = Body::from(document);
    response
}
