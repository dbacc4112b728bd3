//! `PUT /api/todolist/{id}` with `{description, done?}`: replaces a to-do. Clients of Microsoft's sample know no `done`
//! and send `id` and `owner`: the former then stays as it is, the latter two are never changed.

use axum::extract::State;

use crate::api::Api;
use crate::api::body::{Draft, Json, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::todo::Todo;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Json(draft): Json<Draft>,
) -> Result<axum::Json<Todo>, Problem> {
    let todo = api.0.store.change(whose(&caller), id, &draft.replacement()?).await?;
    Ok(axum::Json(todo.ok_or_else(Problem::no_such_todo)?))
}
