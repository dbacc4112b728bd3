//! What is typed on a page and not saved yet, for as long as its customer is away to sign in.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::error::Section;
use crate::app::model::form_draft::FormDraft;
use crate::app::optimistic::Unsent;

/// What was typed when the customer had to leave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Whose it is ([`Customer::tag`](crate::app::model::viewer::Customer::tag)): somebody else may sign in next.
    #[serde(default)]
    pub author: String,
    /// The text in "What needs to be done?".
    pub new: String,
    /// The to-do that was being edited, and its new text.
    pub edit: Option<(Uuid, String)>,
    /// What was to be seen there before; empty where that is not known.
    #[serde(default)]
    pub edit_before: String,
    /// The note that was being typed.
    #[serde(default)]
    pub note: Option<NoteDraft>,
    /// The name of a new list that was being typed.
    #[serde(default)]
    pub new_list: String,
    /// The forms of the account page.
    #[serde(default)]
    pub forms: Vec<FormDraft>,
    /// The form that was sent, and was not accepted before the customer had to leave; the web server may have finished it
    /// when they come back.
    #[serde(default)]
    pub sent: Option<FormDraft>,
    /// The changes behind that one, where the browser keeps them nowhere else.
    #[serde(default)]
    pub waiting: Vec<Unsent>,
}

/// A note while it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteDraft {
    /// Of which to-do.
    pub id: Uuid,
    /// What is in the field.
    pub text: String,
    /// What was to be seen there before.
    pub before: String,
}

impl Draft {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
            && self.edit.is_none()
            && self.note.is_none()
            && self.new_list.is_empty()
            && self.forms.is_empty()
            && self.sent.is_none()
            && self.waiting.is_empty()
    }

    /// What is left for the account page.
    #[must_use]
    pub fn without_list(self) -> Self {
        let sent = self.sent.filter(|sent| Section::of_action(&sent.action) != Section::List);
        Self { author: self.author, forms: self.forms, sent, ..Self::default() }
    }

    /// What is left for the page of the list.
    #[must_use]
    pub fn without_forms(self) -> Self {
        let sent = self.sent.filter(|sent| Section::of_action(&sent.action) == Section::List);
        Self { forms: Vec::new(), sent, ..self }
    }
}
