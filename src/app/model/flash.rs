//! The flash message: shown once, on the next page.

use serde::{Deserialize, Serialize};

use super::done::Done;
use super::form_draft::FormDraft;
use crate::app::error::{AppError, Section};
use crate::app::texts::Texts;

/// What the last plain form (no WebAssembly) left behind for the next page, shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What went wrong.
    pub error: Option<AppError>,
    /// What was done.
    pub done: Option<Done>,
    /// Which form it was, and what was typed into it and could not be saved (yet).
    pub form: FormDraft,
    /// Something to tell the customer at their first page after signing in.
    pub greeting: Option<Greeting>,
    /// Whether the form was sent before the customer had to leave, and is done now that they are back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finished: bool,
    /// Who looks at the page ([`Customer::tag`](super::viewer::Customer::tag)), for its forms to say whose they are; empty for a visitor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
}

/// What there is to tell a customer who comes, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Greeting {
    /// Their digest paused while they were away.
    DigestPausedMeanwhile,
    /// Their digest pauses: they have signed out everywhere.
    DigestPauses,
    /// Their digest goes on: they are signed in elsewhere.
    DigestGoesOn,
}

impl Greeting {
    /// In words.
    pub fn text(self, t: Texts) -> String {
        let text = match self {
            Self::DigestPausedMeanwhile => t.digest_paused_meanwhile(),
            Self::DigestPauses => t.digest_pauses(),
            Self::DigestGoesOn => t.digest_goes_on(),
        };
        text.to_owned()
    }
}

impl Flash {
    /// What went wrong, in words.
    pub fn problem(&self, t: Texts) -> Option<String> {
        Some(self.error.as_ref()?.text(t, Section::of_action(&self.form.action)))
    }
}
