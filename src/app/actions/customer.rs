//! Who is signed in.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::error::AppError;

/// Who is looking at the page, as far as the page needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// What to call them: the ID token's `name`, else `preferred_username`, else "You".
    pub name: String,
}

/// One line of the account page: a claim of the ID token (never a token).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The claim's name, as in the token: `preferred_username`.
    pub name: String,
    /// Its value as text; times are ISO 8601.
    pub value: String,
}

/// What the last plain form (no WebAssembly) left behind for the next page, shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What went wrong, ready to be shown.
    pub error: Option<String>,
    /// What was typed into "What needs to be done?" and could not be saved.
    pub draft: Option<String>,
}

/// Who is signed in; `None` for a visitor.
#[server(prefix = "/actions", endpoint = "viewer")]
pub async fn current_viewer() -> Result<Option<Viewer>, AppError> {
    crate::web::customer::viewer().await
}

/// The claims of the customer's ID token.
#[server(prefix = "/actions", endpoint = "claims")]
pub async fn claims() -> Result<Vec<Claim>, AppError> {
    crate::web::customer::claims().await
}

/// What the last plain form left behind; reading it removes it.
#[server(prefix = "/actions", endpoint = "notice")]
pub async fn take_notice() -> Result<Notice, AppError> {
    crate::web::customer::take_notice().await
}
