//! What answers have in common.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::Api;
use crate::api::content;
use crate::api::problem::Problem;
use crate::api::store::{Applied, MAX_PAGE, Operation, Outcome};
use crate::api::texts::Texts;
use crate::todo::{API_PATH, CHANGE, Todo};

/// Does one thing to the to-dos of `owner`.
pub(super) async fn one(api: &Api, owner: &str, operation: Operation) -> Result<(Option<i64>, Outcome), Problem> {
    let Applied { change, outcomes } = api.0.store.apply(owner, &[operation]).await?;
    let outcome = outcomes.into_iter().next().unwrap_or(Outcome::Missing);
    Ok((change, outcome))
}

/// The header that says which change an answer came of.
pub(super) fn change_header(change: Option<i64>) -> AppendHeaders<Option<(HeaderName, HeaderValue)>> {
    AppendHeaders(change.map(|number| (HeaderName::from_static(CHANGE), HeaderValue::from(number))))
}

/// Where the page after this one is (RFC 8288), of what is at `path` below the list.
pub(super) fn next_page<'q>(
    path: &str,
    query: impl Iterator<Item = (&'q str, String)>,
) -> AppendHeaders<Option<(HeaderName, HeaderValue)>> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let separator = if path.is_empty() { "" } else { "/" };
    let link = HeaderValue::try_from(format!("</{API_PATH}{separator}{path}?{query}>; rel=\"next\""));
    AppendHeaders(link.ok().map(|link| (header::LINK, link)))
}

/// How many a page has at most: between 1 and [`MAX_PAGE`]; smaller and larger numbers become the nearest of these.
pub(super) fn limit(text: Option<&str>) -> Result<i64, Problem> {
    let Some(text) = text else { return Ok(MAX_PAGE) };
    let number: i64 = text.parse().map_err(|_| Problem::bad_request(Texts::limit_malformed))?;
    Ok(number.clamp(1, MAX_PAGE))
}

/// A to-do with its entity tag.
pub(super) fn tagged(todo: &Todo) -> impl IntoResponse + use<> {
    ([(header::ETAG, todo.etag())], axum::Json(todo.clone()))
}

/// A to-do or a list that changed.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangedItem)]
pub(super) struct Changed {
    /// Which one.
    id: Uuid,
    /// The change that it is of.
    version: i64,
    /// Whether it was removed.
    removed: bool,
}

/// What changed: ids and versions.
pub(super) fn changed(changed: &[(Uuid, i64, bool)]) -> Vec<Changed> {
    changed.iter().map(|&(id, version, removed)| Changed { id, version, removed }).collect()
}

/// The to-do that a change came to; what it did not come to is a problem.
pub(super) fn todo(change: Option<i64>, outcome: Outcome) -> Result<Response, Problem> {
    match outcome {
        Outcome::Added(todo) | Outcome::AlreadyThere(todo) | Outcome::Changed(todo) => {
            Ok((change_header(change), tagged(&todo)).into_response())
        }
        Outcome::Removed => Ok((StatusCode::NO_CONTENT, change_header(change)).into_response()),
        Outcome::Missing => Err(Problem::no_such_todo()),
        Outcome::RemovedSince => Err(Problem::removed_since()),
        Outcome::Stale(current) => Err(Problem::stale(&current)),
        Outcome::Unfit(error) => Err(content::unfit("", error)),
        Outcome::NoList => Err(Problem::no_list()),
        Outcome::Unplaced => Err(Problem::unplaced()),
        Outcome::Taken => Err(Problem::id_taken()),
        Outcome::Full => Err(Problem::full()),
    }
}
