//! `PUT /api/todolist/{id}` with `{description, done?, note?, starred?, due?, reminder?, repeat?, list?, steps?}`: replaces a to-do;
//! what is absent is gone. Clients of Microsoft's sample know no `done` and send `id` and `owner`: the former then stays as it is, the latter two are
//! never changed. With `If-Match` only if the to-do is as the client saw it.

use axum::extract::State;
use axum::response::Response;

use super::answer;
use crate::api::Api;
use crate::api::body::{Draft, Json, Seen, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::api::store::Operation;
use crate::todo::Todo;

/// Replaces a to-do; what is absent is gone.
///
/// But for `done`: clients of Microsoft's sample do not know it, and it stays as it is. `id` and `owner` are never changed.
#[utoipa::path(
    put,
    path = "/api/todolist/{id}",
    operation_id = "replaceTodo",
    tag = "to-dos",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Draft,
    responses(
        (status = 200, description = "The to-do as it is now.", body = Todo, headers(("ETag" = String), ("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "list-missing", "no-such-todo", "stale", "list-full"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
    Json(draft): Json<Draft>,
) -> Result<Response, Problem> {
    let patch = draft.replacement()?;
    let owner = api.0.store.owner_of(whose(&caller), id).await?.ok_or_else(Problem::no_such_todo)?;
    let (change, outcome) = answer::one(&api, &owner, Operation::Change { id, patch, seen }).await?;
    answer::todo(change, outcome)
}
