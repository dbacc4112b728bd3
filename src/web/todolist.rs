//! The to-do list: the server's side of `app::actions::todos`. Each call acquires a token with the scope it needs
//! and asks the API over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::customer::Request;
use crate::app::error::AppError;
use crate::identity::downstream::{Answer, Call, DownstreamError, Problem};
use crate::identity::session::SignedIn;
use crate::identity::tokens::AcquireError;
use crate::todo::{Description, Todo};

/// The API's set of scopes for seeing, and that for changing.
const READ: &str = "read";
const WRITE: &str = "write";
/// Milliseconds after a sign-in in which another one would not help: better an error than a loop.
const JUST_SIGNED_IN: i64 = 10_000;

/// The customer's to-dos, oldest first.
pub(crate) async fn list() -> Result<Vec<Todo>, AppError> {
    let answer = call(Call { scopes: READ, ..Call::default() }).await?;
    parse(&answer)
}

/// Adds a to-do.
pub(crate) async fn add(description: &str, done: bool) -> Result<Todo, AppError> {
    // Before the text is looked at: a visitor is asked to sign in, and what was typed waits for them.
    Request::current()?.require_signed_in().await?;
    let description = description_of(description)?;
    let answer = change(Method::POST, &[], json!({ "description": description, "done": done })).await?;
    parse(&answer)
}

/// Changes a to-do's text; an empty text deletes it.
pub(crate) async fn edit(id: Uuid, description: &str) -> Result<(), AppError> {
    Request::current()?.require_signed_in().await?;
    if description.trim().is_empty() {
        return delete(id).await;
    }
    let description = description_of(description)?;
    change(Method::PATCH, &[&id.to_string()], json!({ "description": description })).await.map(drop)
}

/// Marks a to-do as done, or not done.
pub(crate) async fn set_done(id: Uuid, done: bool) -> Result<(), AppError> {
    change(Method::PATCH, &[&id.to_string()], json!({ "done": done })).await.map(drop)
}

/// Deletes a to-do. One that is gone already is what was wanted.
pub(crate) async fn delete(id: Uuid) -> Result<(), AppError> {
    let id = id.to_string();
    match call(Call { method: Some(Method::DELETE), path: &[&id], scopes: WRITE, ..Call::default() }).await {
        Ok(_) | Err(AppError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Marks all to-dos as done, or not done.
pub(crate) async fn set_all_done(done: bool) -> Result<(), AppError> {
    change(Method::PATCH, &[], json!({ "done": done })).await.map(drop)
}

/// Deletes the to-dos that are done.
pub(crate) async fn clear_completed() -> Result<(), AppError> {
    let done = [("done", "true")];
    call(Call { method: Some(Method::DELETE), query: &done, scopes: WRITE, ..Call::default() }).await.map(drop)
}

fn description_of(text: &str) -> Result<Description, AppError> {
    Description::parse(text).map_err(|error| AppError::Invalid(error.to_string()))
}

async fn change(method: Method, path: &[&str], body: Value) -> Result<Answer, AppError> {
    call(Call { method: Some(method), path, body: Some(body), scopes: WRITE, ..Call::default() }).await
}

async fn call(call: Call<'_>) -> Result<Answer, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let answer = request.web.todolist.call_for_user(&request.web.identity.tokens, &signed_in.key, &call).await;
    answer.map_err(|error| failed(&request, &signed_in, &error))
}

/// What a call that brought nothing means for the customer.
fn failed(request: &Request, signed_in: &SignedIn, error: &DownstreamError) -> AppError {
    match error {
        DownstreamError::Acquire(error) => not_acquired(request, signed_in, error),
        DownstreamError::Problem(problem) => match problem.status.as_u16() {
            400 | 409 | 413 | 422 => AppError::Invalid(detail(problem)),
            404 => AppError::NotFound,
            403 => {
                tracing::warn!("the ToDoList API refused the token's permissions");
                AppError::Forbidden
            }
            // 401 included: the token is new, so signing in again would bring the same one.
            _ => {
                tracing::error!(%problem, "the ToDoList API answered unexpectedly");
                AppError::Unavailable
            }
        },
        DownstreamError::Outbound(_) | DownstreamError::Call(_) => {
            tracing::error!(%error, "the ToDoList API cannot be reached");
            AppError::Unavailable
        }
    }
}

fn not_acquired(request: &Request, signed_in: &SignedIn, error: &AcquireError) -> AppError {
    match error {
        AcquireError::InteractionRequired { scopes, reason, consent, .. } => {
            tracing::info!(%scopes, reason, consent, "a customer must go to the provider");
            if request.web.clock.unix_millis() - signed_in.signed_in_at < JUST_SIGNED_IN {
                tracing::error!(%scopes, "a customer who just signed in gets no token: check the app's permissions");
                return AppError::Unavailable;
            }
            match request.sign_in_required() {
                AppError::SignInRequired { url } if *consent => AppError::ConsentRequired { url },
                error => error,
            }
        }
        AcquireError::Unavailable(reason) => {
            tracing::error!(reason, "no access token can be had");
            AppError::Unavailable
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, AppError> {
    crate::platform::outbound::json("the ToDoList API", &answer.body).map_err(|error| {
        tracing::error!(%error, "the ToDoList API answered something else");
        AppError::Unavailable
    })
}

/// The API's own words (RFC 9457 `detail`), which are written for people.
fn detail(problem: &Problem) -> String {
    problem.detail.clone().unwrap_or_else(|| "The API did not accept this. Change it and try again.".to_owned())
}
