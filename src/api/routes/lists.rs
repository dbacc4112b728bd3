//! `/api/todolist/lists`: lists of to-dos, beside the one that everybody has. `GET` answers with all of an owner's, in their
//! order. `POST` with `{name, id?}` adds one, behind the others. `/api/todolist/lists/{id}`: `PUT` with `{name}` renames one,
//! `PATCH` with `{name?, after?}` renames or moves it, `DELETE` removes it with the to-dos in it; undoing that change brings all
//! of them back. With `?seen=`, the number of the last change that the client saw, it is removed only if no to-do in it is newer.
//! Ids, `ETag` and `If-Match` are as those of to-dos.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::body::{self, Json as Body, ListChange, ListDraft, Seen, TodoId};
use crate::api::callers::{Reader, Writer, whose};
use crate::api::problem::Problem;
use crate::api::store::{ListOperation, Outcome, Whose};
use crate::api::texts::Texts;
use crate::identity::bearer::Caller;
use crate::todo::{API_PATH, ListPatch, TodoList};

/// Whose it is that is asked for, when an app calls.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// Whose: an app names the owner. What a user names is not looked at.
    pub(super) owner: Option<String>,
}

/// Shows an owner's lists, in their order; the one that everybody has is none of them.
#[utoipa::path(
    get,
    path = "/api/todolist/lists",
    operation_id = "listLists",
    tag = "lists",
    params(Of),
    responses(
        (status = 200, description = "The lists.", body = Vec<TodoList>),
    ),
    extensions(("x-problems" = json!([]))),
    security(("read" = [])),
)]
pub(super) async fn all(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(of): Query<Of>,
) -> Result<Json<Vec<TodoList>>, Problem> {
    let owner = body::owner(&caller, of.owner.as_deref()).map_err(Problem::bad_request)?;
    Ok(Json(api.0.store.lists(owner).await?))
}

/// Adds a list, behind the others.
#[utoipa::path(
    post,
    path = "/api/todolist/lists",
    operation_id = "addList",
    tag = "lists",
    request_body = ListDraft,
    responses(
        (status = 201, description = "It was added.", body = TodoList, headers(("ETag" = String), ("Todolist-Change" = Option<i64>), ("Location" = String))),
        (status = 200, description = "It was there already: the request came twice.", body = TodoList, headers(("ETag" = String), ("Todolist-Change" = Option<i64>), ("Location" = String))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "id-taken", "too-many-lists", "removed-since"]))),
    security(("write" = [])),
)]
pub(super) async fn add(
    State(api): State<Api>,
    Writer(caller): Writer,
    Body(draft): Body<ListDraft>,
) -> Result<Response, Problem> {
    let name = draft.name()?;
    let owner = draft.owner(&caller)?;
    let id = draft.id()?.unwrap_or_else(|| api.0.store.make_id());
    let (change, outcome) = api.0.store.apply_to_list(owner, &ListOperation::Add { id, name }).await?;
    let status = if matches!(outcome, Outcome::AlreadyThere(_)) { StatusCode::OK } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/{API_PATH}/lists/{id}"))];
    Ok((status, location, answer(change, outcome)?).into_response())
}

/// Shows a list.
#[utoipa::path(
    get,
    path = "/api/todolist/lists/{id}",
    operation_id = "showList",
    tag = "lists",
    params(("id" = Uuid, Path, description = "The id of the list.")),
    responses(
        (status = 200, description = "The list.", body = TodoList, headers(("ETag" = String))),
    ),
    extensions(("x-problems" = json!(["no-such-list"]))),
    security(("read" = [])),
)]
pub(super) async fn show(
    State(api): State<Api>,
    Reader(caller): Reader,
    TodoId(id): TodoId,
) -> Result<Response, Problem> {
    let list = api.0.store.get_list(whose(&caller), id).await?;
    Ok(tagged(&list.ok_or_else(Problem::no_such_list)?).into_response())
}

