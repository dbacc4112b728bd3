//! Who is signed in, and what was left for them.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::app::error::AppError;

/// Who is looking at the page, as far as the page needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// What to call them: the ID token's `name`, else `preferred_username`, else "You".
    pub name: String,
    /// Tells them from other customers who use the same browser; opens nothing.
    pub tag: String,
}

/// A form as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// Where it goes, below `/actions/`: `todos/add`.
    pub action: String,
    /// What the customer typed or chose, by the fields' names.
    pub fields: Vec<(String, String)>,
}

impl Typed {
    /// The fields that customers fill in. Others (ids, what a button does) are the page's own, and not worth keeping.
    const NAMES: [&str; 8] =
        ["description", "display_name", "given_name", "surname", "country", "enabled", "time_zone", "hour"];

    /// Keeps of a form what was typed.
    pub fn of(action: &str, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let fields = fields.into_iter().filter(|(name, _)| Self::NAMES.contains(&name.as_str())).collect();
        Self { action: action.to_owned(), fields }
    }

    /// What was typed into the field `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// What the last plain form (no WebAssembly) left behind for the next page, shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What went wrong, ready to be shown.
    pub error: Option<String>,
    /// What was done, ready to be shown.
    pub done: Option<String>,
    /// Which form it was, and what was typed into it and could not be saved (yet).
    pub form: Typed,
    /// Something to tell the customer at their first page after signing in.
    pub greeting: Option<String>,
    /// Whether the form was sent before the customer had to leave, and is done now that they are back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// Who looks at the page ([`Viewer::tag`]), for its forms to say whose they are; empty for a visitor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
}

/// Who is signed in; `None` for a visitor.
#[server(prefix = "/actions", endpoint = "viewer")]
pub async fn current_viewer() -> Result<Option<Viewer>, AppError> {
    crate::web::customer::viewer().await
}

/// What the last plain form left behind; reading it removes it.
#[server(prefix = "/actions", endpoint = "notice")]
pub async fn take_notice() -> Result<Notice, AppError> {
    crate::web::customer::take_notice().await
}
