//! `DELETE /api/todolist?done=true`: removes one owner's to-dos that are done. Without the parameter nothing is
//! removed: a forgotten id must not cost the list.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::api::body;
use crate::api::callers::Writer;
use crate::api::problem::Problem;

#[derive(Deserialize)]
pub(super) struct Which {
    done: Option<String>,
    owner: Option<String>,
}

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    if which.done.as_deref() != Some("true") {
        return Err(Problem::bad_request("Only ?done=true can be removed at once."));
    }
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let deleted = api.0.store.clear_completed(owner).await?;
    Ok(Json(json!({"deleted": deleted})))
}
