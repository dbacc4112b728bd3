//! What was done.

use serde::{Deserialize, Serialize};

/// What a form of the account page did. The server says which, the page how.
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
    /// Something that the customer had to leave for, and that has no words of its own.
    Finished,
}

impl Done {
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
            Self::Finished => "Thank you. What you asked for is done.".to_owned(),
        }
    }
}
