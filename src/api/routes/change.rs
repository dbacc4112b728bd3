//! `PATCH /api/todolist/{id}` with `{description?, done?}`: changes what is given (RFC 7396).

use axum::extract::State;

use crate::api::Api;
use crate::api::body::{Change, Json, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::todo::Todo;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Json(change): Json<Change>,
) -> Result<axum::Json<Todo>, Problem> {
    let todo = api.0.store.change(whose(&caller), id, &change.patch()?).await?;
    Ok(axum::Json(todo.ok_or_else(Problem::no_such_todo)?))
}
