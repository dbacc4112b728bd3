//! What was done.

use serde::{Deserialize, Serialize};

/// What a form did. The server says which, the page how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// The profile is changed.
    ProfileSaved,
    /// There will be a digest.
    DigestOn {
        /// At which hour of the customer's day.
        hour: u8,
    },
    /// There will be none.
    DigestOff,
    /// One of the customer's other sessions has ended.
    SessionEnded,
    /// All of the customer's other sessions have ended.
    OtherSessionsEnded {
        /// How many there were.
        count: usize,
    },
    /// The list was changed.
    List {
        /// What happened to it.
        what: ListChange,
        /// How many to-dos that concerned.
        count: u64,
        /// The number of the change, by which it can be undone; none where everything was so already.
        change: Option<i64>,
    },
    /// Something that the customer had to leave for, and that has no words of its own.
    Finished,
}

/// What happened to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListChange {
    /// To-dos were added, or changed one by one: what was done is to be seen.
    Shown,
    /// Deleted.
    Deleted,
    /// Marked as done.
    MarkedDone,
    /// Marked as not done.
    MarkedNotDone,
    /// Brought back to what they were.
    Undone,
}

impl ListChange {
    /// In words.
    pub fn text(self, count: u64) -> String {
        let todos = if count == 1 { "1 to-do".to_owned() } else { format!("{count} to-dos") };
        match self {
            Self::Shown => "Saved.".to_owned(),
            Self::Undone if count == 0 => "There was nothing left to undo.".to_owned(),
            _ if count == 0 => "Nothing was changed: what was shown had changed meanwhile.".to_owned(),
            Self::Deleted => format!("Deleted {todos}"),
            Self::MarkedDone => format!("Marked {todos} as done"),
            Self::MarkedNotDone => format!("Marked {todos} as not done"),
            Self::Undone => format!("Brought back {todos}"),
        }
    }
}

impl Done {
    /// The change of the list that it was, and how many to-dos that concerned; what can be seen on the list anyhow is none.
    pub fn of_list(self) -> Option<(ListChange, u64, Option<i64>)> {
        match self {
            Self::List { what: ListChange::Shown, .. } => None,
            Self::List { what, count, change } => Some((what, count, change)),
            _ => None,
        }
    }

    /// Whether it says more than the page itself shows.
    pub fn is_news(self) -> bool {
        !matches!(self, Self::List { what: ListChange::Shown, .. })
    }

    /// The number of the change of the list that it was.
    pub fn change(self) -> Option<i64> {
        match self {
            Self::List { change, .. } => change,
            _ => None,
        }
    }

    /// In words.
    pub fn text(self) -> String {
        match self {
            Self::ProfileSaved => "Your profile is saved.".to_owned(),
            Self::DigestOn { hour } => {
                format!("Saved. Your digest will come each morning at {hour}:00. It pauses while you are signed out.")
            }
            Self::DigestOff => "Saved. There will be no daily digest.".to_owned(),
            Self::SessionEnded => "That browser is signed out.".to_owned(),
            Self::OtherSessionsEnded { count: 0 } => "You were not signed in anywhere else.".to_owned(),
            Self::OtherSessionsEnded { count: 1 } => "One other browser is signed out.".to_owned(),
            Self::OtherSessionsEnded { count } => format!("{count} other browsers are signed out."),
            Self::List { what, count, .. } => what.text(count),
            Self::Finished => "Thank you. What you asked for is done.".to_owned(),
        }
    }
}
