//! `PATCH /api/todolist/{id}` with `{description?, done?, note?, starred?, due?, reminder?, repeat?, list?, steps?, after?}`: changes
//! what is given, and removes what is `null` (RFC 7396; of `due` too a part can be given). `after` moves the to-do: behind the one with that id, or, when
//! `null`, before all others. With `If-Match` only if the to-do is as the client saw it.

use axum::extract::State;
use axum::response::Response;

use super::answer;
use crate::api::Api;
use crate::api::body::{Change, Json, Seen, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::api::store::Operation;
use crate::todo::Todo;

/// Changes what is given of a to-do, and removes what is `null` (RFC 7396).
///
/// Of `due` too a part can be given. `after` moves the to-do in its list.
#[utoipa::path(
    patch,
    path = "/api/todolist/{id}",
    operation_id = "changeTodo",
    tag = "to-dos",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Change,
    responses(
        (status = 200, description = "The to-do as it is now.", body = Todo, headers(("ETag" = String), ("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "list-missing", "no-such-todo", "no-such-place", "stale", "list-full"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
    Json(change): Json<Change>,
) -> Result<Response, Problem> {
    let patch = change.patch()?;
    let owner = api.0.store.owner_of(whose(&caller), id).await?.ok_or_else(Problem::no_such_todo)?;
    let (change, outcome) = answer::one(&api, &owner, Operation::Change { id, patch, seen }).await?;
    answer::todo(change, outcome)
}
