//! `POST /api/todolist/changes/{number}/undo`: brings back what a change replaced: the same to-dos with their ids, places
//! and times, as far as nothing changed them since. For a day. Undoing is a change of its own, and can be undone. The answer
//! counts the to-dos, and names of each kind no more than fits into a page of a list; of lists, all are named. To-dos that come
//! back to a list that is removed come back to the one that everybody has.
//!
//! With `latest` in place of the number: what changed last, whichever device did that, and is not undone yet. Asked again and
//! again, it goes back step by step.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer;
use super::lists::Of;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Room, Undoing, Undone};
use crate::api::texts::Texts;
use crate::todo::{Todo, TodoList};

/// What undoing came to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WhatWasUndone<'a> {
    /// The change that was undone.
    undone: i64,
    /// The change that undid it; none where nothing was left to undo.
    change: Option<i64>,
    /// To-dos that are as they were before, but for their version.
    restored: Vec<&'a Todo>,
    /// Ids of those that the change had added, and which are removed now.
    removed: Vec<Uuid>,
    /// Ids of those that were changed since, and are left as they are.
    changed_since: Vec<Uuid>,
    /// What came of the lists.
    lists: UndoneLists,
    /// How many of each there are in all, of the to-dos.
    counts: Counts,
}

/// What undoing came to of lists.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UndoneLists {
    /// Lists that are as they were before, but for their version.
    restored: Vec<TodoList>,
    /// Ids of those that the change had added, and which are removed now.
    removed: Vec<Uuid>,
    /// Ids of those that were changed since, or have to-dos by now, and are left as they are.
    changed_since: Vec<Uuid>,
}

/// How many to-dos undoing was about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Counts {
    restored: usize,
    removed: usize,
    changed_since: usize,
}

/// Undoes a change, for a day after it.
///
/// The same to-dos come back with their ids, places and times, as far as nothing changed them since. Undoing is a change of
/// its own, and can be undone. The answer counts the to-dos, and names of each kind no more than fits into a page.
#[utoipa::path(
    post,
    path = "/api/todolist/changes/{number}/undo",
    operation_id = "undoChange",
    tag = "changes",
    params(("number" = String, Path, description = "The number of the change, as `Todolist-Change` had it; or `latest`: what changed last and is not undone yet.", pattern = "^([0-9]+|latest)$", example = "latest"), Of),
    responses(
        (status = 200, description = "What came back, and what went.", body = WhatWasUndone, headers(("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["no-such-change", "nothing-to-undo", "list-full", "too-many-lists"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Path(number): Path<String>,
    Query(of): Query<Of>,
) -> Result<Response, Problem> {
    let owner = body::owner(&caller, of.owner.as_deref()).map_err(Problem::bad_request)?;
    let number: i64 = match number.as_str() {
        "latest" => api.0.store.last_undoable(owner).await?.ok_or_else(Problem::nothing_to_undo)?,
        number => number.parse().map_err(|_| Problem::bad_request(Texts::address_change))?,
    };
    let Undone { change, restored, removed, changed_since, lists } = match api.0.store.undo(owner, number).await? {
        Undoing::Done(undone) => undone,
        Undoing::Unknown => return Err(Problem::no_such_change()),
        Undoing::Full => return Err(Problem::full()),
        Undoing::TooManyLists => return Err(Problem::too_many_lists()),
    };
    let most = usize::try_from(MAX_PAGE).unwrap_or(usize::MAX);
    let first = |ids: &[Uuid]| ids.iter().take(most).copied().collect::<Vec<_>>();
    let mut room = Room::default();
    let shown: Vec<&Todo> = restored.iter().take(most).take_while(|todo| room.has(todo)).collect();
    let counts = Counts { restored: restored.len(), removed: removed.len(), changed_since: changed_since.len() };
    let (removed, changed_since) = (first(&removed), first(&changed_since));
    let lists = UndoneLists { restored: lists.restored, removed: lists.removed, changed_since: lists.changed_since };
    let body = WhatWasUndone { undone: number, change, restored: shown, removed, changed_since, lists, counts };
    Ok((answer::change_header(change), axum::Json(body)).into_response())
}
