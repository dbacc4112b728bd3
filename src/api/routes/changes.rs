//! `GET /api/todolist/changes?since=&limit=`: which to-dos of one owner changed after a change, for devices that were away;
//! ids and versions, no text. What follows is at `Link`. `lists`, where some changed, is on the first page. Without `since`: only the number of the last change.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answer::{self, Changed};
use crate::api::Api;
use crate::api::body;
use crate::api::callers::Reader;
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::store::{self, MAX_PAGE};
use crate::api::texts::Texts;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The number of a change.
    #[param(value_type = Option<i64>, minimum = 0)]
    since: Option<String>,
    /// The id of a to-do of that change, behind which the page begins.
    #[param(value_type = Option<Uuid>)]
    after: Option<String>,
    /// How many at most, 1 to 1000; what is beyond becomes the nearest of these.
    #[param(value_type = Option<i64>, minimum = 0)]
    limit: Option<String>,
    /// Whose to-dos: an app names the owner. What a user names is not looked at.
    owner: Option<String>,
}

/// What changed.
#[derive(Serialize, ToSchema)]
pub(super) struct Changes {
    /// The number of the last change of all.
    last: i64,
    /// Which to-dos.
    todos: Vec<Changed>,
    /// Which lists, where some changed: all of them, on the first page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lists: Vec<Changed>,
}

/// Says which to-dos of one owner changed after a change, for devices that were away.
///
/// Ids and versions, no text. Without `since`, only the number of the last change.
#[utoipa::path(
    get,
    path = "/api/todolist/changes",
    operation_id = "listChanges",
    tag = "changes",
    params(Which),
    responses(
        (status = 200, description = "What changed, in the order of the changes.", body = Changes, headers(("Link" = Option<String>))),
    ),
    extensions(("x-problems" = json!(["changes-forgotten"]))),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let number = |name: &'static str, text: &Option<String>| {
        let number =
            text.as_deref().map(str::parse::<i64>).transpose().ok().filter(|number| number.is_none_or(|n| n >= 0));
        number.ok_or_else(|| Problem::bad_request(Detail::new(move |t| t.number_malformed(&name))))
    };
    let (since, limit) = (number("since", &which.since)?, number("limit", &which.limit)?);
    let limit = if since.is_none() { 0 } else { limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE) };
    let after = which.after.as_deref().map(str::parse::<Uuid>).transpose();
    let after = after.map_err(|_| Problem::bad_request(Texts::after_malformed))?;
    let changed = api.0.store.changed_since(owner, since.unwrap_or_default(), after, limit).await?;
    let store::Changed { last, todos, more, lists } = changed.ok_or_else(Problem::forgotten)?;
    let next = todos.last().filter(|_| more).map(|(id, version, _)| {
        let query = [("since", version.to_string()), ("after", id.to_string()), ("limit", limit.to_string())];
        let owner = which.owner.iter().map(|owner| ("owner", owner.clone()));
        answer::next_page("changes", query.into_iter().chain(owner))
    });
    let (todos, lists) = (answer::changed(&todos), answer::changed(&lists));
    Ok((next, Json(Changes { last, todos, lists })).into_response())
}
