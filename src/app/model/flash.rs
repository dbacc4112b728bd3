//! The flash message: shown once, on the next page.

use serde::{Deserialize, Serialize};

use super::done::Done;
use super::form_draft::FormDraft;

/// What the last plain form (no WebAssembly) left behind for the next page, shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What went wrong, ready to be shown.
    pub error: Option<String>,
    /// What was done.
    pub done: Option<Done>,
    /// Which form it was, and what was typed into it and could not be saved (yet).
    pub form: FormDraft,
    /// Something to tell the customer at their first page after signing in.
    pub greeting: Option<String>,
    /// Whether the form was sent before the customer had to leave, and is done now that they are back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// Who looks at the page ([`Customer::tag`](super::viewer::Customer::tag)), for its forms to say whose they are; empty for a visitor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
}
