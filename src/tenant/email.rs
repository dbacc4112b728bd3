//! E-mail addresses, as the tenant takes them.

use super::texts::Texts;
use crate::language::Language;

/// How long an e-mail address may be (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_EMAIL: usize = 254;

/// Blanks of any kind (`White_Space`), and characters without width.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// An e-mail address that can be written into a mail header and compared: lower case, ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Email(String);

/// Why text is not an e-mail address that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EmailError {
    /// Nothing was typed.
    Empty,
    /// Longer than a mail server would take.
    TooLong,
    /// Look-alike letters would let two accounts look the same, and few mail servers take them.
    NotAscii,
    /// Control characters, spaces, double quotes, commas, brackets: what header injection and HTML are made of.
    ForbiddenCharacter,
    /// None or several `@`.
    NotOneAt,
    /// Anything else that mail software does not take.
    Malformed,
}

impl EmailError {
    /// For the customer.
    pub(super) fn text(self, t: Texts) -> String {
        match self {
            Self::Empty => t.email_empty().to_owned(),
            Self::TooLong => t.email_too_long(&MAX_EMAIL),
            Self::NotAscii => t.email_not_ascii().to_owned(),
            Self::ForbiddenCharacter => t.email_forbidden_character().to_owned(),
            Self::NotOneAt | Self::Malformed => t.email_malformed().to_owned(),
        }
    }
}

/// For developers.
impl std::fmt::Display for EmailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(Texts::of(Language::English)))
    }
}

impl std::error::Error for EmailError {}

impl Email {
    /// Parses what was typed; upper case is forgiven, and so are blanks around it, visible or not, that came along when it
    /// was copied.
    pub(super) fn parse(typed: &str) -> Result<Self, EmailError> {
        let text = typed.trim_matches(is_blank).to_lowercase();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > MAX_EMAIL {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        // The specials of RFC 5322 §3.2.3, spaces and controls (CR and LF among them) may appear in quoted forms
        // only; we take none of those.
        if text.chars().any(|c| c.is_ascii_control() || " ()<>[]:;\\,\"".contains(c)) {
            return Err(EmailError::ForbiddenCharacter);
        }
        if text.matches('@').count() != 1 {
            return Err(EmailError::NotOneAt);
        }
        text.parse::<lettre::Address>().map_err(|_| EmailError::Malformed)?;
        Ok(Self(text))
    }

    /// The address.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub(super) fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_trimmed_and_lowercased() {
        for (typed, parsed) in [
            ("alice@example.com", "alice@example.com"),
            ("  Alice@Example.COM ", "alice@example.com"),
            ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
            ("o_o-o@example.com", "o_o-o@example.com"),
            ("O'Brien@example.com", "o'brien@example.com"),
            ("a&b`c@example.com", "a&b`c@example.com"),
            ("\u{a0}alice@example.com\t", "alice@example.com"),
            ("\u{feff}alice@example.com\u{200b}\u{2003}\r\n", "alice@example.com"),
        ] {
            assert_eq!(Email::parse(typed).map(|e| e.0).as_deref(), Ok(parsed), "{typed}");
        }
    }

    #[test]
    fn an_email_with_crlf_or_html_is_refused() {
        for (typed, error) in [
            ("", EmailError::Empty),
            ("   ", EmailError::Empty),
            ("alice@example.com\r\nBcc: eve@example.com", EmailError::ForbiddenCharacter),
            ("ali\u{a0}ce@example.com", EmailError::NotAscii),
            ("ali\tce@example.com", EmailError::ForbiddenCharacter),
            ("alice\0@example.com", EmailError::ForbiddenCharacter),
            ("<script>alert(1)</script>@example.com", EmailError::ForbiddenCharacter),
            ("Alice <alice@example.com>", EmailError::ForbiddenCharacter),
            ("\"alice\"@example.com", EmailError::ForbiddenCharacter),
            ("alice@example.com,eve@example.com", EmailError::ForbiddenCharacter),
            ("alice smith@example.com", EmailError::ForbiddenCharacter),
            ("alice@[127.0.0.1]", EmailError::ForbiddenCharacter),
            ("alice@example.com@evil.example", EmailError::NotOneAt),
            ("alice", EmailError::NotOneAt),
            ("alice@", EmailError::Malformed),
            ("@example.com", EmailError::Malformed),
            ("alice@exa..mple.com", EmailError::Malformed),
            ("al\u{456}ce@example.com", EmailError::NotAscii),
        ] {
            assert_eq!(Email::parse(typed), Err(error), "{typed:?}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(Email::parse(&long), Err(EmailError::TooLong));
    }
}
