//! `GET /api/todolist/{id}`: one to-do. Another owner's does not exist.

use axum::extract::State;
use axum::response::IntoResponse;

use super::answer;
use crate::api::Api;
use crate::api::body::TodoId;
use crate::api::callers::{Reader, whose};
use crate::api::problem::Problem;
use crate::todo::Todo;

/// Shows a to-do.
#[utoipa::path(
    get,
    path = "/api/todolist/{id}",
    operation_id = "showTodo",
    tag = "to-dos",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The to-do.", body = Todo, headers(("ETag" = String))),
    ),
    extensions(("x-problems" = json!(["no-such-todo"]))),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    TodoId(id): TodoId,
) -> Result<impl IntoResponse, Problem> {
    let todo = api.0.store.get(whose(&caller), id).await?;
    Ok(answer::tagged(&todo.ok_or_else(Problem::no_such_todo)?))
}
