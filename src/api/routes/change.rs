//! `PATCH /api/todolist/{id}` with `{description?, done?, note?, starred?, due?, steps?, after?}`: changes what is given, and removes
//! what is `null` (RFC 7396; of `due` too a part can be given). `after` moves the to-do: behind the one with that id, or, when
//! `null`, before all others. With `If-Match` only if the to-do is as the client saw it.

use axum::extract::State;
use axum::response::Response;

use super::answer;
use crate::api::Api;
use crate::api::body::{Change, Json, Seen, TodoId};
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;
use crate::api::store::Operation;

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
