//! How a text is put together. A pattern is a text with `{0}`, `{1}` … where something is put in; or several, each behind
//! what it is for: `{=0}` that number, `{=one}` a category of plurals, `{=other}` anything else. `build.rs` makes them of
//! Fluent's messages, so that no reader of Fluent need travel to the browser.

use std::fmt::{self, Display, Write as _};

use super::Language;

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'p> {
    /// Says what it says.
    Text(&'p str),
    /// Where something is put in: which.
    Argument(usize),
}

/// The parts of a pattern, in order.
pub fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((text, behind)) = rest.split_once('{') {
        let Some((place, behind)) = behind.split_once('}') else { break };
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        if let Ok(place) = place.parse() {
            pieces.push(Piece::Argument(place));
        }
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The text, with what is put into it.
pub fn fill(pattern: &str, arguments: &[&dyn Display]) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    for piece in pieces(pattern) {
        // Into a `String` anything can be written.
        let _ = match piece {
            Piece::Text(piece) => text.write_str(piece),
            Piece::Argument(place) => arguments.get(place).map_or(Ok(()), |argument| write!(text, "{argument}")),
        };
    }
    text
}

/// Of several, the one for so many.
pub fn choose(pattern: &str, language: Language, Count(count): Count) -> &str {
    let find = |key: &str| {
        let begin = format!("{{={key}}}");
        let behind = pattern.split_once(begin.as_str())?.1;
        Some(behind.split("{=").next().unwrap_or(behind))
    };
    find(&count.to_string()).or_else(|| find(language.plural(count).key())).or_else(|| find("other")).unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_put_together_in_the_order_of_its_language() {
        assert_eq!(fill("Saved.", &[]), "Saved.");
        assert_eq!(fill("{1}: {0}, {0}{2}", &[&"a", &2]), "2: a, a");
        assert_eq!(fill("{0", &[&"a"]), "{0");
        assert_eq!(fill("{0}", &[&"{0} {=one}"]), "{0} {=one}", "what is put in is not read");
        let parts = [Piece::Text("there "), Piece::Argument(1), Piece::Argument(0), Piece::Text(".")];
        assert_eq!(pieces("there {1}{0}."), parts);
    }

    #[test]
    fn a_text_is_the_one_for_so_many() {
        let pattern = "{=0}none{=one}one{=other}{0} of them";
        for (count, expected) in [(0, "none"), (1, "one"), (2, "{0} of them"), (11, "{0} of them")] {
            for language in Language::ALL {
                assert_eq!(choose(pattern, language, Count(count)), expected);
            }
        }
        assert_eq!(choose("{=one}x{=other}y", Language::English, Count(0)), "y");
        assert_eq!(choose("{=other}y", Language::English, Count(1)), "y");
        assert_eq!(choose("y", Language::English, Count(1)), "y");
    }
}
