//! `GET /api/todolist/overview`: what a client begins with, in one request: an owner's lists, and the first page of their to-dos in
//! their order. `Link` (RFC 8288, `rel="next"`) leads to the next one, where there is one; it is a page of `GET /api/todolist`.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::lists::Of;
use crate::api::callers::Reader;
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Page, Wanted, Whose};
use crate::api::{Api, body, cursor};
use crate::todo::{Todo, TodoList};

/// What a client begins with.
#[derive(Serialize, ToSchema)]
pub(super) struct Overview {
    /// The lists, in their order; the one that everybody has is none of them.
    lists: Vec<TodoList>,
    /// The first page of the to-dos, in their order.
    todos: Vec<Todo>,
}

/// Shows an owner's lists, and the first page of their to-dos.
#[utoipa::path(
    get,
    path = "/api/todolist/overview",
    operation_id = "showOverview",
    tag = "a list as a whole",
    params(Of),
    responses(
        (status = 200, description = "Lists and to-dos.", body = Overview, headers(("Link" = Option<String>), ("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!([]))),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(of): Query<Of>,
) -> Result<Response, Problem> {
    let owner = body::owner(&caller, of.owner.as_deref()).map_err(Problem::bad_request)?;
    let wanted = Wanted { limit: MAX_PAGE, ..Wanted::default() };
    // The to-dos first: the list of each is among those that are read after them.
    let Page { todos, next, last_change } = api.0.store.list(Whose::Of(owner), &wanted).await?;
    let lists = api.0.store.lists(owner).await?;
    let next = next.map(|place| {
        let cursor = ("cursor", cursor::write(wanted.order, &place));
        answer::next_page("", [cursor].into_iter().chain(of.owner.clone().map(|owner| ("owner", owner))))
    });
    Ok((next, answer::change_header(last_change), Json(Overview { lists, todos })).into_response())
}
