//! The to-do list: the server's side of `app::actions::todos`. Each call acquires a token with the scope it needs
//! and asks the API over HTTP.

use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::downstream;
use super::request::Request;
use crate::app::error::AppError;
use crate::app::model::done::{Done, ListChange};
use crate::app::model::seen::Seen;
use crate::identity::downstream::{ApiResponse, Call, DownstreamError};
use crate::identity::session::UserSession;
use crate::platform::{hash, link};
use crate::todo::{CHANGE, Description, Patch, Todo};

/// The API's set of scopes for seeing, and that for changing.
const READ: &str = "read";
const WRITE: &str = "write";

/// The customer's to-dos, in their order.
pub(crate) async fn list() -> Result<Vec<Todo>, AppError> {
    let customer = Customer::current().await?;
    let (mut todos, mut query) = (Vec::new(), link::Query::new());
    loop {
        let answer = customer.call(Call { query: &link::pairs(&query), scopes: READ, ..Call::default() }).await?;
        todos.append(&mut parse::<Vec<Todo>>(&answer)?);
        match link::next(&answer.headers) {
            None => return Ok(todos),
            Some(next) if next == query => {
                tracing::error!("the ToDoList API names a page as the one after itself");
                return Err(AppError::Unavailable);
            }
            Some(next) => query = next,
        }
    }
}

/// Adds a to-do. Sent twice under one id, it is added once; one that was added before and deleted since stays deleted. The
/// form of a page without scripts gives each of its texts an id.
pub(crate) async fn add(id: Option<Uuid>, form: Option<Uuid>, description: &str) -> Result<Done, AppError> {
    // Before the text is looked at: a visitor is asked to sign in, and what was typed waits for them.
    let customer = Customer::current().await?;
    let description = description_of(description)?;
    let given = id.or_else(|| form.map(|form| id_of(form, &description)));
    let added = customer.add(given.unwrap_or_else(Uuid::new_v4), &description).await;
    let added = match added {
        // Typed once more on a page that the customer went back to.
        Err(AppError::NotFound) if id.is_none() => customer.add(Uuid::new_v4(), &description).await,
        added => added,
    };
    Ok(done(ListChange::Shown, 1, unless_gone(added)?))
}

/// The id of what a form adds: the same for the same text.
fn id_of(form: Uuid, description: &Description) -> Uuid {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash::sha256(&format!("{form}\n{description}"));
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Changes a to-do's text, where it is still of the version that was `seen`; an empty text deletes it.
pub(crate) async fn edit(id: Uuid, description: &str, seen: Option<i64>) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    if description.trim().is_empty() {
        return customer.delete(id, seen).await;
    }
    let patch = Patch { description: Some(description_of(description)?), ..Patch::default() };
    customer.patch(id, &patch, seen).await
}

/// Marks a to-do as done, or not done, where it is still of the version that was `seen`.
pub(crate) async fn set_done(id: Uuid, is_done: bool, seen: Option<i64>) -> Result<Done, AppError> {
    let patch = Patch { done: Some(is_done), ..Patch::default() };
    Customer::current().await?.patch(id, &patch, seen).await
}

/// Deletes a to-do, where it is still of the version that was `seen`. One that is gone already is what was wanted.
pub(crate) async fn delete(id: Uuid, seen: Option<i64>) -> Result<Done, AppError> {
    Customer::current().await?.delete(id, seen).await
}

/// Marks all to-dos that were shown as done, or not done.
pub(crate) async fn set_all_done(is_done: bool, seen: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let what = if is_done { ListChange::MarkedDone } else { ListChange::MarkedNotDone };
    match parse_seen(seen)? {
        Seen::UpTo(change) => {
            let answer = customer.change(Method::PATCH, &[], &json!({"done": is_done, "seen": change})).await?;
            let count = parse::<Counted>(&answer)?.count;
            Ok(done(what, count, change_of(&answer)))
        }
        Seen::These(todos) => {
            let operation =
                |id: Uuid, version: i64| json!({"op": "change", "id": id, "version": version, "done": is_done});
            customer.batch(what, todos, operation).await
        }
    }
}

