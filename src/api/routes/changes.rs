//! `GET /api/todolist/changes?since=&limit=`: which to-dos of one owner changed after a change, for devices that were away;
//! ids and versions, no text. What follows is at `Link`. Without `since`: only the number of the last change.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Reader;
use crate::api::problem::Problem;
use crate::api::store::{Changed, MAX_PAGE};

#[derive(Deserialize)]
pub(super) struct Which {
    since: Option<String>,
    after: Option<String>,
    limit: Option<String>,
    owner: Option<String>,
}

pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let number = |name: &str, text: &Option<String>| {
        let number =
            text.as_deref().map(str::parse::<i64>).transpose().ok().filter(|number| number.is_none_or(|n| n >= 0));
        number.ok_or_else(|| Problem::bad_request(format!("`{name}` is not a number from 0.")))
    };
    let (since, limit) = (number("since", &which.since)?, number("limit", &which.limit)?);
    let limit = if since.is_none() { 0 } else { limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE) };
    let after = which.after.as_deref().map(str::parse::<Uuid>).transpose();
    let after = after.map_err(|_| Problem::bad_request("`after` is not the id of a to-do."))?;
    let changed = api.0.store.changed_since(owner, since.unwrap_or_default(), after, limit).await?;
    let Changed { last, todos, more } = changed.ok_or_else(Problem::forgotten)?;
    let next = todos.last().filter(|_| more).map(|(id, version, _)| {
        let query = [("since", version.to_string()), ("after", id.to_string()), ("limit", limit.to_string())];
        let owner = which.owner.iter().map(|owner| ("owner", owner.clone()));
        answer::next_page("changes", query.into_iter().chain(owner))
    });
    let todos: Vec<Value> =
        todos.iter().map(|(id, version, removed)| json!({"id": id, "version": version, "removed": removed})).collect();
    Ok((next, Json(json!({"last": last, "todos": todos}))).into_response())
}
