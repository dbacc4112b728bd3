//! The to-do list: the server's side of `app::actions::todos`. Each call acquires a token with the scope it needs
//! and asks the API over HTTP.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::customer::Request;
use crate::app::error::AppError;
use crate::identity::downstream::Answer;
use crate::identity::scopes::Scopes;
use crate::identity::session::SignedIn;
use crate::identity::tokens::AcquireError;
use crate::todo::{Description, Todo};

/// Where the API keeps to-dos, below its base address.
const PATH: [&str; 2] = ["api", "todolist"];
/// Milliseconds after a sign-in in which another one would not help: better an error than a loop.
const JUST_SIGNED_IN: i64 = 10_000;

/// The customer's to-dos, oldest first.
pub(crate) async fn list() -> Result<Vec<Todo>, AppError> {
    let answer = read(Method::GET, &PATH).await?;
    parse(&answer)
}

/// Adds a to-do.
pub(crate) async fn add(description: &str, done: bool) -> Result<Todo, AppError> {
    // Before the text is looked at: a visitor is asked to sign in, and what was typed waits for them.
    Request::current()?.require_signed_in().await?;
    let description = description_of(description)?;
    let answer = write(Method::POST, &PATH, &[], Some(&json!({ "description": description, "done": done }))).await?;
    parse(&answer)
}

/// Changes a to-do's text; an empty text deletes it.
pub(crate) async fn edit(id: Uuid, description: &str) -> Result<(), AppError> {
    Request::current()?.require_signed_in().await?;
    if description.trim().is_empty() {
        return delete(id).await;
    }
    let description = description_of(description)?;
    write(Method::PATCH, &one(&id.to_string()), &[], Some(&json!({ "description": description }))).await.map(drop)
}

/// Marks a to-do as done, or not done.
pub(crate) async fn set_done(id: Uuid, done: bool) -> Result<(), AppError> {
    write(Method::PATCH, &one(&id.to_string()), &[], Some(&json!({ "done": done }))).await.map(drop)
}

/// Deletes a to-do. One that is gone already is what was wanted.
pub(crate) async fn delete(id: Uuid) -> Result<(), AppError> {
    match write(Method::DELETE, &one(&id.to_string()), &[], None::<&Value>).await {
        Ok(_) | Err(AppError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Marks all to-dos as done, or not done.
pub(crate) async fn set_all_done(done: bool) -> Result<(), AppError> {
    write(Method::PATCH, &PATH, &[], Some(&json!({ "done": done }))).await.map(drop)
}

/// Deletes the to-dos that are done.
pub(crate) async fn clear_completed() -> Result<(), AppError> {
    write(Method::DELETE, &PATH, &[("done", "true")], None::<&Value>).await.map(drop)
}

fn one(id: &str) -> [&str; 3] {
    [PATH[0], PATH[1], id]
}

fn description_of(text: &str) -> Result<Description, AppError> {
    Description::parse(text).map_err(|error| AppError::Invalid(error.to_string()))
}

async fn read(method: Method, path: &[&str]) -> Result<Answer, AppError> {
    let request = Request::current()?;
    let scopes = request.web.todolist.read_scopes.clone();
    call(&request, &scopes, method, path, &[], None::<&Value>).await
}

async fn write(
    method: Method,
    path: &[&str],
    query: &[(&str, &str)],
    body: Option<&impl Serialize>,
) -> Result<Answer, AppError> {
    let request = Request::current()?;
    let scopes = request.web.todolist.write_scopes.clone();
    call(&request, &scopes, method, path, query, body).await
}

async fn call(
    request: &Request,
    scopes: &Scopes,
    method: Method,
    path: &[&str],
    query: &[(&str, &str)],
    body: Option<&impl Serialize>,
) -> Result<Answer, AppError> {
    let signed_in = request.require_signed_in().await?;
    let mut answer = send(request, &signed_in, scopes, method.clone(), path, query, body).await?;
    if answer.status == reqwest::StatusCode::UNAUTHORIZED {
        // The token came from the cache, and what it was made for has changed since (keys, registration): once more
        // with a new one. Nothing was done yet, so nothing is done twice.
        tracing::warn!("the ToDoList API does not accept a cached token; acquiring a new one");
        let discarded = request.web.identity.tokens.discard(&signed_in.key, scopes).await;
        discarded.map_err(|error| not_acquired(request, &signed_in, &error))?;
        answer = send(request, &signed_in, scopes, method, path, query, body).await?;
    }
    match answer.status.as_u16() {
        200..=299 => Ok(answer),
        400 | 409 | 413 | 422 => Err(AppError::Invalid(detail(&answer))),
        404 => Err(AppError::NotFound),
        403 => {
            tracing::warn!("the ToDoList API refused the token's permissions");
            Err(AppError::Forbidden)
        }
        status => {
            // 401 included: the token is new, so signing in again would bring the same one.
            tracing::error!(status, "the ToDoList API answered unexpectedly");
            Err(AppError::Unavailable)
        }
    }
}

async fn send(
    request: &Request,
    signed_in: &SignedIn,
    scopes: &Scopes,
    method: Method,
    path: &[&str],
    query: &[(&str, &str)],
    body: Option<&impl Serialize>,
) -> Result<Answer, AppError> {
    let token = request.web.identity.tokens.for_user(&signed_in.key, scopes).await;
    let token = token.map_err(|error| not_acquired(request, signed_in, &error))?;
    request.web.todolist.call(&token, method, path, query, body).await.map_err(|error| {
        tracing::error!(%error, "the ToDoList API cannot be reached");
        AppError::Unavailable
    })
}

fn not_acquired(request: &Request, signed_in: &SignedIn, error: &AcquireError) -> AppError {
    match error {
        AcquireError::InteractionRequired { scopes, reason, .. } => {
            tracing::info!(%scopes, reason, "a customer must go to the provider");
            if request.web.clock.unix_millis() - signed_in.signed_in_at < JUST_SIGNED_IN {
                tracing::error!(%scopes, "a customer who just signed in gets no token: check the app's permissions");
                return AppError::Unavailable;
            }
            request.sign_in_required()
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
fn detail(answer: &Answer) -> String {
    serde_json::from_slice::<Value>(&answer.body)
        .ok()
        .and_then(|problem| problem.get("detail").and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| "The API did not accept this. Change it and try again.".to_owned())
}
