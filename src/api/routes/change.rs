//! `PATCH /api/todolist/{id}` with `{description?, done?}`: changes what is given (RFC 7396).

use axum::extract::State;

use crate::api::Api;
use crate::api::body::{Change, Json, TodoId};
use crate::api::permissions::{Writer, whose};
use crate::api::problem::Problem;
use crate::todo::Todo;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Json(change): Json<Change>,
) -> Result<axum::Json<Todo>, Problem> {
    let description = change.description()?;
    if description.is_none() && change.done.is_none() {
        return Err(Problem::bad_request("Nothing is to be changed: give description, done or both."));
    }
    let todo = api.0.store.change(whose(&caller), id, description.as_ref(), change.done).await?;
    Ok(axum::Json(todo.ok_or_else(Problem::no_such_todo)?))
}
