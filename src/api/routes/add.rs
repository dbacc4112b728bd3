//! `POST /api/todolist` with `{description, done?, note?, starred?, due?, reminder?, repeat?, list?, steps?, id?}`: adds a to-do. The
//! owner is the user; an app names one. With an id of the client's own it can be sent again when the answer was lost: it is
//! added once.
//!
//! `due` is a day, `{"date": "2026-12-01"}`, or a moment, `{"date": "2026-12-01", "time": "09:00", "timeZone":
//! "Europe/Madrid"}`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answer;
use crate::api::Api;
use crate::api::body::{Draft, Json};
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::{Operation, Outcome};
use crate::todo::{API_PATH, Todo};

/// Adds a to-do.
///
/// With an id of the client's own it can be sent again when the answer was lost: it is added once. The owner is the user;
/// an app names one. One that is added as done does not repeat: its rule is left out.
#[utoipa::path(
    post,
    path = "/api/todolist",
    operation_id = "addTodo",
    tag = "to-dos",
    request_body = Draft,
    responses(
        (status = 201, description = "It was added.", body = Todo, headers(("ETag" = String), ("Todolist-Change" = Option<i64>), ("Location" = String))),
        (status = 200, description = "It was there already: the request came twice.", body = Todo, headers(("ETag" = String), ("Todolist-Change" = Option<i64>), ("Location" = String))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "list-missing", "id-taken", "list-full", "removed-since"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(draft): Json<Draft>,
) -> Result<Response, Problem> {
    let new = draft.new_todo()?;
    let owner = draft.owner(&caller)?;
    let id = draft.id()?.unwrap_or_else(|| api.0.store.make_id());
    let (change, outcome) = answer::one(&api, owner, Operation::Add { id, new }).await?;
    let status = if matches!(outcome, Outcome::AlreadyThere(_)) { StatusCode::OK } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/{API_PATH}/{id}"))];
    Ok((status, location, answer::todo(change, outcome)?).into_response())
}
