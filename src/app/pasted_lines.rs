//! A text of several lines that is pasted where one to-do is typed. Pure.

use crate::todo::Description;

/// How many to-dos are made of lines at once.
pub const AT_ONCE: usize = 200;

/// A line that can be a to-do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is to be done: the line without the sign of a list before it.
    pub text: String,
    /// Whether it was ticked.
    pub done: bool,
}

/// The lines of `text` that say something; of one alone there is nothing to choose, and none.
pub fn lines(text: &str) -> Vec<Line> {
    let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(line);
    let lines: Vec<Line> = lines.filter(|line| has_something_to_see(&line.text)).collect();
    if lines.len() > 1 { lines } else { Vec::new() }
}

/// All of it as one to-do.
pub fn as_one(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(", ")
}

fn has_something_to_see(text: &str) -> bool {
    !matches!(Description::parse(text), Err(crate::todo::DescriptionError::Empty))
}

/// A line without the signs of a list (`- `, `* `, `1. `), of a tick box (`[ ] `, `[x] `), or both.
fn line(written: &str) -> Line {
    let written = written.trim();
    let text = without_bullet(written);
    let (text, done) = without_box(text);
    // A sign alone is no sign.
    let text = if has_something_to_see(text) { text } else { "" };
    Line { text: text.to_owned(), done }
}

fn without_bullet(text: &str) -> &str {
    for bullet in ["-", "*", "+", "•", "◦", "▪", "‣", "–", "·"] {
        match text.strip_prefix(bullet) {
            Some("") => return "",
            Some(rest) if rest.starts_with(char::is_whitespace) => return rest.trim_start(),
            _ => {}
        }
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match (1..=3).contains(&digits).then(|| text[digits..].strip_prefix(['.', ')'])).flatten() {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => text,
    }
}

fn without_box(text: &str) -> (&str, bool) {
    for (sign, done) in
        [("[ ]", false), ("[]", false), ("[x]", true), ("[X]", true), ("☐", false), ("☑", true), ("☒", true)]
    {
        match text.strip_prefix(sign) {
            Some("") => return ("", done),
            Some(rest) if rest.starts_with(char::is_whitespace) => return (rest.trim_start(), done),
            _ => {}
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_lists_are_taken_off() {
        for (written, text, done) in [
            ("milk", "milk", false),
            ("  - milk ", "milk", false),
            ("* milk", "milk", false),
            ("• milk", "milk", false),
            ("1. milk", "milk", false),
            ("12) milk", "milk", false),
            ("[ ] milk", "milk", false),
            ("[x] milk", "milk", true),
            ("- [X] milk", "milk", true),
            ("☑ milk", "milk", true),
            // No signs of a list.
            ("-5 degrees", "-5 degrees", false),
            ("*milk*", "*milk*", false),
            ("1.5 l milk", "1.5 l milk", false),
            ("2026. a year", "2026. a year", false),
            ("[link](https://example.org)", "[link](https://example.org)", false),
            ("[x]milk", "[x]milk", false),
            ("- - milk", "- milk", false),
        ] {
            assert_eq!(line(written), Line { text: text.to_owned(), done }, "{written}");
        }
    }

    #[test]
    fn lines_without_a_word_are_none_and_one_line_is_no_list() {
        let texts = |text: &str| lines(text).into_iter().map(|line| line.text).collect::<Vec<_>>();
        assert_eq!(
            texts("milk\r\n\r\n  \n- \n\u{200b}\n[ ]\n* bread\rtea\u{2028}salt\n"),
            ["milk", "bread", "tea", "salt"]
        );
        for one in ["", "milk", "milk\n", "\n\n- milk\n- \n", "1.\n2.\n"] {
            assert!(lines(one).is_empty(), "{one:?}");
        }
        assert_eq!(as_one(&lines("- milk\n- bread")), "milk, bread");
    }
}
