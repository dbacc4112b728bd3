//! The customer's lists: the server's side of `app::actions::lists`.

use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::todolist::{Customer, READ, WRITE, change_of, done, if_match, parse, unless_gone};
use crate::app::error::AppError;
use crate::app::model::done::{Done, ListChange};
use crate::identity::downstream::Call;
use crate::todo::{ListName, TodoList};

/// Where the API keeps them, below the to-dos.
const LISTS: &str = "lists";

/// The customer's lists, in their order.
pub(crate) async fn all() -> Result<Vec<TodoList>, AppError> {
    let call = Call { path: &[LISTS], scopes: READ, ..Call::default() };
    parse(&Customer::current().await?.call(call).await?)
}

/// Adds a list. Sent twice under one id, it is added once.
pub(crate) async fn add(id: Option<Uuid>, name: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let name = name_of(name)?;
    let body = json!({"id": id.unwrap_or_else(Uuid::new_v4), "name": name});
    let answer = customer.change(Method::POST, &[LISTS], &body).await?;
    parse::<TodoList>(&answer)?;
    Ok(done(ListChange::Shown, 1, change_of(&answer)))
}

/// Gives a list another name, where it is still of the version that was `seen`.
pub(crate) async fn rename(id: Uuid, name: &str, seen: Option<i64>) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let (id, headers) = (id.to_string(), if_match(seen));
    let (path, body) = ([LISTS, id.as_str()], Some(json!({"name": name_of(name)?})));
    let (method, headers) = (Some(Method::PATCH), headers.as_slice());
    let call = Call { method, path: &path, body: body.map(Into::into), headers, scopes: WRITE, ..Call::default() };
    let answer = customer.call(call).await?;
    parse::<TodoList>(&answer)?;
    Ok(done(ListChange::Shown, 1, change_of(&answer)))
}

/// Deletes a list and all that is in it, in one change, where nothing in it is newer than what was `seen`. One that is gone
/// already is what was wanted.
pub(crate) async fn delete(id: Uuid, seen: Option<i64>) -> Result<Done, AppError> {
    let (id, seen) = (id.to_string(), seen.map(|seen| seen.to_string()));
    let (method, path) = (Some(Method::DELETE), [LISTS, id.as_str()]);
    let query: Vec<(&str, &str)> = seen.as_deref().map(|seen| ("seen", seen)).into_iter().collect();
    let call = Call { method, path: &path, query: &query, scopes: WRITE, ..Call::default() };
    let answer = Customer::current().await?.call(call).await;
    let change = unless_gone(match answer {
        Ok(answer) if answer.status == StatusCode::NO_CONTENT => Ok(change_of(&answer)),
        Ok(answer) => {
            tracing::error!(status = %answer.status, "the ToDoList API answered something else than that it is removed");
            Err(AppError::Unavailable)
        }
        Err(error) => Err(error),
    })?;
    Ok(done(ListChange::ListDeleted, 1, change))
}

fn name_of(name: &str) -> Result<ListName, AppError> {
    ListName::parse(name).map_err(|error| AppError::Invalid(error.into()))
}
