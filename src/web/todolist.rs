//! The to-do list: the server's side of `app::actions::todos`. Each call acquires a token with the scope it needs
//! and asks the API over HTTP.

use reqwest::Method;
use serde::Serialize;
use uuid::Uuid;

use super::downstream;
use super::request::Request;
use crate::app::error::AppError;
use crate::identity::downstream::{ApiResponse, Call};
use crate::identity::session::UserSession;
use crate::todo::{Description, NewTodo, Patch, Todo};

/// The API's set of scopes for seeing, and that for changing.
const READ: &str = "read";
const WRITE: &str = "write";

/// The customer's to-dos, oldest first.
pub(crate) async fn list() -> Result<Vec<Todo>, AppError> {
    let answer = Customer::current().await?.call(Call { scopes: READ, ..Call::default() }).await?;
    parse(&answer)
}

/// Adds a to-do.
pub(crate) async fn add(description: &str, done: bool) -> Result<Todo, AppError> {
    // Before the text is looked at: a visitor is asked to sign in, and what was typed waits for them.
    let customer = Customer::current().await?;
    let todo = NewTodo { description: description_of(description)?, done };
    parse(&customer.change(Method::POST, &[], &todo).await?)
}

/// Changes a to-do's text; an empty text deletes it.
pub(crate) async fn edit(id: Uuid, description: &str) -> Result<(), AppError> {
    let customer = Customer::current().await?;
    if description.trim().is_empty() {
        return customer.delete(id).await;
    }
    let patch = Patch { description: Some(description_of(description)?), ..Patch::default() };
    customer.change(Method::PATCH, &[&id.to_string()], &patch).await.map(drop)
}

/// Marks a to-do as done, or not done.
pub(crate) async fn set_done(id: Uuid, done: bool) -> Result<(), AppError> {
    let patch = Patch { done: Some(done), ..Patch::default() };
    Customer::current().await?.change(Method::PATCH, &[&id.to_string()], &patch).await.map(drop)
}

/// Deletes a to-do. One that is gone already is what was wanted.
pub(crate) async fn delete(id: Uuid) -> Result<(), AppError> {
    Customer::current().await?.delete(id).await
}

/// Marks all to-dos as done, or not done.
pub(crate) async fn set_all_done(done: bool) -> Result<(), AppError> {
    let patch = Patch { done: Some(done), ..Patch::default() };
    Customer::current().await?.change(Method::PATCH, &[], &patch).await.map(drop)
}

/// Deletes the to-dos that are done.
pub(crate) async fn clear_completed() -> Result<(), AppError> {
    let done = [("done", "true")];
    let call = Call { method: Some(Method::DELETE), query: &done, scopes: WRITE, ..Call::default() };
    Customer::current().await?.call(call).await.map(drop)
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

    async fn delete(&self, id: Uuid) -> Result<(), AppError> {
        let id = id.to_string();
        match self.call(Call { method: Some(Method::DELETE), path: &[&id], scopes: WRITE, ..Call::default() }).await {
            Ok(_) | Err(AppError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
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
        answer.map_err(|error| downstream::failed("the ToDoList API", request, signed_in, &error))
    }
}
