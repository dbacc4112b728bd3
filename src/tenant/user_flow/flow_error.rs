//! What stops a flow, other than a wrong answer in a form.

use axum::response::Response;

use crate::tenant::pages::frame::Frame;
use crate::tenant::pages::messages;
use crate::tenant::pages::way_back::WayBack;
use crate::tenant::passcode::SendError;
use crate::tenant::password::Busy;
use crate::tenant::rate_limit::TooMany;

/// What stops a flow, other than a wrong answer in a form.
#[derive(Debug, thiserror::Error)]
pub(super) enum FlowError {
    /// A limit was reached.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Too many passwords to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<SendError> for FlowError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::TooMany(error) => Self::TooMany(error),
            SendError::Database(error) => Self::Database(error),
        }
    }
}

impl FlowError {
    pub(super) fn page(&self, frame: &Frame, way: &WayBack) -> Response {
        match self {
            Self::TooMany(TooMany { retry_after }) => messages::too_many(frame, way, *retry_after),
            Self::Busy(_) => {
                tracing::warn!("{self}");
                messages::busy(frame, way)
            }
            Self::Database(error) => {
                tracing::error!(%error, "a user flow cannot go on");
                messages::unavailable(frame, way)
            }
        }
    }
}
