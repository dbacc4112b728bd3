//! `DELETE /api/todolist?everything=true`: deletes all there is of a list, for good.
//! `DELETE /api/todolist?done=true&seen=&list=`: removes one owner's to-dos that are done, or those of them in a list; with the
//! number of the last change that the client saw, those that changed since are left. Without the parameter nothing is removed:
//! a forgotten id must not cost the list.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::Bulk;
use crate::api::texts::Texts;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `true`: those that are done.
    #[param(pattern = "^true$", example = "true")]
    done: Option<String>,
    /// `true`, in place of `done`: all there is of the list, with what is kept for undoing. This cannot be undone.
    #[param(pattern = "^true$")]
    everything: Option<String>,
    /// The number of the last change that the client saw: what changed since is left.
    #[param(value_type = Option<i64>)]
    seen: Option<String>,
    /// Of which list: its id, or `default` for the one that everybody has; of all when absent.
    list: Option<String>,
    /// Whose to-dos: an app names the owner. What a user names is not looked at.
    owner: Option<String>,
}

/// What was removed.
#[derive(Serialize, ToSchema)]
pub(super) struct Cleared {
    /// How many.
    deleted: u64,
}

/// Removes the to-dos of one owner that are done; or deletes all there is, for good.
///
/// Without `done=true` or `everything=true` nothing is removed: a forgotten id must not cost the list.
#[utoipa::path(
    delete,
    path = "/api/todolist",
    operation_id = "clearCompleted",
    tag = "to-dos",
    params(Which),
    responses(
        (status = 204, description = "Everything is deleted."),
        (status = 200, description = "How many it removed.", body = Cleared, headers(("Todolist-Change" = Option<i64>))),
    ),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let is_true = |parameter: &Option<String>| parameter.as_deref() == Some("true");
    if which.everything.is_some() && which.done.is_none() && which.seen.is_none() && which.list.is_none() {
        if !is_true(&which.everything) {
            return Err(Problem::bad_request(Texts::everything_not_true));
        }
        let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
        api.0.store.erase(owner).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if !is_true(&which.done) || which.everything.is_some() {
        return Err(Problem::bad_request(Texts::only_done));
    }
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let seen = which.seen.as_deref().map(str::parse).transpose();
    let seen = seen.map_err(|_| Problem::bad_request(Texts::seen_malformed))?;
    let place = body::list(which.list.as_deref());
    let place = place.map_err(|detail| Problem::bad_request(detail.at("`list`")))?;
    let (change, deleted) = api.0.store.apply_to_all(owner, Bulk::ClearCompleted, place, seen).await?;
    Ok((answer::change_header(change), Json(Cleared { deleted })).into_response())
}
