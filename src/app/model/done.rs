//! What was done.

use serde::{Deserialize, Serialize};

use crate::app::texts::Texts;

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
    /// All of the customer's to-dos are gone for good.
    EverythingDeleted,
    /// The to-dos of a file were added.
    Imported {
        /// How many there are now that were not before.
        added: u64,
        /// How many were there already, and are left as they are.
        already_there: u64,
    },
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
    /// A list, with all that was in it, was deleted.
    ListDeleted,
    /// Marked as done.
    MarkedDone,
    /// Marked as not done.
    MarkedNotDone,
    /// Brought back to what they were.
    Undone,
}

fn imported(t: Texts, added: u64, already_there: u64) -> String {
    let text = match (added, already_there) {
        (0, 0) => return t.done_imported_nothing().to_owned(),
        (0, _) => t.done_imported_nothing_new().to_owned(),
        _ => t.done_imported(added),
    };
    if already_there == 0 { text } else { format!("{text} {}", t.done_imported_left(already_there)) }
}

impl ListChange {
    /// In words.
    pub fn text(self, t: Texts, count: u64) -> String {
        match self {
            Self::Shown => t.done_saved().to_owned(),
            Self::Undone if count == 0 => t.done_nothing_to_undo().to_owned(),
            _ if count == 0 => t.done_nothing_changed().to_owned(),
            Self::Deleted => t.done_deleted(count),
            Self::ListDeleted => t.done_list_deleted().to_owned(),
            Self::MarkedDone => t.done_marked_done(count),
            Self::MarkedNotDone => t.done_marked_not_done(count),
            Self::Undone => t.done_undone(count),
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
    pub fn text(self, t: Texts) -> String {
        match self {
            Self::ProfileSaved => t.done_profile_saved().to_owned(),
            Self::DigestOn { hour } => t.done_digest_on(&hour),
            Self::DigestOff => t.done_digest_off().to_owned(),
            Self::EverythingDeleted => t.done_everything_deleted().to_owned(),
            Self::Imported { added, already_there } => imported(t, added, already_there),
            Self::SessionEnded => t.done_session_ended().to_owned(),
            Self::OtherSessionsEnded { count } => t.done_other_sessions_ended(count),
            Self::List { what, count, .. } => what.text(t, count),
            Self::Finished => t.done_finished().to_owned(),
        }
    }
}
