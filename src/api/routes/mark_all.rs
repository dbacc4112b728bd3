//! `PATCH /api/todolist` with `{done, seen?, list?}`: marks all of one owner's to-dos, or those in a list; with the number of the last change that the
//! client saw, those that changed since are left as they are.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::api::Api;
use crate::api::body::{Json, Mark};
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::Bulk;
use crate::api::texts::Texts;

/// What was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct Marked {
    /// How many were not so before.
    changed: u64,
}

/// Marks all to-dos of one owner as done, or as not done.
///
/// With the number of the last change that the client saw, those that changed since are left as they are.
#[utoipa::path(
    patch,
    path = "/api/todolist",
    operation_id = "markAll",
    tag = "to-dos",
    request_body = Mark,
    responses(
        (status = 200, description = "How many it changed.", body = Marked, headers(("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "list-full", "too-many-repeat"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(mark): Json<Mark>,
) -> Result<impl IntoResponse, Problem> {
    let owner = mark.owner(&caller)?;
    let done = mark.done.ok_or_else(|| Problem::member("/done", Texts::say_whether_done))?;
    let (change, changed) = api.0.store.apply_to_all(owner, Bulk::Mark { done }, mark.place()?, mark.seen).await?;
    Ok((answer::change_header(change), axum::Json(Marked { changed })))
}
