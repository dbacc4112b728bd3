//! The customer's lists, beside the one that everybody has.

use leptos::prelude::*;
use uuid::Uuid;

use crate::app::error::AppError;
use crate::app::model::done::Done;
use crate::todo::TodoList;

/// The lists, in their order. Needs `ToDoList.Read`.
#[server(prefix = "/actions", endpoint = "lists/list")]
pub async fn list_lists(
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Vec<TodoList>, AppError> {
    drop(author);
    crate::web::lists::all().await
}

/// Adds a list. Needs `ToDoList.ReadWrite`, as everything below does.
#[server(prefix = "/actions", endpoint = "lists/add")]
pub async fn add_list(
    /// Made by the page, one for each list: sent twice, it is added once.
    #[server(default)]
    id: Option<Uuid>,
    /// What it is called.
    name: String,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::lists::add(id, &name).await
}

/// Gives a list another name.
#[server(prefix = "/actions", endpoint = "lists/rename")]
pub async fn rename_list(
    /// Which list.
    id: Uuid,
    /// The new name.
    name: String,
    /// The version that was shown: where it is another one by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::lists::rename(id, &name, seen).await
}

/// Deletes a list, and what is in it.
#[server(prefix = "/actions", endpoint = "lists/delete")]
pub async fn delete_list(
    /// Which list.
    id: Uuid,
    /// The last change that the page had seen: where there is anything newer in the list by now, nothing is done.
    #[server(default)]
    seen: Option<i64>,
    /// Whose the page is that asks ([`Customer::tag`](crate::app::model::viewer::Customer::tag)); for another customer than
    /// the one who is signed in, the door to the server functions does nothing.
    #[server(default)]
    author: String,
) -> Result<Done, AppError> {
    drop(author);
    crate::web::lists::delete(id, seen).await
}
