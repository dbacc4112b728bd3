//! The to-do list.

use leptos::prelude::*;
use uuid::Uuid;

use crate::app::error::AppError;
use crate::todo::Todo;

/// The customer's to-dos, oldest first. Needs `ToDoList.Read`.
#[server(prefix = "/actions", endpoint = "todos/list")]
pub async fn list_todos() -> Result<Vec<Todo>, AppError> {
    crate::web::todolist::list().await
}

/// Adds a to-do. Needs `ToDoList.ReadWrite`, as everything below does. `done` is for undoing a deletion.
#[server(prefix = "/actions", endpoint = "todos/add")]
pub async fn add_todo(
    /// What is to be done.
    description: String,
    /// Whether it is done already.
    #[server(default)]
    done: bool,
) -> Result<Todo, AppError> {
    crate::web::todolist::add(&description, done).await
}

/// Changes a to-do's text; an empty text deletes it.
#[server(prefix = "/actions", endpoint = "todos/edit")]
pub async fn edit_todo(
    /// Which to-do.
    id: Uuid,
    /// The new text.
    description: String,
) -> Result<(), AppError> {
    crate::web::todolist::edit(id, &description).await
}

/// Marks a to-do as done, or not done.
#[server(prefix = "/actions", endpoint = "todos/done")]
pub async fn set_done(
    /// Which to-do.
    id: Uuid,
    /// Whether it is done.
    done: bool,
) -> Result<(), AppError> {
    crate::web::todolist::set_done(id, done).await
}

/// Deletes a to-do.
#[server(prefix = "/actions", endpoint = "todos/delete")]
pub async fn delete_todo(
    /// Which to-do.
    id: Uuid,
) -> Result<(), AppError> {
    crate::web::todolist::delete(id).await
}

/// Marks all to-dos as done, or not done.
#[server(prefix = "/actions", endpoint = "todos/done-all")]
pub async fn set_all_done(
    /// Whether they are done.
    done: bool,
) -> Result<(), AppError> {
    crate::web::todolist::set_all_done(done).await
}

/// Deletes the to-dos that are done.
#[server(prefix = "/actions", endpoint = "todos/clear-completed")]
pub async fn clear_completed() -> Result<(), AppError> {
    crate::web::todolist::clear_completed().await
}
