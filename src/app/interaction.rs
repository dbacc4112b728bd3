//! The one way to "please sign in again" in the browser: say so, keep what was typed, and go there by a page load.
//! (A page load redirects before it streams; a plain form is redirected by the web server.)

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::browser;
use crate::app::error::AppError;

/// What was typed when the customer had to leave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text in "What needs to be done?".
    pub new: String,
    /// The to-do that was being edited, and its new text.
    pub edit: Option<(Uuid, String)>,
}

impl Draft {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.edit.is_none()
    }
}

/// Where the customer must go, once something found out; the page then shows a notice until it is left.
#[derive(Clone, Copy)]
pub struct Interaction {
    url: RwSignal<Option<String>>,
}

impl Interaction {
    /// None is needed yet.
    pub fn new() -> Self {
        Self { url: RwSignal::new(None) }
    }

    /// Where the customer must go.
    pub fn url(self) -> Option<String> {
        self.url.get()
    }

    /// Starts what `error` asks for, keeping `draft`; false when it asks for none.
    pub fn start_if_required(self, error: &AppError, draft: impl FnOnce() -> Draft) -> bool {
        let Some(url) = error.interaction_url() else { return false };
        // The first one wins: a second failure on the way out must not replace the draft.
        if self.url.get_untracked().is_none() {
            let draft = draft();
            if !draft.is_empty() {
                browser::keep_draft(&draft);
            }
            self.url.set(Some(url.to_owned()));
            browser::leave_for(url);
        }
        true
    }
}

impl Default for Interaction {
    fn default() -> Self {
        Self::new()
    }
}
