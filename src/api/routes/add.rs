//! `POST /api/todolist` with `{description, done?}`: adds a to-do. The owner is the user; an app names one.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::api::Api;
use crate::api::body::{Draft, Json};
use crate::api::callers::Writer;
use crate::api::problem::Problem;
use crate::api::store::{Added, MAX_PER_OWNER};
use crate::todo::API_PATH;

pub(super) async fn handle(
    State(api): State<Api>,
    Writer(caller): Writer,
    Json(draft): Json<Draft>,
) -> Result<impl IntoResponse, Problem> {
    let todo = draft.new_todo()?;
    let owner = draft.owner(&caller)?;
    match api.0.store.add(owner, &todo).await? {
        Added::Todo(todo) => {
            let location = format!("/{API_PATH}/{}", todo.id);
            Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(todo)))
        }
        Added::Full => {
            let detail = format!("The list has {MAX_PER_OWNER} to-dos, and takes no more. Remove some first.");
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}
