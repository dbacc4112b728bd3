//! What a to-do is: the type that travels between API, web server and browser, and the rules of its text.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where the API keeps to-dos, below its address.
pub const API_PATH: &str = "api/todolist";
/// The header of an answer that says which change of the list it came of; none where nothing was changed.
pub const CHANGE: &str = "todolist-change";

/// A to-do as the API sends it (camelCase, as in Microsoft's sample; `done` and the two times are ours).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Todo {
    /// A UUID, made by the client or, version 7, by the API.
    pub id: Uuid,
    /// The key of the customer it belongs to, as the API knows them.
    pub owner: String,
    /// What is to be done.
    pub description: Description,
    /// Whether it is done.
    pub done: bool,
    /// When it was added (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Which change of its owner's list it is of: another one, another text or state. What `ETag` and `If-Match` carry.
    #[serde(default)]
    pub version: i64,
}

impl Todo {
    /// Its version as a strong entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        Self::etag_of(self.version)
    }

    /// The same, of a version.
    pub fn etag_of(version: i64) -> String {
        format!("\"{version}\"")
    }
}

/// A to-do that is to be added: all that its author says of it. What is added, what is undone and what is sent is this,
/// so that none of them forgets a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTodo {
    /// What is to be done.
    pub description: Description,
    /// Whether it is done already.
    #[serde(default)]
    pub done: bool,
}

impl From<Todo> for NewTodo {
    fn from(todo: Todo) -> Self {
        // Every member by name: one that is new does not compile until it is decided whose it is to say.
        let Todo { description, done, id: _, owner: _, created_at: _, updated_at: _, version: _ } = todo;
        Self { description, done }
    }
}

/// What is to change of a to-do (RFC 7396): what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// The new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Whether it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
}

impl Patch {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The text of a to-do: trimmed, not empty, at most [`Description::MAX_CHARS`] characters, one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

/// Why a text is not a [`Description`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Nothing but white space.
    #[error("Write what is to be done.")]
    Empty,
    /// Longer than [`Description::MAX_CHARS`].
    #[error("That is longer than {} characters. Shorten it, or split it into several to-dos.", Description::MAX_CHARS)]
    TooLong,
    /// A NUL, which databases cut or refuse.
    #[error("The text contains a character that cannot be stored (NUL). Remove it.")]
    Nul,
}

impl Description {
    /// The longest text, in Unicode scalar values.
    pub const MAX_CHARS: usize = 500;

    /// Trims `text`, joins its lines, and checks it.
    ///
    /// # Errors
    /// [`DescriptionError`] when nothing is left, when it is too long, or when it contains NUL.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        let text = text.trim();
        // Of marks that nobody sees (Unicode 17.0 §23.2, §23.3), a row would be empty.
        let is_invisible = |c: char| {
            c.is_whitespace()
                || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                    | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                    | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
        };
        if text.chars().all(is_invisible) {
            return Err(DescriptionError::Empty);
        }
        if text.contains('\0') {
            return Err(DescriptionError::Nul);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(DescriptionError::TooLong);
        }
        Ok(Self(text.replace("\r\n", " ").replace(['\r', '\n'], " ")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = DescriptionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl std::fmt::Display for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_trimmed_and_on_one_line() {
        assert_eq!(Description::parse("  buy\r\nmilk \n").expect("valid").as_str(), "buy milk");
    }

    #[test]
    fn an_empty_a_long_and_a_nul_description_are_refused() {
        for nothing in [" \t\n", "\u{200b}", "\u{feff} \u{2060}\u{fe0f}", "\u{ad}", "\u{3164}\u{2800}"] {
            assert_eq!(Description::parse(nothing), Err(DescriptionError::Empty), "{nothing:?}");
        }
        // Beside something to see, they are its author's.
        assert!(Description::parse("👩\u{200d}👧").is_ok() && Description::parse("\u{202e}x").is_ok());
        assert_eq!(Description::parse("a\0b"), Err(DescriptionError::Nul));
        assert_eq!(Description::parse(&"é".repeat(501)), Err(DescriptionError::TooLong));
        assert!(Description::parse(&"é".repeat(500)).is_ok());
    }

    #[test]
    fn markup_sql_and_right_to_left_marks_are_kept_literally() {
        let text = "<script>'; DROP TABLE todos; -- \u{202e}";
        assert_eq!(Description::parse(text).expect("valid").as_str(), text);
    }
}
