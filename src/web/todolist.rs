//! The to-do list: the server functions' side of `app::actions::todos`.
use uuid::Uuid;

use crate::app::error::AppError;
use crate::todo::Todo;

/// The to-dos.
pub async fn list() -> Result<Vec<Todo>, AppError> {
    Err(AppError::Unavailable)
}
/// Adds.
pub async fn add(_: &str, _: bool) -> Result<Todo, AppError> {
    Err(AppError::Unavailable)
}
/// Edits.
pub async fn edit(_: Uuid, _: &str) -> Result<(), AppError> {
    Err(AppError::Unavailable)
}
/// Marks.
pub async fn set_done(_: Uuid, _: bool) -> Result<(), AppError> {
    Err(AppError::Unavailable)
}
/// Deletes.
pub async fn delete(_: Uuid) -> Result<(), AppError> {
    Err(AppError::Unavailable)
}
/// Marks all.
pub async fn set_all_done(_: bool) -> Result<(), AppError> {
    Err(AppError::Unavailable)
}
/// Clears.
pub async fn clear_completed() -> Result<(), AppError> {
    Err(AppError::Unavailable)
}
