//! `POST /api/todolist/batch` with `{changes: [{op: "add", id, description, …}, {op: "change", id, version?, …}, {op: "remove",
//! id, version?}]}`, where … is what [`add`](super::add) and [`change`](super::change) take: several things in one change,
//! which is undone as one. Each is answered in its place: what is not as the client saw it (`version`) is left as it is, and
//! the rest is done. `todo`, how it is now, is left out where the answer would become too large.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::body::{self, Json, Members};
use crate::api::callers::Writer;
use crate::api::content::{Content, Given};
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::store::{Applied, Operation, Outcome, Room};
use crate::api::texts::Texts;
use crate::todo::Todo;

/// How many things may be asked for at once.
const MAX_CHANGES: usize = 1000;

/// Several things to do in one change.
#[derive(Deserialize, ToSchema)]
pub(super) struct Batch {
    /// What to do, in this order.
    #[schema(min_items = 1, max_items = 1000)]
    changes: Vec<Item>,
    /// Whose list, where an app calls.
    owner: Option<String>,
}

impl Members for Batch {
    const MEMBERS: &[&str] = &["changes", "owner"];
    const MAX_BYTES: usize = 256 * 1024;

    fn check(members: &Map<String, Value>) -> Result<(), Problem> {
        if let Some((pointer, detail)) = body::unknown(members, Self::MEMBERS, Self::CONTENT) {
            return Err(Problem::member(pointer, detail));
        }
        let items = members.get("changes").and_then(Value::as_array).into_iter().flatten();
        for (position, item) in items.enumerate() {
            let Some(item) = item.as_object() else { continue };
            let [own, content] = Item::members(item.get("op").and_then(Value::as_str).unwrap_or_default());
            if let Some((pointer, detail)) = body::unknown(item, own, content) {
                return Err(Problem::bad_request(detail.at(format!("/changes/{position}{pointer}"))));
            }
        }
        Ok(())
    }
}

/// One of them.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Item {
    Add {
        id: Uuid,
        #[serde(flatten)]
        content: Content,
    },
    Change {
        id: Uuid,
        version: Option<i64>,
        #[serde(default)]
        #[schema(value_type = Option<Uuid>)]
        after: Given<String>,
        #[serde(flatten)]
        content: Content,
    },
    Remove {
        id: Uuid,
        version: Option<i64>,
    },
}

impl Item {
    /// What one may have, by its `op`.
    fn members(op: &str) -> [&'static [&'static str]; 2] {
        match op {
            "add" => [&["op", "id"], Content::MEMBERS],
            "change" => [&["op", "id", "version", "after"], Content::MEMBERS],
            _ => [&["op", "id", "version"], &[]],
        }
    }

    fn operation(&self, position: usize) -> Result<Operation, Problem> {
        let at = format!("/changes/{position}");
        Ok(match self {
            Self::Add { id, .. } if id.is_nil() => {
                return Err(Problem::member(format!("{at}/id"), Texts::batch_id));
            }
            Self::Add { id, content } => Operation::Add { id: *id, new: content.new_todo(&at)? },
            Self::Change { id, version, after, content } => {
                Operation::Change { id: *id, patch: content.patch_and_place(after, &at)?, seen: *version }
            }
            Self::Remove { id, version } => Operation::Remove { id: *id, seen: *version },
        })
    }

    fn id(&self) -> Uuid {
        match self {
            Self::Add { id, .. } | Self::Change { id, .. } | Self::Remove { id, .. } => *id,
        }
    }
}

/// What came of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct Results {
    /// The number of the change; none where nothing was changed.
    change: Option<i64>,
    /// What came of each, in the order in which they were asked for.
    results: Vec<ItemResult>,
}

/// What came of one of them.
#[derive(Serialize, ToSchema)]
struct ItemResult {
    /// Which to-do.
    id: Uuid,
    /// The status that it would have had alone.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// How it is now; left out where the answer would become too large.
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<Todo>,
}

/// Adds, changes and removes several to-dos in one change, which is undone as one.
///
/// Each is answered in its place: what is not as the client saw it (`version`) is left as it is, and the rest is done.
#[utoipa::path(
    post,
    path = "/api/todolist/batch",
    operation_id = "batch",
    tag = "to-dos",
    request_body = Batch,
    responses(
        (status = 200, description = "What came of each.", body = Results, headers(("Todolist-Change" = Option<i64>))),
    ),
    extensions(("x-problems" = json!(["invalid-member"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(batch): Json<Batch>,
) -> Result<impl IntoResponse, Problem> {
    let owner = body::owner(&caller, batch.owner.as_deref()).map_err(|detail| Problem::member("/owner", detail))?;
    if batch.changes.is_empty() || batch.changes.len() > MAX_CHANGES {
        return Err(Problem::member("/changes", Detail::new(|t| t.batch_size(&MAX_CHANGES))));
    }
    let operations = batch.changes.iter().enumerate().map(|(position, item)| item.operation(position));
    let operations = operations.collect::<Result<Vec<_>, _>>()?;
    let Applied { change, outcomes } = api.0.store.apply(owner, &operations).await?;
    let mut room = Room::default();
    let results = batch.changes.iter().zip(outcomes).map(|(item, outcome)| result(item.id(), outcome, &mut room));
    let results = results.collect();
    Ok((answer::change_header(change), axum::Json(Results { change, results })))
}

/// What came of one of them, with the status that it would have had alone.
fn result(id: Uuid, outcome: Outcome, room: &mut Room) -> ItemResult {
    let (status, todo) = match outcome {
        Outcome::Added(todo) => (StatusCode::CREATED, Some(todo)),
        Outcome::AlreadyThere(todo) | Outcome::Changed(todo) => (StatusCode::OK, Some(todo)),
        Outcome::Removed => (StatusCode::NO_CONTENT, None),
        Outcome::Missing => (StatusCode::NOT_FOUND, None),
        Outcome::RemovedSince => (StatusCode::GONE, None),
        Outcome::Stale(todo) => (StatusCode::PRECONDITION_FAILED, Some(todo)),
        Outcome::Unfit(_) => (StatusCode::BAD_REQUEST, None),
        Outcome::NoList | Outcome::Unplaced | Outcome::Taken | Outcome::Full => (StatusCode::CONFLICT, None),
    };
    ItemResult { id, status: status.as_u16(), todo: todo.filter(|todo| room.has(todo)) }
}