/// Deletes the to-dos that were shown as done.
pub(crate) async fn clear_completed(seen: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    match parse_seen(seen)? {
        Seen::UpTo(change) => {
            let (seen, method) = (change.to_string(), Some(Method::DELETE));
            let query = [("done", "true"), ("seen", seen.as_str())];
            let answer = customer.call(Call { method, query: &query, scopes: WRITE, ..Call::default() }).await?;
            let count = parse::<Counted>(&answer)?.count;
            Ok(done(ListChange::Deleted, count, change_of(&answer)))
        }
        Seen::These(todos) => {
            let operation = |id: Uuid, version: i64| json!({"op": "remove", "id": id, "version": version});
            customer.batch(ListChange::Deleted, todos, operation).await
        }
    }
}

/// Brings back what a change replaced, or the last one, as far as nothing changed it since.
pub(crate) async fn undo(change: Option<i64>) -> Result<Done, AppError> {
    #[derive(Deserialize)]
    struct Undone {
        counts: Counts,
    }
    #[derive(Deserialize)]
    struct Counts {
        restored: u64,
        removed: u64,
    }
    let number = change.map_or_else(|| "latest".to_owned(), |change| change.to_string());
    let path = ["changes", number.as_str(), "undo"];
    let call = Call { method: Some(Method::POST), path: &path, scopes: WRITE, ..Call::default() };
    let answer = match Customer::current().await?.call(call).await {
        Err(AppError::NotFound) if change.is_none() => return Ok(done(ListChange::Undone, 0, None)),
        // Too long ago, or somebody else's.
        Err(AppError::NotFound) => {
            let text = "This can no longer be undone: it was more than a day ago, or is undone already.";
            return Err(AppError::Invalid(text.to_owned()));
        }
        answer => answer?,
    };
    let Undone { counts } = parse(&answer)?;
    Ok(done(ListChange::Undone, counts.restored.saturating_add(counts.removed), change_of(&answer)))
}

/// How many to-dos a change of all of them concerned.
#[derive(Deserialize)]
struct Counted {
    #[serde(alias = "changed", alias = "deleted")]
    count: u64,
}

fn done(what: ListChange, count: u64, change: Option<i64>) -> Done {
    Done::List { what, count, change }
}

fn change_of(answer: &ApiResponse) -> Option<i64> {
    answer.headers.get(CHANGE)?.to_str().ok()?.parse().ok()
}

/// The number of the change, of an answer that shows the to-do: what else answers has not saved anything.
fn changed_todo(answer: &ApiResponse) -> Result<Option<i64>, AppError> {
    parse::<Todo>(answer).map(|_| change_of(answer))
}

/// None where the to-do is gone, which is what was wanted or cannot be helped.
fn unless_gone(change: Result<Option<i64>, AppError>) -> Result<Option<i64>, AppError> {
    match change {
        Err(AppError::NotFound) => Ok(None),
        change => change,
    }
}

/// The condition that a to-do is still of the version that was seen (RFC 9110 §13.1.1).
fn if_match(seen: Option<i64>) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::try_from(Todo::etag_of(seen?)).ok().map(|tag| (header::IF_MATCH, tag))
}

/// How the to-do is that was seen otherwise, of the answer that says so (RFC 9110 §15.5.13).
fn changed_since(error: &DownstreamError) -> Option<Todo> {
    match error {
        DownstreamError::Problem(problem) if problem.status == StatusCode::PRECONDITION_FAILED => {
            Todo::deserialize(problem.document.get("current")?).ok()
        }
        _ => None,
    }
}

fn parse_seen(text: &str) -> Result<Seen, AppError> {
    text.parse()
        .map_err(|_| AppError::Invalid("Reload the page and try again: it did not say what it showed.".to_owned()))
}

