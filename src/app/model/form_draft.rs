//! What was typed into a form.

use serde::{Deserialize, Serialize};

/// What the form is called that takes a file, as if it were a server function.
pub const IMPORT: &str = "data/import";

/// A form as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormDraft {
    /// Where it goes, below `/actions/`: `todos/add`.
    pub action: String,
    /// What the customer typed or chose, by the fields' names.
    pub fields: Vec<(String, String)>,
}

impl FormDraft {
    /// The fields that customers fill in. Others (ids, what a button does) are the page's own, and not worth keeping.
    const NAMES: [&str; 21] = [
        "description",
        "details[description]",
        "details[note]",
        "details[due][day]",
        "details[due][time]",
        "details[due][time_zone]",
        "details[reminder][day]",
        "details[reminder][time]",
        "details[reminder][time_zone]",
        "details[repeat]",
        "details[list]",
        "text",
        "name",
        "display_name",
        "given_name",
        "surname",
        "country",
        "enabled",
        "time_zone",
        "hour",
        "file",
    ];

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
