//! Where mails to a customer go.

use crate::language::Language;

/// Where a mail goes, what to call its reader, and what they read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address that the provider vouches for.
    pub email: String,
    /// What to call them; empty where that is not known.
    pub name: String,
    /// What their browser asked for last.
    pub language: Language,
}

/// The language of a tag that was stored; one that is spoken no more counts as none.
pub(super) fn spoken(tag: &str) -> Language {
    Language::of_tag(tag).unwrap_or_default()
}
