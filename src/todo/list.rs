//! Lists of to-dos, beside the one that everybody has.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::line::{self, Fault};

/// A list of to-dos as the API sends it (camelCase). The one that everybody has is none of these: it has no id and no name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TodoList {
    /// A UUID, made by the client or, version 7, by the API.
    pub id: Uuid,
    /// The key of the customer it belongs to, as the API knows them.
    pub owner: String,
    /// What it is called.
    pub name: ListName,
    /// When it was added (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was renamed, or added (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Which change of its owner's list it is of. What `ETag` and `If-Match` carry.
    #[serde(default)]
    pub version: i64,
}

impl TodoList {
    /// Its version as a strong entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }
}

/// What is to change of a list (RFC 7396): what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListPatch {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<ListName>,
    /// Where it moves to among the lists: behind the list of that id; `Some(None)`: before all others.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub after: Option<Option<Uuid>>,
}

/// What a list is called: trimmed, not empty, at most [`ListName::MAX_CHARS`] characters, one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(min_length = 1, max_length = 100, example = "Home"))]
#[serde(try_from = "String", into = "String")]
pub struct ListName(String);

/// Why a text is not a [`ListName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListNameError {
    /// Nothing but white space.
    #[error("Give the list a name.")]
    Empty,
    /// Longer than [`ListName::MAX_CHARS`].
    #[error("That is longer than {} characters. Shorten it.", ListName::MAX_CHARS)]
    TooLong,
    /// A NUL, which databases cut or refuse.
    #[error("The name contains a character that cannot be stored (NUL). Remove it.")]
    Nul,
}

impl ListName {
    /// The longest name, in Unicode scalar values.
    pub const MAX_CHARS: usize = 100;

    /// Trims `text`, joins its lines, and checks it.
    ///
    /// # Errors
    /// [`ListNameError`] when nothing is left, when it is too long, or when it contains NUL.
    pub fn parse(text: &str) -> Result<Self, ListNameError> {
        line::parse(text, Self::MAX_CHARS).map(Self).map_err(|fault| match fault {
            Fault::Empty => ListNameError::Empty,
            Fault::TooLong => ListNameError::TooLong,
            Fault::Nul => ListNameError::Nul,
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ListName {
    type Error = ListNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ListName> for String {
    fn from(name: ListName) -> Self {
        name.0
    }
}

impl std::fmt::Display for ListName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_something_to_see_on_one_line() {
        assert_eq!(ListName::parse("  at\nhome ").expect("valid").as_str(), "at home");
        assert_eq!(ListName::parse(" \u{200b}"), Err(ListNameError::Empty));
        assert_eq!(ListName::parse("a\0"), Err(ListNameError::Nul));
        assert_eq!(ListName::parse(&"é".repeat(101)), Err(ListNameError::TooLong));
        assert!(ListName::parse(&"é".repeat(100)).is_ok());
    }
}
