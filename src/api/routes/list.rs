//! `GET /api/todolist?limit=&after=`: to-dos in the order in which they were added. Apps may ask for one `owner`'s.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::body;
use crate::api::callers::{Reader, whose};
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Whose};
use crate::identity::bearer::Kind;

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<String>,
    after: Option<String>,
    owner: Option<String>,
}

impl Page {
    /// Between 1 and [`MAX_PAGE`]: smaller and larger numbers become the nearest of these.
    fn limit(&self) -> Result<i64, Problem> {
        let Some(text) = &self.limit else { return Ok(MAX_PAGE) };
        let number: i64 = text.parse().map_err(|_| Problem::bad_request("`limit` is not a number from 1 to 1000."))?;
        Ok(number.clamp(1, MAX_PAGE))
    }

    fn after(&self) -> Result<Option<Uuid>, Problem> {
        let parsed = self.after.as_deref().map(str::parse).transpose();
        parsed.map_err(|_| Problem::bad_request("`after` is not the id of a to-do."))
    }
}

pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let whose = match &page.owner {
        Some(owner) if caller.kind == Kind::App => {
            Whose::Of(body::owner(&caller, Some(owner)).map_err(Problem::bad_request)?)
        }
        _ => whose(&caller),
    };
    let mut todos = api.0.store.list(whose, after, limit + 1).await?;
    let more = todos.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        todos.pop();
    }
    let next = todos.last().filter(|_| more).map(|last| {
        let query = [("limit", limit.to_string()), ("after", last.id.to_string())];
        let owner = page.owner.iter().map(|owner| ("owner", owner.clone()));
        answer::next_page("", query.into_iter().chain(owner))
    });
    Ok((next, Json(todos)).into_response())
}
