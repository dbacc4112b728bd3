//! `POST /api/todolist/changes/{number}/undo`: brings back what a change replaced: the same to-dos with their ids, places
//! and times, as far as nothing changed them since. For a day. Undoing is a change of its own, and can be undone. The answer
//! counts the to-dos, and names of each kind no more than fits into a page of a list.
//!
//! With `latest` in place of the number: what changed last, whichever device did that, and is not undone yet. Asked again and
//! again, it goes back step by step.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Room, Undoing, Undone};
use crate::todo::Todo;

/// Whose list it is, when an app calls.
#[derive(Deserialize)]
pub(super) struct Of {
    owner: Option<String>,
}

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Path(number): Path<String>,
    Query(of): Query<Of>,
) -> Result<impl IntoResponse, Problem> {
    let owner = body::owner(&caller, of.owner.as_deref()).map_err(Problem::bad_request)?;
    let number: i64 = match number.as_str() {
        "latest" => api.0.store.last_undoable(owner).await?.ok_or_else(Problem::nothing_to_undo)?,
        number => number.parse().map_err(|_| {
            let detail =
                "The address needs the number of a change, as the Todolist-Change header had it, or \"latest\".";
            Problem::bad_request(detail)
        })?,
    };
    let Undone { change, restored, removed, changed_since } = match api.0.store.undo(owner, number).await? {
        Undoing::Done(undone) => undone,
        Undoing::Unknown => return Err(Problem::no_such_change()),
        Undoing::Full => return Err(Problem::full()),
    };
    let most = usize::try_from(MAX_PAGE).unwrap_or(usize::MAX);
    let first = |ids: &[Uuid]| ids.iter().take(most).copied().collect::<Vec<_>>();
    let mut room = Room::default();
    let shown: Vec<&Todo> = restored.iter().take(most).take_while(|todo| room.has(todo)).collect();
    let body = json!({
        "undone": number,
        "change": change,
        "restored": shown,
        "removed": first(&removed),
        "changedSince": first(&changed_since),
        "counts": {"restored": restored.len(), "removed": removed.len(), "changedSince": changed_since.len()},
    });
    Ok((answer::change_header(change), axum::Json(body)))
}