/// Renames a list.
#[utoipa::path(
    put,
    path = "/api/todolist/lists/{id}",
    operation_id = "replaceList",
    tag = "lists",
    params(("id" = Uuid, Path, description = "The id of the list."), ("If-Match" = Option<String>, Header)),
    request_body = ListDraft,
    responses(
        (status = 200, description = "The list as it is now.", body = TodoList, headers(("ETag" = String), ("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "no-such-list", "stale"]))),
    security(("write" = [])),
)]
pub(super) async fn rename(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
    Body(draft): Body<ListDraft>,
) -> Result<Response, Problem> {
    let patch = ListPatch { name: Some(draft.name()?), after: None };
    perform(&api, &caller, id, &ListOperation::Change { id, patch, seen }).await
}

/// Renames a list, or moves it among the others.
#[utoipa::path(
    patch,
    path = "/api/todolist/lists/{id}",
    operation_id = "changeList",
    tag = "lists",
    params(("id" = Uuid, Path, description = "The id of the list."), ("If-Match" = Option<String>, Header)),
    request_body = ListChange,
    responses(
        (status = 200, description = "The list as it is now.", body = TodoList, headers(("ETag" = String), ("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member", "no-such-list", "no-such-place", "stale"]))),
    security(("write" = [])),
)]
pub(super) async fn change(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
    Body(change): Body<ListChange>,
) -> Result<Response, Problem> {
    let patch = change.patch()?;
    perform(&api, &caller, id, &ListOperation::Change { id, patch, seen }).await
}

/// What the client had seen of the to-dos in it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TodosSeen {
    /// The number of the last change that the client saw: with a newer to-do in it, the list is kept.
    #[param(value_type = Option<i64>)]
    seen: Option<String>,
}

/// Removes a list, with the to-dos in it.
///
/// Undoing that change brings all of them back.
#[utoipa::path(
    delete,
    path = "/api/todolist/lists/{id}",
    operation_id = "removeList",
    tag = "lists",
    params(("id" = Uuid, Path, description = "The id of the list."), ("If-Match" = Option<String>, Header), TodosSeen),
    responses(
        (status = 204, description = "It is gone.", headers(("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["no-such-list", "stale"]))),
    security(("write" = [])),
)]
pub(super) async fn remove(
    State(api): State<Api>,
    Writer(caller): Writer,
    TodoId(id): TodoId,
    Seen(seen): Seen,
    Query(todos): Query<TodosSeen>,
) -> Result<Response, Problem> {
    let todos_seen = todos.seen.as_deref().map(str::parse).transpose();
    let todos_seen = todos_seen.map_err(|_| Problem::bad_request(Texts::seen_malformed))?;
    perform(&api, &caller, id, &ListOperation::Remove { id, seen, todos_seen }).await
}

async fn perform(api: &Api, caller: &Caller, id: Uuid, operation: &ListOperation) -> Result<Response, Problem> {
    let owner = match whose(caller) {
        Whose::Of(owner) => owner.to_owned(),
        Whose::Everyones => {
            let list = api.0.store.get_list(Whose::Everyones, id).await?;
            list.ok_or_else(Problem::no_such_list)?.owner
        }
    };
    let (change, outcome) = api.0.store.apply_to_list(&owner, operation).await?;
    answer(change, outcome)
}

fn tagged(list: &TodoList) -> impl IntoResponse + use<> {
    ([(header::ETAG, list.etag())], Json(list.clone()))
}

/// The list that a change came to; what it did not come to is a problem.
fn answer(change: Option<i64>, outcome: Outcome<TodoList>) -> Result<Response, Problem> {
    match outcome {
        Outcome::Added(list) | Outcome::AlreadyThere(list) | Outcome::Changed(list) => {
            Ok((answer::change_header(change), tagged(&list)).into_response())
        }
        Outcome::Removed => Ok((StatusCode::NO_CONTENT, answer::change_header(change)).into_response()),
        Outcome::Missing | Outcome::NoList | Outcome::Unfit(_) => Err(Problem::no_such_list()),
        Outcome::RemovedSince => Err(Problem::list_removed_since()),
        Outcome::Stale(current) => Err(Problem::stale_list(&current)),
        Outcome::Unplaced => Err(Problem::list_unplaced()),
        Outcome::Taken => Err(Problem::id_taken()),
        Outcome::Full => Err(Problem::too_many_lists()),
    }
}
