//! `PATCH /api/todolist` with `{done, seen?}`: marks all of one owner's to-dos; with the number of the last change that the
//! client saw, those that changed since are left as they are.

use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::json;

use super::answer;
use crate::api::Api;
use crate::api::body::{Json, Mark};
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::Bulk;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(mark): Json<Mark>,
) -> Result<impl IntoResponse, Problem> {
    let owner = mark.owner(&caller)?;
    let done = mark.done.ok_or_else(|| Problem::member("/done", "Say whether they are done: true or false."))?;
    let (change, changed) = api.0.store.apply_to_all(owner, Bulk::Mark { done }, mark.seen).await?;
    Ok((answer::change_header(change), axum::Json(json!({"changed": changed}))))
}
