//! `DELETE /api/todolist?done=true&seen=`: removes one owner's to-dos that are done; with the number of the last change
//! that the client saw, those that changed since are left. Without the parameter nothing is
//! removed: a forgotten id must not cost the list.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::Bulk;

#[derive(Deserialize)]
pub(super) struct Which {
    done: Option<String>,
    seen: Option<String>,
    owner: Option<String>,
}

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Query(which): Query<Which>,
) -> Result<impl IntoResponse, Problem> {
    if which.done.as_deref() != Some("true") {
        return Err(Problem::bad_request("Only ?done=true can be removed at once."));
    }
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let seen = which.seen.as_deref().map(str::parse).transpose();
    let seen = seen.map_err(|_| Problem::bad_request("`seen` is not the number of a change."))?;
    let (change, deleted) = api.0.store.apply_to_all(owner, Bulk::ClearCompleted, seen).await?;
    Ok((answer::change_header(change), Json(json!({"deleted": deleted}))))
}
