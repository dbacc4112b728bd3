//! `DELETE /api/todolist/{id}`: removes a to-do.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::Api;
use crate::api::body::TodoId;
use crate::api::callers::{Writer, whose};
use crate::api::problem::Problem;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
) -> Result<StatusCode, Problem> {
    if api.0.store.remove(whose(&caller), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_such_todo())
    }
}
