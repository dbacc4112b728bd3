//! `PATCH /api/todolist` with `{done}`: marks all of one owner's to-dos.

use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Api;
use crate::api::body::{Json, Mark};
use crate::api::callers::Writer;
use crate::api::problem::Problem;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(mark): Json<Mark>,
) -> Result<axum::Json<Value>, Problem> {
    let owner = mark.owner(&caller)?;
    let done = mark.done.ok_or_else(|| Problem::member("/done", "Say whether they are done: true or false."))?;
    let changed = api.0.store.mark_all(owner, done).await?;
    Ok(axum::Json(json!({"changed": changed})))
}
