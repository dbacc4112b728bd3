//! `POST /api/todolist/import?format=`: adds the to-dos of a file behind all others, in its order. A file of which a line is
//! not acceptable brings nothing; each line is named. What is there already is left as it is, so that a file can be sent again.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Query, Request, State};
use axum::http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::export::format;
use crate::api::callers::Writer;
use crate::api::derived_id::derived_id;
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::problem_type::ProblemType;
use crate::api::store::{Brought, BroughtList, Import, Unfit};
use crate::api::texts::Texts;
use crate::api::transfer::{ListEntry, Whole};
use crate::api::{Api, body};
use crate::platform::hash;

/// The largest file, in bytes.
pub(super) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How long a file waits for its turn to be read.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// As for the export.
    #[param(required = true, value_type = String, pattern = "^(json|ics|todo\\.txt|csv)$", example = "json")]
    format: Option<String>,
    /// Whose list: an app names the owner. What a user names is not looked at.
    owner: Option<String>,
}

/// What came of a file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Imported {
    /// How many to-dos are there now that were not before.
    #[serde(rename = "imported")]
    added: u64,
    /// How many were there already, and are left as they are.
    already_there: u64,
    /// The numbers of the changes that it was: one for each thousand. Undo the last one first.
    changes: Vec<i64>,
}

/// Adds the to-dos of a file to the list of one owner.
///
/// With the ids and times that they had; what is there already is left as it is, so that a file can be sent again. Where ids
/// are another owner's, or there are none, they are made of the owner and the file, each time the same. A file of which a
/// line is not acceptable brings nothing.
#[utoipa::path(
    post,
    path = "/api/todolist/import",
    operation_id = "importList",
    tag = "a list as a whole",
    params(Which),
    request_body(content((Whole = "application/json"), (String = "text/calendar"), (String = "text/plain"), (String = "text/csv"))),
    responses((status = 200, description = "What came of it.", body = Imported)),
    extensions(("x-problems" = json!(["invalid-file", "invalid-member", "list-full", "too-many-lists"]))),
    security(("write" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Query(which): Query<Which>,
    mut request: Request,
) -> Result<axum::Json<Imported>, Problem> {
    let format = format(which.format.as_deref())?;
    let owner = body::owner(&caller, which.owner.as_deref()).map_err(Problem::bad_request)?;
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type != format.media_type() {
        let detail = Detail::new(move |t| t.file_media_type(&format.media_type()));
        return Err(Problem::of(ProblemType::MediaType, detail));
    }
    DefaultBodyLimit::max(MAX_BYTES).apply(&mut request);
    let file = Bytes::from_request(request, &api).await.map_err(|rejection| match rejection.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::of(ProblemType::TooLarge, Detail::new(|t| t.file_over(&(MAX_BYTES / 1024 / 1024))))
        }
        _ => Problem::bad_request(Texts::file_ended_early),
    })?;
    let waiting = tokio::time::timeout(WAIT, api.0.imports.acquire()).await;
    let _turn = waiting.ok().and_then(Result::ok).ok_or_else(Problem::too_many_imports)?;
    // Of a large file, this takes a while.
    let read = tokio::task::spawn_blocking(move || {
        let hash = str::from_utf8(&file).map(hash::sha256_base64url).unwrap_or_default();
        format.read(&file).map(|read| (read, hash))
    });
    let read = read.await.map_err(|_| Problem::of(ProblemType::Unavailable, Texts::import_failed))?;
    let (file, hash) = read?;
    let brought = file.todos.into_iter().enumerate().map(|(number, entry)| Brought {
        // Made of the file where it has none, so that one that is sent again brings nothing twice.
        id: entry
            .id
            .filter(|id| !id.is_nil())
            .unwrap_or_else(|| derived_id(&["file", owner, &hash, &number.to_string()])),
        new: entry.new,
        times: [entry.completed_at, entry.created_at, entry.updated_at],
    });
    let brought: Vec<Brought> = brought.collect();
    let list =
        |ListEntry { id, name, created_at, updated_at }| BroughtList { id, name, times: [created_at, updated_at] };
    let lists: Vec<BroughtList> = file.lists.into_iter().map(list).collect();
    let import = match api.0.store.import(owner, &lists, &brought).await? {
        Ok(import) => import,
        Err(Unfit::Todos(Import { imported: 0, already_there: 0, .. })) => return Err(Problem::full()),
        Err(Unfit::Todos(Import { imported, already_there, .. })) => {
            let there = imported + already_there;
            let all = u64::try_from(brought.len()).unwrap_or(u64::MAX);
            return Err(Problem::full_meanwhile(there, all.saturating_sub(there)));
        }
        Err(Unfit::Lists) => return Err(Problem::too_many_lists()),
    };
    let Import { imported, already_there, changes } = import;
    Ok(axum::Json(Imported { added: imported, already_there, changes }))
}
