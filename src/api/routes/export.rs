//! `GET /api/todolist/export?format=`: all of a list as a file, in the order of the list. It is sent as it is read, page by
//! page.

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::callers::Reader;
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Page, Start, Store, StoreError, Wanted, Whose};
use crate::api::transfer::{Format, Whole};
use crate::api::{Api, body};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `json` has all there is; `ics` is iCalendar, `todo.txt` one line for each to-do, `csv` a table.
    #[param(required = true, value_type = String, pattern = "^(json|ics|todo\\.txt|csv)$", example = "json")]
    format: Option<String>,
    /// Whose to-dos: an app names the owner. What a user names is not looked at.
    owner: Option<String>,
}

/// The format that was asked for.
pub(super) fn format(asked: Option<&str>) -> Result<Format, Problem> {
    asked.and_then(Format::named).ok_or_else(|| {
        let names = Format::ALL.map(Format::name).join(", ");
        Problem::bad_request(Detail::new(move |t| t.format_unknown(&names)))
    })
}

/// All of one owner's to-dos, as a file.
///
/// In the order of the list. `json` has all there is, lists included, and brings it back; the others have what their format knows.
#[utoipa::path(
    get,
    path = "/api/todolist/export",
    operation_id = "exportList",
    tag = "a list as a whole",
    params(Which),
    responses((
        status = 200,
        description = "The file.",
        content((Whole = "application/json"), (String = "text/calendar"), (String = "text/plain"), (String = "text/csv")),
        headers(("Content-Disposition" = String)),
    )),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let format = format(which.format.as_deref())?;
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?.to_owned();
    let store = api.0.store.clone();
    // Before anything is sent, so that what goes wrong here is a problem.
    let head = format.head(&store.lists(&owner).await?).map_err(|error| {
        tracing::error!(%error, "a list cannot be exported");
        Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    let first = page(&store, &owner, Start::Beginning).await?;
    let reading = Some((store, owner, Some(first), Some(head)));
    let chunks = stream::try_unfold(reading, move |reading| async move {
        let Some((store, owner, page, head)) = reading else { return Ok(None) };
        let Some(Page { todos, next, .. }) = page else { return Ok(None) };
        let is_first = head.is_some();
        let mut text = head.unwrap_or_default();
        for (number, todo) in todos.iter().enumerate() {
            text += &format.write(todo, is_first && number == 0).map_err(|error| {
                tracing::error!(%error, id = %todo.id, "an export ends early");
                std::io::Error::other(error)
            })?;
        }
        let Some(place) = next else {
            text += format.tail();
            return Ok(Some((Bytes::from(text), None)));
        };
        let page = self::page(&store, &owner, Start::At(place)).await.map_err(|error| {
            tracing::error!(error = error.explain(), "an export ends early: the to-dos cannot be read");
            std::io::Error::other("the to-dos cannot be read")
        })?;
        Ok::<_, std::io::Error>(Some((Bytes::from(text), Some((store, owner, Some(page), None)))))
    });
    let charset = if format == Format::Json { "" } else { "; charset=utf-8" };
    let headers = [
        (header::CONTENT_TYPE, format!("{}{charset}", format.media_type())),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", format.file_name())),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn page(store: &Store, owner: &str, start: Start) -> Result<Page, StoreError> {
    store.list(Whose::Of(owner), &Wanted { start, limit: MAX_PAGE, ..Wanted::default() }).await
}
