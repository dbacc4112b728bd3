//! `DELETE /api/todolist/{id}`: removes a to-do. With `If-Match` only if it is as the client saw it. For a day it can be
//! brought back: [`undo`](super::undo).

use axum::extract::State;
use axum::response::Response;

use super::answer;
use crate::api::Api;
use crate::api::body::{Seen, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::api::store::Operation;

/// Removes a to-do.
///
/// For a day it can be brought back, by undoing the change that removed it.
#[utoipa::path(
    delete,
    path = "/api/todolist/{id}",
    operation_id = "removeTodo",
    tag = "to-dos",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 204, description = "It is gone.", headers(("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["no-such-todo", "stale"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let owner = api.0.store.owner_of(whose(&caller), id).await?.ok_or_else(Problem::no_such_todo)?;
    let (change, outcome) = answer::one(&api, &owner, Operation::Remove { id, seen }).await?;
    answer::todo(change, outcome)
}
