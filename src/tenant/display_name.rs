//! Names to show, and what cannot be shown.

use super::email::Email;
use super::texts::Texts;
use crate::language::Language;

/// How long a display name may be, in characters.
pub(super) const MAX_DISPLAY_NAME: usize = 64;

/// Line breaks and other controls; and U+202A–202E and U+2066–2069, which reorder what follows (Unicode UAX #9): an
/// attribute must not spoil the text after it.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name to show: 1 to 64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DisplayName(String);

/// Why text is not a display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DisplayNameError {
    /// Nothing was typed.
    Empty,
    /// More than [`MAX_DISPLAY_NAME`] characters.
    TooLong,
    /// Line breaks, controls, or characters that turn the text around them.
    Unprintable,
}

impl DisplayNameError {
    /// For the customer.
    pub(super) fn text(self, t: Texts) -> String {
        match self {
            Self::Empty => t.name_empty().to_owned(),
            Self::TooLong => t.name_too_long(&MAX_DISPLAY_NAME),
            Self::Unprintable => t.name_unprintable().to_owned(),
        }
    }
}

/// For developers.
impl std::fmt::Display for DisplayNameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(Texts::of(Language::English)))
    }
}

impl std::error::Error for DisplayNameError {}

impl DisplayName {
    /// Parses what was typed; spaces around it are dropped.
    pub(super) fn parse(typed: &str) -> Result<Self, DisplayNameError> {
        let name = typed.trim();
        match name.chars().count() {
            0 => Err(DisplayNameError::Empty),
            n if n > MAX_DISPLAY_NAME => Err(DisplayNameError::TooLong),
            _ if name.chars().any(is_unprintable) => Err(DisplayNameError::Unprintable),
            _ => Ok(Self(name.to_owned())),
        }
    }

    /// The name of a user who was not asked for one.
    pub(super) fn from_email(email: &Email) -> Self {
        Self(email.local_part().to_owned())
    }
}

impl std::fmt::Display for DisplayName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_one_line_that_stays_in_its_place() {
        assert_eq!(DisplayName::parse("  Zoë 王 ").map(|n| n.0).as_deref(), Ok("Zoë 王"));
        assert!(DisplayName::parse(&"ö".repeat(64)).is_ok());
        assert_eq!(DisplayName::parse(" "), Err(DisplayNameError::Empty));
        assert_eq!(DisplayName::parse(&"a".repeat(65)), Err(DisplayNameError::TooLong));
        assert_eq!(DisplayName::parse("a\r\nb"), Err(DisplayNameError::Unprintable));
        assert_eq!(DisplayName::parse("a\u{202e}b"), Err(DisplayNameError::Unprintable));
    }
}
