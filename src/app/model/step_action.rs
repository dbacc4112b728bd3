//! What the form of a step asks for.

use serde::{Deserialize, Serialize};

/// What the form of a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepAction {
    /// One more.
    Add,
    /// Another text.
    Text,
    /// It is done.
    Done,
    /// It is not done.
    Undone,
    /// Gone.
    Delete,
}

impl StepAction {
    /// As it is in a form.
    pub fn key(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Text => "text",
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Delete => "delete",
        }
    }

    /// The one that a form names so.
    pub fn of_key(key: &str) -> Option<Self> {
        [Self::Add, Self::Text, Self::Done, Self::Undone, Self::Delete].into_iter().find(|action| action.key() == key)
    }
}
