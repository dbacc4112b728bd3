//! Texts of one line.

/// Why a text is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing to see in it.
    Empty,
    /// Longer than it may be.
    TooLong,
    /// A NUL, which databases cut or refuse.
    Nul,
}

/// Trims `text`, joins its lines, and checks that there is something to see, in at most `max_chars` characters. They are
/// counted as they were sent, white space at the ends among them: so does whoever checks it by the API's description.
pub(super) fn parse(text: &str, max_chars: usize) -> Result<String, Fault> {
    let is_too_long = text.chars().count() > max_chars;
    let text = text.trim();
    // Of marks that nobody sees (Unicode 17.0 §23.2, §23.3), a row would be empty.
    let is_invisible = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    };
    if text.chars().all(is_invisible) {
        return Err(Fault::Empty);
    }
    if text.contains('\0') {
        return Err(Fault::Nul);
    }
    if is_too_long {
        return Err(Fault::TooLong);
    }
    Ok(text.replace("\r\n", " ").replace(['\r', '\n'], " "))
}
