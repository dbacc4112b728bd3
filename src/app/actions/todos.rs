//! The to-do list.

use leptos::prelude::*;
use uuid::Uuid;

use crate::app::error::AppError;
use crate::app::model::details_fields::DetailsFields;
use crate::app::model::done::Done;
use crate::app::model::listed::Listed;
use crate::app::model::overview::Overview;
use crate::app::model::row_change::RowChange;
use crate::app::model::step_action::StepAction;

/// The customer's to-dos, oldest first. Needs `ToDoList.Read`.
#[server(prefix = "/actions", endpoint = "todos/list")]
pub async fn list_todos(
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Vec<Listed>, AppError> {
    drop(author);
    crate::web::todolist::list().await
}

/// The customer's to-dos and their lists, each in their order. Needs `ToDoList.Read`.
#[server(prefix = "/actions", endpoint = "todos/overview")]
pub async fn load_overview(
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Overview, AppError> {
    drop(author);
    crate::web::todolist::overview().await
}

/// Adds a to-do. Needs `ToDoList.ReadWrite`, as everything below does.
#[server(prefix = "/actions", endpoint = "todos/add")]
pub async fn add_todo(
    /// Made by the page's scripts, one for each to-do: sent twice, it is added once.
    #[server(default)]
    id: Option<Uuid>,
    /// Made with the page, for its form without scripts: the same text sent twice by it is added once. Another text is
    /// another to-do, for who goes back to the page.
    #[server(default)]
    form: Option<Uuid>,
    /// What is to be done.
    description: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::add(id, form, &description).await
}

/// Adds a to-do of which more is to be said than its text.
#[server(prefix = "/actions", endpoint = "todos/create")]
pub async fn create_todo(
    /// Made by the page, one for each to-do: sent twice, it is added once.
    id: Uuid,
    /// What there is to say of it: a [`NewTodo`](crate::todo::NewTodo) as JSON.
    todo: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::create(id, &todo).await
}

/// Changes members of a to-do, or its place in the list.
#[server(prefix = "/actions", endpoint = "todos/amend")]
pub async fn amend_todo(
    /// Which to-do.
    id: Uuid,
    /// What changes: a [`Patch`](crate::todo::Patch) as JSON.
    change: String,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::amend(id, &change, seen).await
}

/// Changes a to-do's text; an empty text deletes it.
#[server(prefix = "/actions", endpoint = "todos/edit")]
pub async fn edit_todo(
    /// Which to-do.
    id: Uuid,
    /// The new text.
    description: String,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::edit(id, &description, seen).await
}

/// Marks a to-do as done, or not done.
#[server(prefix = "/actions", endpoint = "todos/done")]
pub async fn set_done(
    /// Which to-do.
    id: Uuid,
    /// Whether it is done.
    done: bool,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::set_done(id, done, seen).await
}

/// Does what the pressed button of a row asks for: the form without scripts.
#[server(prefix = "/actions", endpoint = "todos/row")]
pub async fn change_row(
    /// What it asks for.
    row: RowChange,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::change_row(row).await
}

/// Saves what is in the fields of a to-do's details: the form without scripts.
#[server(prefix = "/actions", endpoint = "todos/details")]
pub async fn save_details(
    /// Which to-do.
    id: Uuid,
    /// What is in the fields.
    details: DetailsFields,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::save_details(id, &details, seen).await
}

/// Changes one step of a to-do, or adds one: the forms without scripts.
#[server(prefix = "/actions", endpoint = "todos/step")]
pub async fn change_step(
    /// Which to-do.
    id: Uuid,
    /// What is to be done with the step.
    what: StepAction,
    /// Which step; of a new one, an id made with the page: sent twice, it is added once.
    #[server(default)]
    step: Option<Uuid>,
    /// Its text.
    #[server(default)]
    text: String,
    /// The version that was shown: a text that is another one by now is not written over.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::change_step(id, what, step, &text, seen).await
}

/// Moves a to-do to another place in the list: the forms without scripts.
#[server(prefix = "/actions", endpoint = "todos/move")]
pub async fn move_todo(
    /// Which to-do.
    id: Uuid,
    /// Behind which other one; nothing: before all others.
    #[server(default)]
    after: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::move_behind(id, &after).await
}

/// Deletes a to-do.
#[server(prefix = "/actions", endpoint = "todos/delete")]
pub async fn delete_todo(
    /// Which to-do.
    id: Uuid,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::delete(id, seen).await
}

/// Marks all to-dos that were shown as done, or not done.
#[server(prefix = "/actions", endpoint = "todos/done-all")]
pub async fn set_all_done(
    /// Whether they are done.
    done: bool,
    /// What was shown ([`Seen`](crate::app::model::seen::Seen)).
    seen: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::set_all_done(done, &seen).await
}

/// Deletes the to-dos that were shown as done.
#[server(prefix = "/actions", endpoint = "todos/clear-completed")]
pub async fn clear_completed(
    /// What was shown ([`Seen`](crate::app::model::seen::Seen)).
    seen: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::clear_completed(&seen).await
}

/// Brings back what a change replaced, as far as nothing changed it since.
#[server(prefix = "/actions", endpoint = "todos/undo")]
pub async fn undo_change(
    /// The number of the change.
    change: i64,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::undo(Some(change)).await
}

/// The same, of the last change that is not undone, whichever of the customer's devices made it.
#[server(prefix = "/actions", endpoint = "todos/undo-last")]
pub async fn undo_last_change(
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::todolist::undo(None).await
}
