//! What a button of a row asks for, as its value says it: `done.{id}.{version}`. The rows of a list have one form for all.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::short_id;

/// What a button of a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    /// It is done.
    Done,
    /// It is not done.
    Undone,
    /// A star.
    Star,
    /// No star.
    Unstar,
    /// Gone.
    Delete,
}

impl RowAction {
    const ALL: [Self; 5] = [Self::Done, Self::Undone, Self::Star, Self::Unstar, Self::Delete];

    /// As it is in a form.
    fn key(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Undone => "undone",
            Self::Star => "star",
            Self::Unstar => "unstar",
            Self::Delete => "delete",
        }
    }
}

/// Which of them, for which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowChange {
    /// What is asked for.
    pub action: RowAction,
    /// Which to-do.
    pub id: Uuid,
    /// The version that was shown: where it is another one by now, nothing is done.
    pub seen: i64,
}

impl RowChange {
    /// Writes it behind `text`.
    pub fn push(self, text: &mut String) {
        text.push_str(self.action.key());
        text.push('.');
        short_id::push(text, self.id);
        text.push('.');
        text.push_str(&self.seen.to_string());
    }
}

impl From<RowChange> for String {
    fn from(change: RowChange) -> Self {
        let mut text = Self::new();
        change.push(&mut text);
        text
    }
}

/// Not the value of such a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an action, an id and a version, with dots between them")]
pub struct NoRowChange;

impl FromStr for RowChange {
    type Err = NoRowChange;

    fn from_str(text: &str) -> Result<Self, NoRowChange> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(NoRowChange);
        let (key, id, seen) = (part()?, part()?, part()?);
        let action = RowAction::ALL.into_iter().find(|action| action.key() == key);
        let (action, id) = action.zip(short_id::parse(id)).ok_or(NoRowChange)?;
        Ok(Self { action, id, seen: seen.parse().map_err(|_| NoRowChange)? })
    }
}

impl TryFrom<String> for RowChange {
    type Error = NoRowChange;

    fn try_from(text: String) -> Result<Self, NoRowChange> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_it_asks_for() {
        for action in RowAction::ALL {
            let change = RowChange { action, id: Uuid::new_v4(), seen: 12 };
            let text = String::from(change);
            assert_eq!(text.parse(), Ok(change), "{text}");
        }
        let id = short_id::of(Uuid::nil());
        for text in [
            "",
            "done",
            "done.",
            &format!("done.{id}"),
            &format!("done.{id}."),
            &format!("undo.{id}.1"),
            &format!("done.{id}.1.2"),
            "done.x.1",
        ] {
            assert_eq!(text.parse::<RowChange>(), Err(NoRowChange), "{text}");
        }
    }
}
