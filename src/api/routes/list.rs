//! `GET /api/todolist?limit=&after=`: to-dos in the order in which they were added. Apps may ask for one `owner`'s.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use crate::api::Api;
use crate::api::body;
use crate::api::callers::{Reader, whose};
use crate::api::problem::Problem;
use crate::api::store::{MAX_PAGE, Whose};
use crate::identity::bearer::Kind;
use crate::todo::API_PATH;

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
    let next = todos.last().filter(|_| more).map(|last| next_page(&page, limit, last.id));
    let mut response = Json(todos).into_response();
    if let Some(Ok(next)) = next.map(HeaderValue::try_from) {
        response.headers_mut().insert(header::LINK, next);
    }
    Ok(response)
}

/// Where the next page is (RFC 8288).
fn next_page(page: &Page, limit: i64, last: Uuid) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string()).append_pair("after", &last.to_string());
    if let Some(owner) = &page.owner {
        query.append_pair("owner", owner);
    }
    format!("</{API_PATH}?{}>; rel=\"next\"", query.finish())
}
