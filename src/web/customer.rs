//! Who is signed in: the server functions' side of `app::actions::customer`.
use crate::app::actions::customer::{Claim, Notice, Viewer};
use crate::app::error::AppError;

/// Who is signed in.
pub async fn viewer() -> Result<Option<Viewer>, AppError> {
    Err(AppError::Unavailable)
}
/// The claims.
pub async fn claims() -> Result<Vec<Claim>, AppError> {
    Err(AppError::Unavailable)
}
/// The notice.
pub async fn take_notice() -> Result<Notice, AppError> {
    Err(AppError::Unavailable)
}
