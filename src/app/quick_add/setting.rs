//! Who writes, and what they have.

use super::meaning::Kind;
use crate::app::day_words::Reader;

/// What stands first in a date such as 5/6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// The day.
    DayFirst,
    /// The month.
    MonthFirst,
    /// Nobody knows: only what can be read in one way is a date.
    #[default]
    Unknown,
}

impl DateOrder {
    /// That of a language tag (RFC 5646).
    pub fn of_tag(tag: &str) -> Self {
        let mut parts = tag.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let region = parts.find(|part| part.len() == 2);
        match region {
            Some(region) if region.eq_ignore_ascii_case("US") => Self::MonthFirst,
            // Of English alone nobody knows of which country it is.
            None if language.eq_ignore_ascii_case("en") => Self::Unknown,
            Some(_) | None => Self::DayFirst,
        }
    }
}

/// Who writes, and what they have.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Their language, and what their clock shows. Without a time zone there are no times.
    pub reader: &'a Reader,
    /// How they write dates.
    pub date_order: DateOrder,
    /// The names of their lists.
    pub lists: &'a [&'a str],
    /// What they said is not meant.
    pub not_meant: &'a [NotMeant],
}

/// Some words that mean only what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMeant {
    /// What they could mean.
    pub kind: Kind,
    /// The words, as they are written.
    pub words: String,
}