fn description_of(text: &str) -> Result<Description, AppError> {
    Description::parse(text).map_err(|error| AppError::Invalid(error.to_string()))
}

fn parse<T: serde::de::DeserializeOwned>(answer: &ApiResponse) -> Result<T, AppError> {
    downstream::parse("the ToDoList API", answer)
}

/// Who is signed in, before the API.
struct Customer {
    request: Request,
    signed_in: UserSession,
}

impl Customer {
    async fn current() -> Result<Self, AppError> {
        let request = Request::current()?;
        let signed_in = request.require_signed_in().await?;
        Ok(Self { request, signed_in })
    }

    async fn add(&self, id: Uuid, description: &Description) -> Result<Option<i64>, AppError> {
        let answer = self.change(Method::POST, &[], &json!({"id": id, "description": description})).await?;
        changed_todo(&answer)
    }

    async fn patch(&self, id: Uuid, change: &Patch, seen: Option<i64>) -> Result<Done, AppError> {
        let (id, body) = (id.to_string(), serde_json::to_value(change).ok());
        let (method, headers) = (Some(Method::PATCH), if_match(seen));
        let path = [id.as_str()];
        let call = Call { method, path: &path, body, headers: headers.as_slice(), scopes: WRITE, ..Call::default() };
        Ok(done(ListChange::Shown, 1, changed_todo(&self.call(call).await?)?))
    }

    async fn delete(&self, id: Uuid, seen: Option<i64>) -> Result<Done, AppError> {
        let (id, headers) = (id.to_string(), if_match(seen));
        let (method, path) = (Some(Method::DELETE), [id.as_str()]);
        let call = Call { method, path: &path, headers: headers.as_slice(), scopes: WRITE, ..Call::default() };
        let change = unless_gone(match self.call(call).await {
            Ok(answer) if answer.status == StatusCode::NO_CONTENT => Ok(change_of(&answer)),
            Ok(answer) => {
                tracing::error!(status = %answer.status, "the ToDoList API answered something else than that it is removed");
                Err(AppError::Unavailable)
            }
            Err(error) => Err(error),
        })?;
        Ok(done(ListChange::Deleted, 1, change))
    }

    /// Does one thing to each of `todos` that is still as it was seen.
    async fn batch(
        &self,
        what: ListChange,
        todos: Vec<(Uuid, i64)>,
        operation: impl Fn(Uuid, i64) -> Value,
    ) -> Result<Done, AppError> {
        #[derive(Deserialize)]
        struct Results {
            results: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            status: u16,
        }
        if todos.is_empty() {
            return Ok(done(what, 0, None));
        }
        let changes: Vec<Value> = todos.into_iter().map(|(id, version)| operation(id, version)).collect();
        let answer = self.change(Method::POST, &["batch"], &json!({"changes": changes})).await?;
        let Results { results } = parse(&answer)?;
        let count = results.iter().filter(|one| one.status < 400).count();
        Ok(done(what, u64::try_from(count).unwrap_or(u64::MAX), change_of(&answer)))
    }

    async fn change(&self, method: Method, path: &[&str], body: &impl Serialize) -> Result<ApiResponse, AppError> {
        // Plain structs of texts and truth values: always JSON.
        let body = serde_json::to_value(body).ok();
        self.call(Call { method: Some(method), path, body, scopes: WRITE, ..Call::default() }).await
    }

    async fn call(&self, call: Call<'_>) -> Result<ApiResponse, AppError> {
        let Self { request, signed_in } = self;
        let web = &request.web;
        let answer = web.todolist().call_for_user(web.identity().tokens(), &signed_in.key, &call).await;
        answer.map_err(|error| match changed_since(&error) {
            Some(now) => AppError::Changed { now: Box::new(now) },
            None => downstream::failed("the ToDoList API", request, signed_in, &error),
        })
    }
}
