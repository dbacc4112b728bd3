//! The details of a to-do, as the fields of a form say them.

use serde::{Deserialize, Serialize};

/// All of them, as they were filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailsFields {
    /// What is to be done.
    pub description: String,
    /// More about it.
    pub note: String,
    /// When it is due.
    pub due: DueFields,
    /// When its author is reminded of it; where the form has no such fields, that stays as it is.
    pub reminder: Option<DueFields>,
    /// How it repeats: a rule (RFC 5545 §3.3.10), or nothing.
    pub repeat: String,
    /// The id of the list that it is in; nothing for the one that everybody has.
    pub list: String,
}

/// A day, and a time of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DueFields {
    /// The day: `2026-12-01`, or nothing.
    pub day: String,
    /// The time of that day: `09:00`, or nothing.
    pub time: String,
    /// Whose clocks show it: `Europe/Madrid`.
    pub time_zone: String,
    /// The one that the form had for it.
    pub shown_zone: String,
    /// Another day than that in the field, by its button: `today`, `tomorrow`, `week`, `never`.
    pub when: String,
}
